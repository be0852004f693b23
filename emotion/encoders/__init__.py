"""Unimodal encoders: audio, face and text to one vector per utterance."""
