"""The paper's audio encoder (section 3.2): time signal -> 4 Bi-LSTM -> 4 linear -> attention -> weighted average.

wave       |------------------------------------|     (t,) samples
frames     |--f1--|                                   `frame` samples each, one every `hop`;
               |--f2--|   ...               |--fn--|  the last one is padded with silence
front      x1 x2 ... xn                               (n, filters) log energy behind learned filters (`waveform`),
                                                      or in mel bands (`logmel`)
Bi-LSTM    h1 h2 ... hn, four linear: v1 ... vn       (n, dim)
attention  a1 + ... + an = 1;  vector = sum a_i v_i   (dim,)
at the level of frames: v, the mean of those of each 0.2 s (frames, dim)
"""

import itertools
import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from emotion.core.errors import EmotionError, MediaError
from emotion.encoders.base import Encoder
from emotion.encoders.logmel import LogMel, spec_augment
from emotion.encoders.pooling import check_level, pool_frames
from emotion.training.recurrent import both_ways, mirror

FRONTS = ("waveform", "logmel")
_FLOOR = 1e-6  # added to energies before the logarithm; full scale is 1
_FRAME = 0.2  # s that a vector of the level of frames stands for
_PREPARE = 2000  # waveforms that set the scale of the energies


class BiLSTM(nn.Module):
    """One bidirectional LSTM layer on padded sequences; it learns well from the first epochs on."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.forwards = nn.LSTM(inputs, hidden, batch_first=True)
        self.backwards = nn.LSTM(inputs, hidden, batch_first=True)
        for lstm in (self.forwards, self.backwards):
            _start_well(lstm)

    def forward(self, x: Tensor, turned: Tensor) -> Tensor:
        """Values (b, n, inputs) and, per place, the place of its mirror image (b, n) -> (b, n, 2 hidden)."""
        return both_ways(self.forwards, self.backwards, x, turned)


class AudioEncoder(Encoder):
    """Raw waveform to one vector.

    Args:
        dim: size of the vector.
        rate: sampling rate of the waveforms, Hz.
        front: `waveform`, the paper's time-domain vectors, or `logmel`, log energies in mel bands, with SpecAugment
            while fitting.
        frame: length of one vector of the sequence, samples.
        hop: distance between two vectors, samples.
        filters: of `waveform`: number of learned filters between samples and LSTM, which make a frame's vector
            independent of where in the glottal cycle it begins (Sainath et al., 2015, "Learning the speech front-end
            with raw waveform CLDNNs"); 0 = the samples themselves. Of `logmel`: number of bands.
        kernel: length of a learned filter, samples.
        stride: distance between two places of a learned filter within a frame, samples.
        hidden: size of one direction of an LSTM.
        layers: number of Bi-LSTM layers and of linear layers.
        dropout: after the LSTM and linear layers.
        level: what `sequences` gives: `utterance` = one vector; `frame` = one for each 0.2 s, before the attention;
            fitting always sees the whole.

    Raises:
        EmotionError: `front` or `level` is impossible.
    """

    modality: ClassVar[str] = "audio"
    name: ClassVar[str] = "paper"

    def __init__(
        self,
        *,
        dim: int = 128,
        rate: int = 16000,
        front: str = "waveform",
        frame: int = 960,
        hop: int = 640,
        filters: int = 48,
        kernel: int = 400,
        stride: int = 40,
        hidden: int = 64,
        layers: int = 4,
        dropout: float = 0.1,
        level: str = "utterance",
    ) -> None:
        super().__init__()
        check_level("audio", level)
        if front not in FRONTS:
            raise EmotionError(f"audio encoder: front is '{front}', expected one of {', '.join(FRONTS)}")
        self.dim, self.rate, self.front, self.frame, self.hop = dim, rate, front, frame, hop
        self.filters, self.kernel, self.stride = filters, kernel, stride
        self.hidden, self.layers, self.dropout, self.level = hidden, layers, dropout, level
        inputs = filters or frame
        if front == "logmel":
            self.mel = LogMel(rate=rate, frame=frame, hop=hop, bands=filters)
        elif filters:
            self.bank = nn.Parameter(band_passes(filters, kernel=kernel, rate=rate))
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("deviation", torch.ones(inputs))
        self.lstm = nn.ModuleList(BiLSTM(inputs if layer == 0 else 2 * hidden, hidden) for layer in range(layers))
        self.norm = nn.LayerNorm(2 * hidden)
        self.linear = nn.ModuleList(nn.Linear(*sizes) for sizes in itertools.pairwise([2 * hidden, *[dim] * layers]))
        for name, value in self.linear.named_parameters():
            if "weight" in name:
                nn.init.kaiming_uniform_(value, nonlinearity="relu")
        self.score = nn.Linear(dim, 1)
        self.drop = nn.Dropout(dropout)

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        names = ("dim", "rate", "front", "frame", "hop", "filters", "kernel", "stride", "hidden", "layers", "dropout")
        extra = ("level",) if self.level != "utterance" else ()  # an encoder of before is still the same
        return {name: getattr(self, name) for name in (*names, *extra)}

    def cost(self, item: NDArray[np.float32]) -> int:
        """Samples."""
        return len(item)

    def collate(self, inputs: Sequence[NDArray[np.float32]]) -> dict[str, Tensor]:
        """Waveforms (t_i,) in [-1, 1] -> waves (b, t) float32, lengths (b,) long; see `check_waves`."""
        check_waves(inputs)
        return padded(inputs)

    def prepare(self, inputs: Sequence[NDArray[np.float32]]) -> None:
        """Set the scale of what the LSTM sees: mean and standard deviation over the frames of the training split."""
        if not inputs:  # the corpus has no sound
            return
        with torch.no_grad():
            parts = []
            for wave in inputs[:: max(1, len(inputs) // _PREPARE)]:
                batch = self.collate([wave])
                parts.append(self.vectors(batch["waves"], batch["lengths"])[0][0])
            values = torch.cat(parts)  # (frames, filters)
            self.mean.copy_(values.mean(0))
            self.deviation.copy_(values.std(0, correction=0).clamp(min=1e-3))

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Waves (b, t), lengths (b,) and, while fitting, which values to keep (b, n, filters) -> (b, dim)."""
        v, mask = self.states(batch)
        scores = self.score(v).squeeze(-1).masked_fill(~mask, -math.inf)
        attention = scores.softmax(dim=-1)  # (b, n)
        return torch.einsum("bn,bnd->bd", attention, v)

    def sequences(self, batch: dict[str, Tensor]) -> list[Tensor]:
        """See `Encoder.sequences`."""
        if self.level == "utterance":
            return super().sequences(batch)
        return pool_frames(*self.states(batch), each=max(1, round(_FRAME * self.rate / self.hop)))

    def states(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The same batch -> v (b, n, dim) before the attention, and which are real (b, n)."""
        x, counts = self.vectors(batch["waves"], batch["lengths"])
        x = (x - self.mean) / self.deviation  # (b, n, filters)
        if "keep" in batch:
            x = x * batch["keep"]
        mask = torch.arange(x.shape[1], device=x.device) < counts[:, None]  # (b, n)
        turned = mirror(mask)
        for layer in self.lstm:
            x = self.drop(layer(x, turned))  # (b, n, 2 hidden)
        v = self.norm(x)
        for linear in self.linear:
            v = self.drop(torch.relu(linear(v)))  # (b, n, dim)
        return v, mask

    def counts(self, lengths: Tensor) -> Tensor:
        """Frames of waves of these lengths (b,): enough to cover every sample."""
        return 1 + torch.clamp(lengths - self.frame + self.hop - 1, min=0) // self.hop

    def frames(self, waves: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Cut waves (b, t) into vectors (b, n, frame); also how many are real, (b,)."""
        counts = self.counts(lengths)
        return self._fill(waves, counts).unfold(1, self.frame, self.hop), counts

    def _fill(self, waves: Tensor, counts: Tensor) -> Tensor:
        """As many samples as the frames cover, padded with silence."""
        needed = (int(counts.max()) - 1) * self.hop + self.frame
        return nn.functional.pad(waves, (0, max(0, needed - waves.shape[1])))[:, :needed]

    def vectors(self, waves: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """What the LSTM sees of waves (b, t), before scaling: (b, n, filters); also how many are real, (b,)."""
        if self.front == "logmel":
            counts = self.counts(lengths)
            return self.mel(self._fill(waves, counts)), counts
        frames, counts = self.frames(waves, lengths)
        return self._filtered(frames) if self.filters else frames, counts

    def _filtered(self, frames: Tensor) -> Tensor:
        """Samples (b, n, frame) -> log energy behind each filter (b, n, filters)."""
        b, n, samples = frames.shape
        flat = frames.reshape(b * n, 1, samples)
        passed = nn.functional.conv1d(flat, self.bank, stride=self.stride)  # (b n, filters, places)
        return torch.log(passed.float().square().mean(-1) + _FLOOR).reshape(b, n, -1)

    def augment(self, batch: dict[str, Tensor], generator: Generator) -> dict[str, Tensor]:
        """Change gain, speed and starting point a little and blank a stretch of each waveform; SpecAugment."""
        waves, lengths = batch["waves"], batch["lengths"]
        b, t = waves.shape
        gain, speed, start, blank, width = torch.rand(5, b, 1, generator=generator).to(waves.device)
        speed = 0.92 + 0.16 * speed
        # The start moves by up to one frame, so that frames never cut the signal at the same places.
        first = torch.minimum((start * self.frame).floor(), (lengths[:, None] - 1) / 2)
        kept = ((lengths[:, None] - 1 - first) / speed).floor().long().clamp(max=t - 1) + 1  # (b, 1)
        step = torch.arange(t, device=waves.device)
        place = first + step * speed  # (b, t)
        left = place.long().clamp(max=t - 1)
        mixed = torch.lerp(waves.gather(1, left), waves.gather(1, (left + 1).clamp(max=t - 1)), place.frac())
        when = step / kept  # (b, t), 0..1 within the signal
        heard = (when < 1) & ~((when >= blank) & (when < blank + 0.15 * width))
        made = {"waves": mixed * heard * 10 ** ((4 * gain - 2) / 20), "lengths": kept[:, 0]}
        if self.front == "logmel":
            counts = self.counts(made["lengths"])
            made["keep"] = spec_augment(counts, windows=int(counts.max()), bands=self.filters, generator=generator)
        return made


def check_waves(inputs: Sequence[NDArray[np.float32]]) -> None:
    """Raise MediaError where a waveform is empty, not one-dimensional or not finite."""
    for wave in inputs:
        if wave.ndim != 1 or len(wave) == 0 or not np.isfinite(wave).all():
            raise MediaError(f"waveform of shape {wave.shape} is empty, not mono or not finite")


def padded(inputs: Sequence[NDArray[np.float32]], *, least: int = 1) -> dict[str, Tensor]:
    """Waveforms (t_i,) -> waves (b, t) float32, lengths (b,) long; each counts as `least` samples at least."""
    lengths = torch.tensor([max(len(wave), least) for wave in inputs])
    waves = torch.zeros(len(inputs), int(lengths.max()))
    for row, wave in zip(waves, inputs, strict=True):
        row[: len(wave)] = torch.from_numpy(np.array(wave, dtype=np.float32))
    return {"waves": waves, "lengths": lengths}


def band_passes(filters: int, *, kernel: int, rate: int) -> Tensor:
    """Starting point of the filters, (filters, 1, kernel): band passes evenly spaced on the mel scale, of energy 1."""
    low, high = (2595 * math.log10(1 + hertz / 700) for hertz in (60.0, 0.47 * rate))
    centres = 700 * (10 ** (torch.linspace(low, high, filters)[:, None] / 2595) - 1)  # Hz
    width = 24.7 + 0.108 * centres  # Hz, of the ear's filters (Glasberg and Moore, 1990)
    time = (torch.arange(kernel) - kernel / 2) / rate  # s
    envelope = torch.exp(-((math.pi * width * time) ** 2)) * torch.hann_window(kernel)
    phase = math.pi * torch.arange(filters)[:, None] / 2
    bank = envelope * torch.cos(2 * math.pi * centres * time + phase)
    return nn.functional.normalize(bank, dim=1)[:, None]


def _start_well(lstm: nn.LSTM) -> None:
    """Orthogonal recurrent weights and an open forget gate: four layers learn from the first epochs on."""
    for name, value in lstm.named_parameters():
        if "bias" in name:
            nn.init.zeros_(value)
        else:
            for gate in value.data.chunk(4):
                nn.init.orthogonal_(gate) if "hh" in name else nn.init.xavier_uniform_(gate)
    nn.init.ones_(lstm.get_parameter("bias_ih_l0")[lstm.hidden_size : 2 * lstm.hidden_size])
