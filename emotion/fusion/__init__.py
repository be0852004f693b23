"""Fusion: cached features to a trained classifier."""
