"""Corpora: reading releases into one index of utterances."""
