"""Speech checkpoints: wav2vec 2.0, HuBERT, WavLM, UniSpeech-SAT, data2vec, wav2vec2-BERT, and the encoder of Whisper.

wav2vec2 & co.   samples -> seven convolutions (20 ms a frame) -> transformer, padding masked
wav2vec2-BERT    samples -> log mel frames (20 ms) -> transformer, padding masked
Whisper          samples -> log mel pictures of 30 s -> transformer; frames of the padding are cut off again, a longer
                 utterance is cut into windows of 30 s whose frames are joined
"""

import warnings
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion.core.errors import EmotionError
from emotion.encoders.audio import check_waves, padded
from emotion.encoders.families import family_of, name_of
from emotion.encoders.pooling import check_level, pool_frames
from emotion.encoders.pretrained import EXTRACTOR, read_extractor
from emotion.encoders.transformer import Transformer
from emotion.encoders.unpadded import Split, at_once, in_runs, is_worth_it, of_one_length, runs

_FRAMES = 10  # of 20 ms, whose mean is a vector of the level of frames
_AT_ONCE = 480_000  # samples that go through the convolutions together; their output is large


class PretrainedAudio(Transformer):
    """Waveform to one vector, by a speech checkpoint.

    Nothing depends on batch mates: each utterance is normalised by itself, as the checkpoint's feature extractor does.
    Where the convolutions normalise over time (`feat_extract_norm: group`, e.g. wav2vec2-base, hubert-base), and on a
    CPU, only utterances of the same length go through them together; the transformer sees a mask, and on a CPU few
    padded frames, see `unpadded`. Of data2vec no mask reaches the convolutions that tell places apart: there only
    utterances of the same length go through the transformer together.
    The convolutions stay frozen in fine-tuning too, as is usual. An adapter behind the transformer, where a checkpoint
    has one, is not used. A head's probabilities are averaged over Whisper's windows; it hears their padding, as it did
    in training.

    Args:
        rate: sampling rate of the waveforms, Hz, as the checkpoint's feature extractor expects it.
        level: what `sequences` gives: `utterance` = one vector; `frame` = one for each ten frames, with most
            checkpoints 0.2 s; fitting always sees the whole.
        options: see `Transformer`.

    Raises:
        EmotionError: level, pooling and head do not go together.
    """

    modality: ClassVar[str] = "audio"

    def __init__(self, *, rate: int = 16000, level: str = "utterance", **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        check_level("audio", level, self.pooling, head=self.head)
        self.rate, self.level = rate, level
        self.rates = {"front.": 0.0, **self.rates}

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        extra = {"level": self.level} if self.level != "utterance" else {}
        return super().settings() | {"rate": self.rate} | extra

    def prepare(self, inputs: Sequence[NDArray[np.float32]]) -> None:
        """Load the checkpoint; EmotionError where it cannot be used."""
        self.extractor = read_extractor(self.encoder)
        self.attach_checkpoint()
        self.try_out(np.sin(np.arange(self.rate) / 8).astype(np.float32))

    def attach(self, body: Any) -> None:  # noqa: ANN401 - each architecture has its own class
        """See `Transformer.attach`; takes the convolutions out of the body, whose place they keep otherwise.

        Raises:
            EmotionError: the feature extractor is of another architecture; or see `Transformer.attach`.
        """
        body.config.apply_spec_augment = False  # random masks that no seed of ours reaches
        self.whisper = name_of(body.config) == "whisper"
        featured = self.whisper or family_of(body.config).bands
        wanted, given = "input_features" if featured else "input_values", self.extractor.model_input_names[0]
        if given != wanted:
            raise EmotionError(
                f"audio encoder {self.encoder}: its preprocessor_config.json is of another architecture: it makes "
                f"{given}, expected {wanted}; download the checkpoint again"
            )
        if self.whisper:
            self.together = 8  # windows of 30 s each, however short the utterances are
        inner = body.base_model if self.head else body
        if not featured:
            self.front = inner.feature_extractor.requires_grad_(False)
            inner.feature_extractor = nn.Identity()
        for extra in ("adapter", "intermediate_ffn"):  # the second one is there for the first one only
            if hasattr(inner, extra) and not self.head:
                setattr(inner, extra, None)
        super().attach(body)

    def cost(self, item: NDArray[np.float32]) -> int:
        """Samples; of Whisper with the padding to 30 s."""
        if not self.whisper:
            return len(item)
        most = int(self.extractor.n_samples)
        return -(-len(item) // most) * most

    def collate(self, inputs: Sequence[NDArray[np.float32]]) -> dict[str, Tensor]:
        """Waveforms (t_i,) in [-1, 1] -> what `hidden` takes; see `check_waves`."""
        self.ready()
        check_waves(inputs)
        if self.family.bands:
            return self._banded(inputs)
        return self._pictures(inputs) if self.whisper else self._waves(inputs)

    def hidden(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Batch of `collate` -> hidden states (b, t, hidden), real ones (b, t)."""
        if self.whisper:
            return joined(self.run(input_features=batch["pictures"]), batch["frames"], batch["windows"])
        if self.family.bands:
            return self._of_bands(batch["bands"], batch["frames"])
        waves, lengths = batch["waves"], batch["lengths"]
        counts = self._frames(lengths)
        features = self._convolved(waves, lengths, int(counts.max()))  # (b, channels, t)

        def of(rows: list[int], frames: int) -> Tensor:
            samples = lengths[rows]
            masking = {} if self.family.alone else _masking(_real(samples, int(samples.max())))
            return self.run(input_values=features[rows, :, :frames], **masking)

        with warnings.catch_warnings():  # transformers' WavLM gives torch two kinds of masks
            warnings.filterwarnings("ignore", "Support for mismatched key_padding_mask")
            hidden = in_runs(counts.tolist(), of, split=self._split(waves))
        return hidden, _real(counts, hidden.shape[1])

    def _of_bands(self, bands: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Bands (b, t, bands) -> hidden states (b, t, hidden), real ones (b, t)."""
        hidden = in_runs(
            counts.tolist(),
            lambda rows, t: self.run(input_features=bands[rows, :t], **_masking(_real(counts[rows], t))),
            split=self._split(bands),
        )
        return hidden, _real(counts, hidden.shape[1])

    def _split(self, batch: Tensor) -> Split:
        """Which utterances go through the body together."""
        if self.family.alone:
            return of_one_length
        return runs if is_worth_it(self.body, batch) else at_once

    def sequences(self, batch: dict[str, Tensor]) -> list[Tensor]:
        """See `Encoder.sequences`."""
        if self.level == "utterance":
            return super().sequences(batch)
        return [self.projected(rows) for rows in pool_frames(*self.hidden(batch), each=_FRAMES)]

    def _banded(self, inputs: Sequence[NDArray[np.float32]]) -> dict[str, Tensor]:
        """Bands (b, t, bands) of each utterance by itself, and how many of its frames are real (b,)."""
        least = 2 * self.rate // 50  # two windows make a frame
        waves = [np.pad(wave, (0, max(0, least - len(wave)))) for wave in inputs]
        made = [self.extractor(wave, sampling_rate=self.rate, return_tensors="pt") for wave in waves]
        return {
            "bands": nn.utils.rnn.pad_sequence([one["input_features"][0] for one in made], batch_first=True),
            "frames": torch.stack([one["attention_mask"].sum() for one in made]),
        }

    def _waves(self, inputs: Sequence[NDArray[np.float32]]) -> dict[str, Tensor]:
        """Waves (b, t), each normalised by itself, and lengths (b,), at least those of one frame."""
        normal = [self.extractor(wave, sampling_rate=self.rate)["input_values"][0] for wave in inputs]
        return padded(normal, least=self._shortest())

    def _shortest(self) -> int:
        """Samples of one frame."""
        samples = 1
        for kernel, stride in reversed(self._steps()):
            samples = (samples - 1) * stride + kernel
        return samples

    def _frames(self, lengths: Tensor) -> Tensor:
        """Samples -> frames behind the convolutions."""
        for kernel, stride in self._steps():
            lengths = (lengths - kernel) // stride + 1
        return lengths

    def _steps(self) -> list[tuple[int, int]]:
        return list(zip(self.body.config.conv_kernel, self.body.config.conv_stride, strict=True))

    def _convolved(self, waves: Tensor, lengths: Tensor, frames: int) -> Tensor:
        """Waves (b, t) -> (b, channels, frames), zeros behind the end of each."""
        b, most = waves.shape
        over_time = getattr(self.body.config, "feat_extract_norm", "layer") == "group"  # data2vec has layers
        alone = over_time or is_worth_it(self.body, waves)
        sizes = lengths.tolist() if alone else [most] * b
        order = sorted(range(b), key=lambda row: sizes[row])
        made: list[Tensor] = [waves] * b
        with torch.no_grad():
            for size, group in groupby(order, key=lambda row: sizes[row]):
                rows, step = list(group), max(1, _AT_ONCE // size)
                for part in (rows[start : start + step] for start in range(0, len(rows), step)):
                    whole = waves if len(part) == b else waves[part, :size]
                    for row, features in zip(part, self.front(whole), strict=True):
                        made[row] = nn.functional.pad(features, (0, frames - features.shape[-1]))
        return torch.stack(made)

    def _pictures(self, inputs: Sequence[NDArray[np.float32]]) -> dict[str, Tensor]:
        """Pictures (w, mels, 3000) of all windows, real frames of each (w,), windows of each utterance (b,)."""
        most = int(self.extractor.n_samples)
        pieces = [[wave[start : start + most] for start in range(0, len(wave), most)] for wave in inputs]
        flat = [piece for utterance in pieces for piece in utterance]
        made = self.extractor(flat, sampling_rate=self.rate, return_tensors="pt")["input_features"]
        step = 2 * int(self.extractor.hop_length)  # samples of a frame: the second convolution halves their number
        return {
            "pictures": made,
            "frames": torch.tensor([-(-len(piece) // step) for piece in flat]),
            "windows": torch.tensor([len(utterance) for utterance in pieces]),
        }

    def save_extra(self, folder: Path) -> None:
        """Write the body's configuration and the feature extractor."""
        super().save_extra(folder)
        self.extractor.save_pretrained(folder / EXTRACTOR)

    def load_extra(self, folder: Path) -> None:
        """Build the body and read the feature extractor."""
        self.extractor = read_extractor(str(folder / EXTRACTOR))
        super().load_extra(folder)


def _real(counts: Tensor, most: int) -> Tensor:
    return torch.arange(most, device=counts.device) < counts[:, None]  # (b, most)


def _masking(real: Tensor) -> dict[str, Tensor]:
    return {} if bool(real.all()) else {"attention_mask": real.long()}  # nothing to mask: faster


def joined(hidden: Tensor, frames: Tensor, windows: Tensor) -> tuple[Tensor, Tensor]:
    """Put the windows (w, t, d) of all utterances, of which `frames` (w,) are real, one behind the other.

    An utterance has `windows` (b,) of them. Gives (b, most windows * t, d), and which are real.
    """
    w, t, d = hidden.shape
    mask = _real(frames, t)  # (w, t)
    if len(windows) == w:
        return hidden, mask
    counts = windows.tolist()
    states = nn.utils.rnn.pad_sequence([part.reshape(-1, d) for part in torch.split(hidden, counts)], batch_first=True)
    masks = nn.utils.rnn.pad_sequence([part.reshape(-1) for part in torch.split(mask, counts)], batch_first=True)
    return states, masks
