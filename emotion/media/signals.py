"""Resampling and mel energies: the one module that touches torchaudio.

torchaudio ends at version 2.11. Where it is not installed, soxr resamples and transformers gives the mel bands (extra
`soxr`); energies then differ by rounding, resampled sound by the filters' steepness (docs/pipeline.md has figures).
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from importlib.util import find_spec
from typing import Final

import torch
from torch import Tensor, nn

from emotion.core.errors import EmotionError

_RATIO: Final = 1000  # largest term of the ratio of two rates: the filters of 44101 -> 16000 Hz would take gigabytes

PACKAGES: Final = ("torchaudio",) if find_spec("torchaudio") else ("soxr",)
"""Whose versions decide about the values: a cache's card names them."""


@lru_cache(maxsize=8)
def resampler(own: int, wanted: int) -> Callable[[Tensor], Tensor]:
    """From one rate to another, both in Hz: (..., t) float32 tensors on the CPU -> (..., ceil(t * wanted / own)).

    Raises:
        EmotionError: neither torchaudio nor soxr is installed.
    """
    ratio = Fraction(own, wanted).limit_denominator(_RATIO)
    if PACKAGES == ("torchaudio",):
        from torchaudio.transforms import Resample

        made: Callable[[Tensor], Tensor] = Resample(ratio.numerator, ratio.denominator)
        return made
    return _by_soxr(ratio)


def mel_energies(*, rate: int, frame: int, hop: int, bands: int) -> nn.Module:
    """Waves (b, t) -> energies (b, bands, n) of all windows that fit, in bands evenly spaced on the mel scale (HTK's).

    Args:
        rate: sampling rate, Hz.
        frame: length of a window (Hann), samples.
        hop: distance between two windows, samples.
        bands: number of bands, up to half the rate.
    """
    if PACKAGES == ("torchaudio",):
        from torchaudio.transforms import MelSpectrogram

        made: nn.Module = MelSpectrogram(rate, n_fft=frame, hop_length=hop, n_mels=bands, center=False, norm=None)
        return made
    return _MelEnergies(rate=rate, frame=frame, hop=hop, bands=bands)


def _by_soxr(ratio: Fraction) -> Callable[[Tensor], Tensor]:
    try:
        import soxr
    except ImportError:
        raise EmotionError(
            "resampling needs torchaudio or soxr, and neither is installed: pip install 'soxr>=1'"
        ) from None

    def resample(wave: Tensor) -> Tensor:
        length = math.ceil(wave.shape[-1] / ratio)
        flat = wave.reshape(-1, wave.shape[-1])
        made = soxr.resample(flat.T.numpy(), ratio.numerator, ratio.denominator).T  # (channels, about length)
        found = torch.from_numpy(made.copy())[:, :length]
        return nn.functional.pad(found, (0, length - found.shape[1])).reshape(*wave.shape[:-1], length)

    return resample


class _MelEnergies(nn.Module):
    """Like torchaudio's `MelSpectrogram`, with its names, so that each reads the other's saved buffers."""

    def __init__(self, *, rate: int, frame: int, hop: int, bands: int) -> None:
        super().__init__()
        from transformers.audio_utils import mel_filter_bank

        self.frame, self.hop = frame, hop
        matrix = mel_filter_bank(frame // 2 + 1, bands, 0.0, rate / 2, rate, mel_scale="htk")
        self.spectrogram, self.mel_scale = nn.Module(), nn.Module()
        self.spectrogram.register_buffer("window", torch.hann_window(frame))
        self.mel_scale.register_buffer("fb", torch.from_numpy(matrix).float())

    def forward(self, waves: Tensor) -> Tensor:
        """See `mel_energies`."""
        window, bank = self.spectrogram.get_buffer("window"), self.mel_scale.get_buffer("fb")
        spectrum = torch.stft(waves, self.frame, self.hop, window=window, center=False, return_complex=True)
        power = spectrum.abs().square()  # (b, frequencies, n)
        return (power.transpose(1, 2) @ bank).transpose(1, 2)
