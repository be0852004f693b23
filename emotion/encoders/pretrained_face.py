"""Video checkpoints on face clips (VideoMAE, TimeSformer), and picture checkpoints frame by frame.

Those of pictures: ViT, DeiT, BEiT, DINOv2, and the pictures' halves of CLIP and SigLIP.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion.core.errors import MediaError
from emotion.encoders.families import tower
from emotion.encoders.pooling import check_level, pool
from emotion.encoders.pretrained import read_scale
from emotion.encoders.transformer import Transformer


class PretrainedFace(Transformer):
    """Face clip to one vector, by a picture or video checkpoint.

    A clip is uint8 (t, size, size) grey, or (t, size, size, 3) in colour. `frames` frames, evenly spread, are taken:
    for VideoMAE and TimeSformer as many as the checkpoint was trained with, for the others as many as one likes. They
    are resized to the checkpoint's picture (bilinear, antialiased) and brought to its processor's mean and deviation;
    grey stands for all three colours. DINOv2 takes pictures of any size: its processor says which.

    Pooling: of VideoMAE over all tokens of the clip; of TimeSformer the same without the first token, or that token
    (`cls`); of picture models each frame's vector is the mean of its tokens, or its first one (`cls`), and the clip's
    vector is their mean (with `mean_std` also their standard deviation over time). A head's probabilities are averaged
    over the frames.

    Args:
        frames: number of frames, as above.
        size: height and width of the checkpoint's picture, px; 0 = as its configuration says.
        level: what `sequences` gives: `utterance` = one vector; `frame` = one for each frame, of VideoMAE for each
            two; fitting always sees the whole.
        options: see `Transformer`.

    Raises:
        EmotionError: level, pooling and head do not go together.
    """

    modality: ClassVar[str] = "face"
    together = 8  # clips of 16 frames, whose hidden layers fill some 500 MB
    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        *,
        frames: int = 16,
        size: int = 0,
        level: str = "utterance",
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**options)
        check_level("face", level, self.pooling, head=self.head)
        self.frames, self.size, self.level = frames, size, level
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("deviation", torch.ones(3))

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        resized = hasattr(self, "family") and self.family.resized
        extra = {"level": self.level} if self.level != "utterance" else {}
        return super().settings() | {"frames": self.frames} | ({"size": self.size} if resized else {}) | extra

    def prepare(self, inputs: Sequence[NDArray[np.uint8]]) -> None:
        """Load the checkpoint; EmotionError where it cannot be used."""
        mean, deviation, self.size = read_scale(self.encoder)
        self.mean.copy_(torch.tensor(mean))
        self.deviation.copy_(torch.tensor(deviation))
        self.attach_checkpoint()
        self.try_out(np.full((self.frames, 16, 16), 128, dtype=np.uint8))

    def attach(self, body: Any) -> None:  # noqa: ANN401 - each architecture has its own class
        """See `Transformer.attach`."""
        super().attach(body)
        if not (self.family.resized and self.size):
            self.size = _one(tower(body.config).image_size)

    def cost(self, item: NDArray[np.uint8]) -> int:
        """Frames."""
        return self.frames

    def collate(self, inputs: Sequence[NDArray[np.uint8]]) -> dict[str, Tensor]:
        """Clips (t_i, size, size[, 3]) uint8 -> clips (b, frames, size, size[, 3]); MediaError where one is none."""
        self.ready()
        clips = []
        for clip in inputs:
            good = clip.ndim == 3 or (clip.ndim == 4 and clip.shape[3] == 3)
            if clip.dtype != np.uint8 or not good or 0 in clip.shape or clip.shape[1:] != inputs[0].shape[1:]:
                found = f"face clip is {clip.dtype} of shape {clip.shape}"
                raise MediaError(f"{found}, expected uint8 (t, size, size) or (t, size, size, 3)")
            places = ((np.arange(self.frames) + 0.5) * len(clip) / self.frames).astype(np.int64)
            clips.append(clip[places])
        return {"clips": torch.from_numpy(np.stack(clips))}

    def hidden(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Clips (b, frames, size, size[, 3]) -> tokens, or vectors of the frames (b, t, hidden); all are real."""
        clips = batch["clips"]
        b, t = clips.shape[:2]
        pixels = self.pixels(clips)  # (b, t, 3, size, size)
        if self.family.video:
            states = self.run(pixel_values=pixels)
            if self.family.cls and self.pooling != "cls" and not self.head:
                states = states[:, 1:]
        else:
            tokens = self.run(pixel_values=pixels.flatten(0, 1)).float()  # (b t, tokens, hidden)
            patches = (self.size // _one(tower(self.body.config).patch_size)) ** 2
            special = tokens.shape[1] - patches
            first = self.head or self.pooling == "cls"
            vectors = tokens[:, 0] if first else tokens[:, special:].mean(1)
            states = vectors.reshape(b, t, -1)
        return states, torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)

    def sequences(self, batch: dict[str, Tensor]) -> list[Tensor]:
        """See `Encoder.sequences`."""
        if self.level == "utterance":
            return super().sequences(batch)
        states, _ = self.hidden(batch)  # (b, t, hidden)
        if self.family.video and self.family.cls:  # TimeSformer: place after place, each at all times
            states = states.reshape(len(states), -1, self.frames, states.shape[-1]).mean(1)
        elif self.family.video:  # VideoMAE: time after time, each with all places
            times = self.frames // self.body.config.tubelet_size
            states = states.reshape(len(states), times, -1, states.shape[-1]).mean(2)
        return list(self.projected(states.float()))  # each (frames, dim)

    def pooled(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """(b, t, hidden) -> (b, width); the frames' own first tokens are averaged."""
        how = "mean" if self.pooling == "cls" and not self.family.video else self.pooling
        return pool(hidden, mask, how)

    def pixels(self, clips: Tensor) -> Tensor:
        """Bytes (b, t, h, w[, 3]) -> normalised colours (b, t, 3, size, size)."""
        b, t, h, w = clips.shape[:4]
        planes = clips.movedim(-1, 2).reshape(b, -1, h, w) if clips.ndim == 5 else clips  # (b, t or t * 3, h, w)
        values = planes.float() / 255
        values = nn.functional.interpolate(values, (self.size, self.size), mode="bilinear", antialias=True)
        values = values.reshape(b, t, -1, self.size, self.size)  # (b, t, 1 or 3, size, size)
        return (values - self.mean[:, None, None]) / self.deviation[:, None, None]


def _one(size: Any) -> int:  # noqa: ANN401 - a number, or one each for height and width
    return int(size if isinstance(size, int) else size[0])
