"""Mel-frequency cepstral coefficients, 100 frames per second, as those that Light-ASD was trained on.

Davis and Mermelstein (1980); the settings are those of the package python_speech_features: pre-emphasis 0.97, windows
of 25 ms without taper, 26 triangles up to 8 kHz, 13 coefficients, lifter 22, and the frame's log energy as the first.
"""

from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

SOUND_RATE: Final = 16_000  # Hz

STEP: Final = 160  # samples
_WINDOW: Final = 400  # samples
_FFT: Final = 512
_TRIANGLES: Final = 26
_COEFFICIENTS: Final = 13
_LIFTER: Final = 22
_EMPHASIS: Final = 0.97
_FULL_SCALE: Final = 32_768.0  # the coefficients are of 16-bit samples
_TINY: Final = float(np.finfo(float).eps)


class Mfcc:
    """Coefficients of a recording that comes in blocks; they are those of the whole, up to its last window."""

    def __init__(self) -> None:
        self._triangles, self._lifter = _triangles(), _lifter()
        self._rest = np.zeros(0)  # emphasised samples that no window has used up
        self._last: float | None = None  # sample before the next block
        self._made: list[NDArray[np.float32]] = []

    def add(self, block: NDArray[np.float32]) -> None:
        """The next samples, (t,) in [-1, 1] at 16 kHz."""
        if not len(block):
            return
        wave = block.astype(np.float64) * _FULL_SCALE
        before = np.concatenate([[wave[0] if self._last is None else self._last], wave[:-1]])
        emphasised = wave - _EMPHASIS * before
        if self._last is None:
            emphasised[0] = wave[0]
        self._last = float(wave[-1])
        self._rest = np.concatenate([self._rest, emphasised])
        count = max(0, 1 + (len(self._rest) - _WINDOW) // STEP)
        if count:
            self._made.append(self._of(count))
            self._rest = self._rest[count * STEP :]

    def finish(self) -> NDArray[np.float32]:
        """(t, 13), a frame each 10 ms; the last window is filled up with silence."""
        if len(self._rest) > _WINDOW - STEP or (len(self._rest) and not self._made):
            self._rest = np.concatenate([self._rest, np.zeros(_WINDOW - len(self._rest))])
            self._made.append(self._of(1))
            self._rest = np.zeros(0)
        return np.concatenate([np.zeros((0, _COEFFICIENTS), np.float32), *self._made])

    def _of(self, count: int) -> NDArray[np.float32]:
        """Of the first `count` windows of what is left."""
        windows = np.lib.stride_tricks.sliding_window_view(self._rest, _WINDOW)[::STEP][:count]
        power = np.abs(np.fft.rfft(windows, _FFT)) ** 2 / _FFT
        energy = np.maximum(power.sum(axis=1), _TINY)
        bands = np.log(np.maximum(power @ self._triangles.T, _TINY))
        made: NDArray[np.float64] = scipy.fft.dct(bands, norm="ortho", axis=1)[:, :_COEFFICIENTS] * self._lifter
        made[:, 0] = np.log(energy)
        return made.astype(np.float32)


def _triangles() -> NDArray[np.float64]:
    """(26, 257) weights of the bands, whose corners are whole bins at equal distances in mel."""
    top = 2595 * np.log10(1 + SOUND_RATE / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, top, _TRIANGLES + 2) / 2595) - 1)
    corners = np.floor((_FFT + 1) * hertz / SOUND_RATE)
    bins = np.arange(_FFT // 2 + 1)
    low, middle, high = (corners[at : at + _TRIANGLES, None] for at in range(3))
    rising = np.where((bins >= low) & (bins < middle), (bins - low) / np.maximum(middle - low, 1), 0.0)
    falling = np.where((bins >= middle) & (bins < high), (high - bins) / np.maximum(high - middle, 1), 0.0)
    return rising + falling


def _lifter() -> NDArray[np.float64]:
    return 1 + _LIFTER / 2 * np.sin(np.pi * np.arange(_COEFFICIENTS) / _LIFTER)
