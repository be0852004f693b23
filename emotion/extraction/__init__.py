"""From an index and media to cached clips, fitted encoders and cached features."""
