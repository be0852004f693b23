"""What several models share: joining the modalities, recurrent layers and attention that padding cannot touch.

Shapes: `b` sequences, `u` utterances, `d` features; masks are bool, True = real.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ClassVar

import torch
from torch import Tensor, nn

from emotion.fusion.models.rng import generator
from emotion.training.recurrent import both_ways, mirror


def join(features: Mapping[str, Tensor], present: Tensor, mask: Tensor, *, modalities: Sequence[str]) -> Tensor:
    """Concatenate the modalities' features (b, u, d_m), in that order; what is missing or padding becomes 0.

    `present` (b, u, m) is in the same order, `mask` is (b, u).
    """
    return torch.cat(list(blanked(features, present, mask, modalities=modalities).values()), dim=-1)


def blanked(
    features: Mapping[str, Tensor], present: Tensor, mask: Tensor, *, modalities: Sequence[str]
) -> dict[str, Tensor]:
    """The same one by one: modality -> (b, u, d_m)."""
    real = present & mask[..., None]
    return {name: features[name].where(real[..., i, None], 0.0) for i, name in enumerate(modalities)}


class Dropout(nn.Dropout):
    """Dropout that draws eight decisions from one random number: ten times as fast on a CPU, 8 % of a training epoch.

    A decision has eight bits, so `p` is rounded to a 256th; what is kept grows by exactly what is dropped.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Any shape; unchanged in eval mode."""
        return drop(input, self.p) if self.training and self.p > 0 else input


def drop(x: Tensor, p: float) -> Tensor:
    """Set values to 0 with chance `p`, rounded to a 256th (at least one, at most 255); the others grow to make up."""
    level = min(max(round(256 * p), 1), 255)
    draws = torch.empty((x.numel() + 7) // 8, dtype=torch.int64, device=x.device)
    draws.random_(torch.iinfo(torch.int64).min, None, generator=generator())
    kept = (draws.view(torch.uint8)[: x.numel()] >= level).view(x.shape)
    return x * kept.to(x.dtype).mul_(256 / (256 - level))


class BiRecurrent(nn.Module):
    """A bidirectional recurrent network of several layers over the real positions only.

    Args:
        inputs: features.
        hidden: units per direction.
        layers: how many, each on the output of the one before.
        dropout: between the layers.
    """

    cell: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    def __init__(self, inputs: int, hidden: int, *, layers: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        sizes = [inputs] + [2 * hidden] * (layers - 1)
        self.forwards = nn.ModuleList(self.cell(size, hidden, batch_first=True) for size in sizes)
        self.backwards = nn.ModuleList(self.cell(size, hidden, batch_first=True) for size in sizes)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Run both directions over x (b, u, d), of which the mask (b, u) says what is real, first in each sequence.

        Gives (b, u, 2 * hidden), forward states first; meaningless at the padding.
        """
        turned = mirror(mask)
        for depth, (forwards, backwards) in enumerate(zip(self.forwards, self.backwards, strict=True)):
            x = self.dropout(x) if depth else x
            x = both_ways(forwards, backwards, x, turned)
        return x


class BiLstm(BiRecurrent):
    """`BiRecurrent` of LSTMs."""

    cell = nn.LSTM


class BiGru(BiRecurrent):
    """`BiRecurrent` of GRUs."""

    cell = nn.GRU


def roles(speakers: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Number each sequence's speakers (b, u) by first appearance.

    Returns:
        (b, u) long numbers, 0 at the padding, and (b, p, u) bool: which utterances are each speaker's.
    """
    _, u = mask.shape
    same = (speakers[:, :, None] == speakers[:, None, :]) & mask[:, None, :]  # (b, u, u)
    first = same.to(torch.uint8).argmax(-1)  # where the speaker is first heard
    starts = (first == torch.arange(u, device=mask.device)) & mask
    who = (starts.cumsum(1) - 1).gather(1, first) * mask  # (b, u)
    numbers = torch.arange(int(who.max()) + 1, device=mask.device)
    return who, (who[:, None, :] == numbers[None, :, None]) & mask[:, None, :]


def places(x: Tensor) -> Tensor:
    """Sines and cosines of each utterance's number (Vaswani et al., 2017, section 3.5): (u, d) for x (b, u, d)."""
    _, u, d = x.shape
    rate = torch.exp(torch.arange(0, d, 2, device=x.device) * (-math.log(10000.0) / d))  # (d / 2,)
    angle = torch.arange(u, device=x.device)[:, None] * rate  # (u, d / 2)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1).to(x.dtype)


def attend(q: Tensor, key: Tensor, value: Tensor, allowed: Tensor, *, heads: int, dropout: nn.Module) -> Tensor:
    """Scaled dot-product attention of several heads (Vaswani et al., 2017).

    Args:
        q: (b, u, d) queries; head i is the i-th slice of the features.
        key: (b, v, d).
        value: (b, v, d).
        allowed: bool that broadcasts to (b, heads, u, v): who may look at whom.
        heads: must divide d.
        dropout: applied to the weights.

    Returns:
        (b, u, d), the heads side by side; 0 where nothing is allowed.
    """
    k = q.shape[-1] // heads
    split = [x.reshape(*x.shape[:2], heads, k).transpose(1, 2) for x in (q, key, value)]  # each (b, heads, u or v, k)
    similar = split[0] @ split[1].transpose(-1, -2) / k**0.5  # (b, heads, u, v)
    similar = similar.masked_fill(~allowed, torch.finfo(similar.dtype).min)
    weights = dropout(torch.softmax(similar, dim=-1) * allowed)
    seen = _SEEN.get()
    if seen is not None:
        seen.append(weights.detach().mean(1))
    joined: Tensor = (weights @ split[2]).transpose(1, 2).flatten(2)
    return joined


def check_heads(heads: int, size: int) -> None:
    """Raise ValueError where `heads` does not divide `size`, the features of what attends."""
    if size % heads:
        raise ValueError(f"heads is {heads}, expected a divisor of {size} (twice the hidden size)")


class SelfAttention(nn.Module):
    """Multi-head self-attention, the paper's eqs (8)-(9); output and input have `size` features.

    With several `groups` of so many heads each group reads all features. Dropout is on the attention weights.

    Raises:
        ValueError: `heads` does not divide `size`.
    """

    def __init__(self, size: int, *, heads: int, dropout: float, groups: int = 1) -> None:
        super().__init__()
        check_heads(heads, size)
        self.heads = groups * heads
        self.to_qkv = nn.Linear(size, 3 * groups * size)
        self.out = nn.Linear(groups * size, size)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, allowed: Tensor) -> Tensor:
        """Let every utterance of x (b, u, size) read where it is allowed, see `attend`; (b, u, size) again."""
        q, key, value = self.to_qkv(x).chunk(3, dim=-1)  # each (b, u, groups * size)
        attended = attend(q, key, value, allowed, heads=self.heads, dropout=self.dropout)  # eq. (8)
        joined: Tensor = self.out(attended)  # eq. (9): heads side by side, times X
        return joined


_SEEN: ContextVar[list[Tensor] | None] = ContextVar("seen", default=None)


@contextmanager
def recording() -> Iterator[list[Tensor]]:
    """Meanwhile, and in this thread, keep the weights of every call of `attend`, the mean over its heads (b, u, v)."""
    seen: list[Tensor] = []
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)
