"""Multimodal emotion recognition in conversation: from raw video to an honest results table."""

import os

from emotion.core import torchaudio_cpu

# Threads of a small network that spin while they wait slow each other down many times over where cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
torchaudio_cpu.install()
