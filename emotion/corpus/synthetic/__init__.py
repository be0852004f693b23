"""A generated corpus in IEMOCAP's release layout."""
