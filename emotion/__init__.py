"""Multimodal emotion recognition in conversation: from raw video to an honest results table."""

import os

from emotion import _torchaudio

# Threads of a small network that spin while they wait slow each other down many times over where cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
_torchaudio.install()
