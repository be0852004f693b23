"""The one training loop, for encoders and fusion models alike."""
