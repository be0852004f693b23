"""The paper's face encoder (section 3.3): a 3D-CNN (convolution, pooling, ReLU, fully connected) over a face clip.

clip        (t, size, size) grey bytes
channels    the picture, the change since the frame before, and the difference from the clip's mean face
3 blocks    3D convolution - batch normalisation - ReLU - pooling by two in space, in the later ones in time too
connected   (dim,)
at the level of frames: what each place in time adds to it, before the ReLU (t / 4, dim); their mean is the whole's
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from emotion.core.errors import MediaError
from emotion.encoders.base import Encoder
from emotion.encoders.pooling import check_level


class Block(nn.Module):
    """Convolution over time and space, batch normalisation, ReLU, max pooling.

    Pooling is done in two steps of two dimensions, which is the same as one of three, but deterministic on CUDA too.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, pool_time: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(inputs, outputs, 3, stride=(1, stride, stride), padding=1, bias=False)
        self.norm = nn.BatchNorm3d(outputs)
        self.pool_time = pool_time

    def forward(self, x: Tensor) -> Tensor:
        """Values (b, c, t, h, w) -> (b, c', t or t / 2, h / 2, w / 2)."""
        x = torch.relu(self.norm(self.convolution(x)))
        b, c, t, h, w = x.shape
        x = nn.functional.max_pool2d(x.reshape(b, c * t, h, w), 2)  # space
        h, w = x.shape[-2:]
        if self.pool_time:
            x = nn.functional.max_pool2d(x.reshape(b, c, t, h * w), (2, 1))  # time
        return x.reshape(b, c, -1, h, w)


class FaceEncoder(Encoder):
    """Face clip to one vector.

    Args:
        dim: size of the vector.
        frames: number of frames of a clip.
        size: height and width of a frame, px.
        width: channels of the first block; later blocks have up to four times as many.
        dropout: before the fully connected layer.
        level: what `sequences` gives: `utterance` = one vector; `frame` = one for each four frames; fitting always sees
            the whole.

    Raises:
        EmotionError: `level` is impossible.
    """

    modality: ClassVar[str] = "face"
    name: ClassVar[str] = "paper"

    def __init__(
        self,
        *,
        dim: int = 128,
        frames: int = 16,
        size: int = 48,
        width: int = 16,
        dropout: float = 0.3,
        level: str = "utterance",
    ) -> None:
        super().__init__()
        check_level("face", level)
        self.level = level
        self.dim, self.frames, self.size, self.width, self.dropout = dim, frames, size, width, dropout
        self.blocks = nn.Sequential(
            Block(3, width, stride=2, pool_time=False),
            Block(width, 2 * width, pool_time=True),
            Block(2 * width, 4 * width, pool_time=True),
        )
        with torch.no_grad():
            places = self.blocks.eval()(torch.zeros(1, 3, frames, size, size)).flatten(1).shape[1]
        self.drop = nn.Dropout(dropout)
        self.connected = nn.Linear(places, dim)

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        extra = ("level",) if self.level != "utterance" else ()  # an encoder of before is still the same
        return {name: getattr(self, name) for name in ("dim", "frames", "size", "width", "dropout", *extra)}

    def cost(self, item: NDArray[np.uint8]) -> int:
        """Frames."""
        return len(item)

    def collate(self, inputs: Sequence[NDArray[np.uint8]]) -> dict[str, Tensor]:
        """Clips (frames, size, size) uint8 -> clips (b, frames, size, size); MediaError where one is no such clip."""
        expected = (self.frames, self.size, self.size)
        for clip in inputs:
            if clip.shape != expected or clip.dtype != np.uint8:
                raise MediaError(f"face clip is {clip.dtype} of shape {clip.shape}, expected uint8 of shape {expected}")
        return {"clips": torch.from_numpy(np.stack(inputs))}

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Clips (b, frames, size, size), bytes or floats 0..255 -> (b, dim)."""
        x = self.blocks(channels(batch["clips"].float()))  # (b, c, t', h', w')
        connected: Tensor = self.connected(self.drop(x.flatten(1)))
        return torch.relu(connected)

    def sequences(self, batch: dict[str, Tensor]) -> list[Tensor]:
        """See `Encoder.sequences`."""
        if self.level == "utterance":
            return super().sequences(batch)
        x = self.blocks(channels(batch["clips"].float()))  # (b, c, t', h', w')
        b, _, t, _, _ = x.shape
        weight = self.connected.weight.reshape(-1, *x.shape[1:])  # (dim, c, t', h', w')
        frames = t * torch.einsum("bcthw,dcthw->btd", x, weight) + self.connected.bias
        return list(frames.reshape(b, t, -1))

    def augment(self, batch: dict[str, Tensor], generator: Generator) -> dict[str, Tensor]:
        """Mirror, shift, turn, zoom, cut in time, and change brightness and contrast, alike in all frames of a clip."""
        clips = batch["clips"].float()
        b, t, _, _ = clips.shape
        draw = torch.rand(9, b, generator=generator).to(clips.device)
        # Somewhat fewer frames, spread over the same places: movements look up to a sixth slower.
        start, length = draw[0] * t / 8, t - 1 - (draw[0] + draw[1]) * t / 8
        place = torch.linspace(0, 1, t, device=clips.device)[None] * (length - start)[:, None] + start[:, None]
        clips = clips[torch.arange(b, device=clips.device)[:, None], place.round().long().clamp(0, t - 1)]
        turn, zoom = (draw[2] - 0.5) * 0.3, 1 + (draw[3] - 0.5) * 0.2
        mirror = torch.where(draw[4] < 0.5, -1.0, 1.0)
        shift = (draw[5:7] - 0.5) * 0.25  # of half the picture
        rows = [
            torch.stack([mirror * zoom * turn.cos(), -zoom * turn.sin(), shift[0]], dim=-1),
            torch.stack([mirror * zoom * turn.sin(), zoom * turn.cos(), shift[1]], dim=-1),
        ]
        grid = nn.functional.affine_grid(torch.stack(rows, dim=1), list(clips.shape), align_corners=False)
        clips = nn.functional.grid_sample(clips, grid, padding_mode="border", align_corners=False)
        return {"clips": clips * (0.8 + 0.4 * draw[7])[:, None, None, None] + (draw[8, :, None, None, None] - 0.5) * 40}


def channels(clips: Tensor) -> Tensor:
    """Clips (b, t, h, w) -> picture, change since the frame before, difference from the clip's mean, (b, 3, t, h, w).

    Each clip is brought to mean 0 and deviation 1 first, so that skin, light and camera matter less.
    """
    deviation, mean = torch.std_mean(clips, dim=(1, 2, 3), keepdim=True, correction=0)
    x = (clips - mean) / (deviation + 1.0)
    change = torch.diff(x, dim=1, prepend=x[:, :1])
    return torch.stack([x, 3 * change, 3 * (x - x.mean(dim=1, keepdim=True))], dim=1)
