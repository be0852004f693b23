"""The sound of a voice: glottal pulses and noise through formant resonators that move over time (Fant, 1960).

Everything is elementwise arithmetic and small FFTs, so the same input gives the same bytes on any number of threads.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

Array = NDArray[np.float64]
_OPENING, _CLOSING = 0.4, 0.16  # shares of a cycle in which the glottis opens and closes


def smooth(values: Array, width: int) -> Array:
    """Two running means of `width` samples (a triangle), so that nothing jumps."""
    once = uniform_filter1d(values, max(width, 1), mode="nearest")
    return np.asarray(uniform_filter1d(once, max(width, 1), mode="nearest"))


def glottis(pitch: Array, *, rate: int, jitter: float, rng: np.random.Generator) -> Array:
    """Derivative of glottal flow with Rosenberg's (1971) pulses, root mean square near 1, (t,).

    `pitch` is the wanted one (t,), Hz; `rate` that of samples, Hz; `jitter` the relative standard deviation of cycle
    lengths (loudness of cycles varies three times as much).
    """
    cycle = np.floor(np.cumsum(pitch) / rate).astype(int)
    vary = np.clip(rng.standard_normal((2, cycle[-1] + 1)), -2.5, 2.5)
    phase = np.cumsum(pitch * (1 + jitter * vary[0][cycle])) / rate
    cycle = np.minimum(np.floor(phase).astype(int), len(vary[1]) - 1)
    phase = phase - np.floor(phase)
    rising = 0.5 - 0.5 * np.cos(np.pi * np.minimum(phase / _OPENING, 1.0))
    falling = np.cos(0.5 * np.pi * np.clip((phase - _OPENING) / _CLOSING, 0.0, 1.0))
    # The flow is zero between cycles, so a change of loudness there makes no click.
    flow = rising * falling * (1 + 3 * jitter * vary[1][cycle])
    return np.asarray(np.diff(flow, prepend=0.0) * (rate / 1600) * (100 / pitch) ** 0.5)


def tract(source: Array, formants: Array, *, rate: int, tilt: float = 0.0) -> Array:
    """Filter with a cascade of two-pole resonators: the given formants and two fixed higher ones (Fant, 1960).

    The source is (t,) at `rate` Hz, the formants are (t, 3), Hz; `tilt` is added about 1 kHz, dB per octave.
    """

    def response(hertz: Array, centres: Array) -> NDArray[Any]:
        total = (np.maximum(hertz, 100.0) / 1000) ** (tilt / 6.02) * hertz**2 / (hertz**2 + 60**2) + 0j
        higher = np.maximum(centres[:, 2:] * [1.4, 1.8], [3400.0, 4300.0])
        for resonance in np.concatenate([centres, higher], axis=1).T[:, :, None]:
            bandwidth = 50 + 0.04 * resonance
            total = total * resonance**2 / (resonance**2 - hertz**2 + 1j * hertz * bandwidth)
        return np.asarray(total)

    return _filter(source, formants, response, rate=rate)


def friction_filter(noise: Array, centres: Array, *, rate: int) -> Array:
    """Shape white noise (t,) into a broad peak at `centres` (t,) Hz without changing its power."""

    def response(hertz: Array, middle: Array) -> NDArray[Any]:
        gain = 1 / (1 + ((hertz - middle) / (0.22 * middle + 150)) ** 2)
        return np.asarray(gain / np.sqrt(np.mean(gain**2, axis=1, keepdims=True)))

    return _filter(noise, centres[:, None], response, rate=rate)


def _filter(signal: Array, tracks: Array, response: Callable[[Array, Array], NDArray[Any]], *, rate: int) -> Array:
    """Filter in overlapping Hann frames, each with `response` at the values of `tracks` (t, k) in its middle."""
    hop = max(rate // 100, 2)
    frames = -(-len(signal) // hop) + 1
    padded = np.pad(signal, (hop, (frames + 1) * hop - len(signal) - hop))
    window = 0.5 - 0.5 * np.cos(np.pi * np.arange(2 * hop) / hop)
    cut = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop] * window
    middles = tracks[np.minimum(np.arange(len(cut)) * hop, len(signal) - 1)]
    hertz = np.asarray(np.fft.rfftfreq(4 * hop, 1 / rate)[None, :], dtype=np.float64)
    spectrum = np.fft.rfft(cut, 4 * hop, axis=1) * response(hertz, middles)
    parts = np.fft.irfft(spectrum, 4 * hop, axis=1).reshape(len(cut), 4, hop)
    out = np.zeros((len(cut) + 3, hop))
    for k in range(4):  # two of signal, two in which the resonances die away
        out[k : k + len(cut)] += parts[:, k]
    return np.asarray(out.reshape(-1)[hop : hop + len(signal)])
