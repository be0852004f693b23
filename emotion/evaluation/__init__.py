"""Scores of predictions, how sure they are, and the files that tell them."""
