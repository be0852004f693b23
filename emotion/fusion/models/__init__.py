"""Fusion models over a conversation's utterances."""
