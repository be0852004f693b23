"""How something is said in eight numbers: loudness, zero crossings, pitch and voicing. Nothing is trained.

Frames of 40 ms, every 20 ms. Pitch is the lag at which a frame is most like itself (autocorrelation), 60 to 400 Hz.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emotion.encoders.base import Encoder


class Prosody(Encoder):
    """Mean and deviation of loudness, zero crossings, pitch and voicing of an utterance.

    Args:
        rate: Hz of the waveforms.
    """

    modality = "audio"
    trains = False
    dim = 8

    def __init__(self, *, rate: int) -> None:
        super().__init__()
        self.rate = rate

    def settings(self) -> dict[str, Any]:
        """What `__init__` takes."""
        return {"rate": self.rate}

    def collate(self, inputs: Sequence[Any]) -> dict[str, Tensor]:
        """Waveforms (t,) -> samples (b, t) with zeros behind the last one, and their number (b,)."""
        waves = [torch.from_numpy(np.asarray(wave, dtype=np.float32)) for wave in inputs]
        counts = torch.tensor([len(wave) for wave in waves])
        return {"samples": torch.nn.utils.rnn.pad_sequence(waves, batch_first=True), "counts": counts}

    def cost(self, item: np.ndarray) -> int:
        """Samples."""
        return len(item)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """(b, 8)."""
        counts = batch["counts"].tolist()
        return torch.stack([self._of(wave[:count]) for wave, count in zip(batch["samples"], counts, strict=True)])

    def _of(self, wave: Tensor) -> Tensor:
        """(t,) -> (8,)."""
        size = self.rate // 25
        wave = torch.nn.functional.pad(wave, (0, max(0, size - len(wave))))
        frames = wave.unfold(0, size, size // 2)  # (f, size)
        frames = frames - frames.mean(1, keepdim=True)
        energy = frames.square().mean(1)
        crossings = (frames[:, 1:].sign() != frames[:, :-1].sign()).float().mean(1)
        spectrum = torch.fft.rfft(frames, 2 * size)
        alike = torch.fft.irfft(spectrum.abs().square())[:, :size] / (size * energy[:, None] + 1e-9)  # (f, lags)
        first = self.rate // 400
        voicing, lag = alike[:, first : self.rate // 60].max(1)
        pitch = torch.log(self.rate / (lag + first).float()) * (voicing > 0.5)  # 0 where there is none
        values = torch.stack([torch.log(energy + 1e-9), crossings, pitch, voicing])  # (4, f)
        return torch.cat([values.mean(1), values.std(1, correction=0)])
