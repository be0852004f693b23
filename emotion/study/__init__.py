"""Multi-seed comparison of fusion models on cached features."""
