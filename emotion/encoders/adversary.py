"""What a speaker cannot be told by: a classifier of speakers whose gradient is reversed (Abdelwahab and Busso, 2018).

    vector ─┬─ dropout ─ linear ─ emotions                         L_y
            └─ reversal ─ linear ─ ReLU ─ linear ─ speakers        L_s

The reversal passes values as they are and turns gradients round, so that for the weights of the encoder, of the
emotions' and of the speakers' classifier

    d encoder = dL_y - strength * dL_s,   d emotions = dL_y,   d speakers = dL_s

The speakers' classifier learns to tell the training speakers apart, and the encoder to leave it nothing to tell them by
(Ganin et al., "Domain-adversarial training of neural networks", JMLR 2016; a speaker is a domain here, where Abdelwahab
and Busso's domains are corpora). The strength rises with the epochs, as theirs: what a classifier that has learned
nothing says is noise.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:  # noqa: ANN401 - torch's context
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        return -ctx.strength * gradients[0], None


def reverse(x: Tensor, strength: float) -> Tensor:
    """The same values; their gradient comes back -`strength` times."""
    turned: Tensor = _Reversal.apply(x, strength)  # type: ignore[no-untyped-call]
    return turned


def strength(weight: float, epoch: int, *, epochs: int) -> float:
    """Of the reversal in an epoch, from 1: 0 in the first one, then towards the weight, by Ganin et al.'s formula."""
    return weight * (2 / (1 + math.exp(-10 * (epoch - 1) / epochs)) - 1)


class Adversary(nn.Module):
    """A classifier of speakers behind a reversal.

    Args:
        dim: size of a vector.
        speakers: how many.
    """

    def __init__(self, dim: int, speakers: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, speakers))

    def forward(self, vectors: Tensor, strength: float) -> Tensor:
        """Vectors (b, dim) -> logits (b, speakers)."""
        logits: Tensor = self.layers(reverse(vectors, strength))
        return logits
