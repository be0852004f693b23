"""From a checkpoint's hidden states to one vector: which layers, and how tokens or frames are put together.

Shapes: b inputs, t tokens or frames, d features; masks are bool, True = real.
"""

from typing import Any

import torch
from torch import Tensor

from emotion.core.errors import EmotionError

LAYERS = ("last", "last4", "all")
POOLINGS = ("mean", "mean_std", "cls")
_SMALLEST = 1e-12  # variance; a root at zero has no gradient


def wants_all(layers: str | int) -> bool:
    """Whether hidden states other than the last are needed."""
    return layers != "last"


def choose(output: Any, layers: str | int) -> Tensor:  # noqa: ANN401 - transformers' own class
    """Hidden states of the layers that are wanted, (b, t, d).

    Args:
        output: what the model returned, where `wants_all` with `hidden_states`: before the first layer, after each.
        layers: `last` = the model's own output, normalised as the architecture does; `last4` = mean of the last four
            hidden states, `all` = mean of all of them; a number = after that layer, 0 = before the first.

    Raises:
        EmotionError: there is no such layer.
    """
    if layers == "last":
        last: Tensor = output.last_hidden_state
        return last
    states: tuple[Tensor, ...] = output.hidden_states
    if isinstance(layers, str):
        return torch.stack(states[-4:] if layers == "last4" else states).mean(0)
    if layers >= len(states):
        raise EmotionError(f"layers is {layers}, expected {', '.join(LAYERS)} or a number from 0 to {len(states) - 1}")
    return states[layers]


def pool(hidden: Tensor, mask: Tensor, how: str) -> Tensor:
    """One vector per input; what the mask leaves out never counts.

    Args:
        hidden: (b, t, d).
        mask: (b, t), at least one True per input.
        how: `mean` | `mean_std` (standard deviation of the same tokens appended) | `cls` (the first token).

    Returns:
        (b, d), with `mean_std` (b, 2 d); float32 at least.
    """
    hidden = hidden.float()
    if how == "cls":
        return hidden[:, 0]
    weight = mask[..., None].to(hidden.dtype)
    count = weight.sum(1)
    mean = (hidden * weight).sum(1) / count  # (b, d)
    if how == "mean":
        return mean
    variance = ((hidden - mean[:, None]).square() * weight).sum(1) / count
    return torch.cat([mean, variance.clamp(min=_SMALLEST).sqrt()], dim=-1)


def pool_words(hidden: Tensor, words: Tensor) -> list[Tensor]:
    """Mean over the tokens of each word.

    Args:
        hidden: (b, t, d).
        words: (b, t) number of each token's word, rising from 0; -1 = of no word.

    Returns:
        (words, d) per input; words that were cut off are left out; where none is left, one row: the mean of all tokens
        whose number is not below -1.
    """
    rows = []
    for states, numbers in zip(hidden.float(), words, strict=True):
        inside = numbers >= 0
        if not bool(inside.any()):
            rows.append(states[numbers == -1].mean(0, keepdim=True))
            continue
        share = torch.nn.functional.one_hot(numbers[inside]).to(states.dtype)  # (tokens, words)
        share = share[:, share.any(0)]
        rows.append((share / share.sum(0)).T @ states[inside])
    return rows
