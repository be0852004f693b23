"""Log-mel front end of the audio encoder, and SpecAugment (Park et al., 2019) for it.

wave        |---------------------------|   (t,) samples
windows     |--w1--|                         `frame` samples each, one every `hop`, tapered (Hann)
                |--w2--|  ...  |--wn--|
bands       x1 x2 ... xn                     (n, bands) log energy in bands evenly spaced on the mel scale
"""

import torch
from torch import Generator, Tensor, nn

from emotion.media.signals import mel_energies

_FLOOR = 1e-6  # added to energies before the logarithm; full scale is 1
_MASKS = 2  # stretches of bands, and of time, per utterance
_LONGEST = 0.15  # of one, as a share of the bands, or of the utterance


class LogMel(nn.Module):
    """Waves to log energies in mel bands; nothing in it is learned.

    Args:
        rate: sampling rate, Hz.
        frame: length of a window, samples.
        hop: distance between two windows, samples.
        bands: number of bands.
    """

    def __init__(self, *, rate: int, frame: int, hop: int, bands: int) -> None:
        super().__init__()
        self.frame = frame
        self.spectrogram = mel_energies(rate=rate, frame=frame, hop=hop, bands=bands)

    def forward(self, waves: Tensor) -> Tensor:
        """Waves (b, t) -> (b, n, bands): all windows that fit."""
        with torch.autocast(waves.device.type, enabled=False):
            energies: Tensor = self.spectrogram(waves.float())  # (b, bands, n)
        return torch.log(energies.transpose(1, 2) / self.frame + _FLOOR)


def spec_augment(counts: Tensor, *, windows: int, bands: int, generator: Generator) -> Tensor:
    """Which values of a batch stay: stretches of bands and of time are hidden, others in each utterance.

    `torchaudio.transforms.FrequencyMasking` and `TimeMasking` draw from the global generator and mask by padded length;
    here the given generator decides, and a stretch of time is a share of the utterance's own windows.

    Args:
        counts: (b,) long, windows of each utterance.
        windows: of the padded batch.
        bands: number of bands.
        generator: on the CPU.

    Returns:
        (b, windows, bands) bool on the device of `counts`, False = hidden.
    """
    b, device = len(counts), counts.device
    place = torch.arange(bands, device=device) / bands  # 0..1
    in_band = _stretches(place[None], b=b, generator=generator)
    when = torch.arange(windows, device=device) / counts[:, None]  # 0..1 within the utterance
    in_time = _stretches(when, b=b, generator=generator)
    return ~(in_time[:, :, None] | in_band[:, None, :])


def _stretches(place: Tensor, *, b: int, generator: Generator) -> Tensor:
    """Which of the places (b or 1, n), 0..1, lie in a stretch of random length and beginning; (b, n) bool."""
    length, begin = torch.rand(2, _MASKS, b, 1, generator=generator).to(place.device)
    length = length * _LONGEST
    begin = begin * (1 - length)
    hidden: Tensor = (place >= begin) & (place < begin + length)  # (masks, b, n)
    return hidden.any(0)
