"""Multimodal emotion recognition in conversation: from raw video to an honest results table."""

from emotion import _torchaudio

_torchaudio.install()
