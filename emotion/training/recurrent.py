"""Recurrent layers in both directions over padded sequences, of encoders and fusion models alike.

::

    mask       1 1 1 0 0
    forwards   a b c - -        what follows the real positions cannot reach them
    backwards  c b a - -        turned round within its own length, so that padding is never read before them

About twice as fast on a CPU as packed sequences, which torch runs step by step.
"""

import torch
from torch import Tensor, nn


def both_ways(forwards: nn.Module, backwards: nn.Module, x: Tensor, turned: Tensor) -> Tensor:
    """One layer over x (b, n, d) with `turned` of `mirror` -> (b, n, 2 hidden), forward states first."""
    there: Tensor = forwards(x)[0]
    back: Tensor = backwards(take(x, turned))[0]
    return torch.cat([there, take(back, turned)], dim=-1)


def mirror(mask: Tensor) -> Tensor:
    """Of every real position, the one as far from the end as it is from the start; padding stays in its place.

    Takes the mask (b, n), real positions first, and gives (b, n) long.
    """
    place = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
    return torch.where(mask, mask.sum(1, keepdim=True) - 1 - place, place)


def take(x: Tensor, places: Tensor) -> Tensor:
    """Rows of x (b, n, d) at the places (b, m) long -> (b, m, d)."""
    return x.gather(1, places[..., None].expand(-1, -1, x.shape[-1]))
