"""With a GPU: real-time factors of all three modalities, and how busy the GPU is meanwhile."""

import subprocess
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from benchmarks import performance_media, performance_text
from benchmarks.figures import Figure

_BUSY = 60  # %
_WORD = 0.37  # s, about what a word takes to say


class Busy(threading.Thread):
    """Asks the driver five times a second how busy the GPU is."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.shares: list[float] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Ask until `over` is set."""
        command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-i", "0"]
        while not self.over.wait(0.2):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                self.shares.append(float(done.stdout.split()[0]))


def watched(function: Callable[[], object]) -> tuple[float, float]:
    """Seconds that it took, and the mean share in % that the GPU was busy."""
    busy = Busy()
    busy.start()
    start = time.perf_counter()
    function()
    seconds = time.perf_counter() - start
    busy.over.set()
    busy.join()
    return seconds, sum(busy.shares) / max(1, len(busy.shares))


def gpu(folder: Path) -> list[Figure]:
    """Nothing without a GPU; needs the media that the other parts made in the folder."""
    if not torch.cuda.is_available():
        return []
    spoken = sum(len(text.split()) for text in performance_text.texts()) * _WORD
    found = performance_text.rows() * 50
    faces, _ = watched(partial(performance_media.run_faces, folder / "gpu", root=folder, workers=1))
    sound, sound_busy = watched(
        partial(performance_media.run_audio, folder / "gpu", root=folder, workers=4, device="cuda")
    )
    text, text_busy = watched(partial(performance_text.ours, found, device="cuda"))
    length = performance_media.LENGTH
    return [
        Figure("gpu", "faces: real-time factor", length / faces, "x"),
        Figure("gpu", "audio: real-time factor", performance_media.HOUR * length / sound, "x"),
        Figure("gpu", "audio: GPU busy", sound_busy, "%", least=_BUSY),
        Figure("gpu", "text: real-time factor", 50 * spoken / text, "x"),
        Figure("gpu", "text: GPU busy", text_busy, "%", least=_BUSY),
    ]
