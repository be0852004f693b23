"""Speech checkpoints: wav2vec 2.0, HuBERT, WavLM, and the encoder of Whisper.

wav2vec2 & co.   samples -> seven convolutions (20 ms a frame) -> transformer, padding masked
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
from emotion.encoders.pretrained import EXTRACTOR, read_extractor
from emotion.encoders.transformer import Transformer

_AT_ONCE = 480_000  # samples that go through the convolutions together; their output is large


class PretrainedAudio(Transformer):
    """Waveform to one vector, by a speech checkpoint.

    Nothing depends on batch mates: each utterance is normalised by itself, as the checkpoint's feature extractor does;
    where the convolutions normalise over time (`feat_extract_norm: group`, e.g. wav2vec2-base, hubert-base), only
    utterances of the same length go through them together; the transformer sees a mask. The convolutions stay frozen
    in fine-tuning too, as is usual. An adapter behind the transformer, where a checkpoint has one, is not used.

    Args:
        rate: sampling rate of the waveforms, Hz, as the checkpoint's feature extractor expects it.
        options: see `Transformer`.
    """

    modality: ClassVar[str] = "audio"

    def __init__(self, *, rate: int = 16000, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self.rate = rate
        self.rates = {"front.": 0.0, **self.rates}

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        return super().settings() | {"rate": self.rate}

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
        self.whisper = body.config.model_type == "whisper"
        wanted, given = "input_features" if self.whisper else "input_values", self.extractor.model_input_names[0]
        if given != wanted:
            raise EmotionError(
                f"audio encoder {self.encoder}: its preprocessor_config.json is of another architecture: it makes "
                f"{given}, expected {wanted}; download the checkpoint again"
            )
        if self.whisper:
            self.together = 8  # windows of 30 s each, however short the utterances are
        else:
            self.front = body.feature_extractor.requires_grad_(False)
            body.feature_extractor = nn.Identity()
            if hasattr(body, "adapter"):
                body.adapter = None
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
        return self._pictures(inputs) if self.whisper else self._waves(inputs)

    def hidden(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Batch of `collate` -> hidden states (b, t, hidden), real ones (b, t)."""
        if self.whisper:
            return joined(self.run(input_features=batch["pictures"]), batch["frames"], batch["windows"])
        waves, lengths = batch["waves"], batch["lengths"]
        counts = self._frames(lengths)
        features = self._convolved(waves, lengths, int(counts.max()))  # (b, channels, t)
        heard = torch.arange(waves.shape[1], device=waves.device) < lengths[:, None]
        mask = {} if bool(heard.all()) else {"attention_mask": heard.long()}  # nothing to mask: faster
        with warnings.catch_warnings():  # transformers' WavLM gives torch two kinds of masks
            warnings.filterwarnings("ignore", "Support for mismatched key_padding_mask")
            hidden = self.run(input_values=features, **mask)
        return hidden, torch.arange(hidden.shape[1], device=hidden.device) < counts[:, None]

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
        over_time = self.body.config.feat_extract_norm == "group"
        sizes = lengths.tolist() if over_time else [most] * b
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


def joined(hidden: Tensor, frames: Tensor, windows: Tensor) -> tuple[Tensor, Tensor]:
    """Put the windows (w, t, d) of all utterances, of which `frames` (w,) are real, one behind the other.

    An utterance has `windows` (b,) of them. Gives (b, most windows * t, d), and which are real.
    """
    w, t, d = hidden.shape
    mask = torch.arange(t, device=hidden.device) < frames[:, None]  # (w, t)
    if len(windows) == w:
        return hidden, mask
    counts = windows.tolist()
    states = nn.utils.rnn.pad_sequence([part.reshape(-1, d) for part in torch.split(hidden, counts)], batch_first=True)
    masks = nn.utils.rnn.pad_sequence([part.reshape(-1) for part in torch.split(mask, counts)], batch_first=True)
    return states, masks
