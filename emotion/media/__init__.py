"""Decoding audio and video, finding and following the speaker's face."""
