"""From a checkpoint's hidden states to one vector: which layers, and how tokens or frames are put together.

Shapes: b inputs, t tokens or frames, d features; masks are bool, True = real.
"""

from typing import Any

import torch
from torch import Tensor

from emotion.core.errors import EmotionError

LAYERS = ("last", "last4", "all")
POOLINGS = ("mean", "mean_std", "cls", "last")
LEVELS = {"audio": ("utterance", "frame"), "face": ("utterance", "frame"), "text": ("utterance", "word")}
"""What an encoder of each modality can give: one vector per utterance, or several."""
_SMALLEST = 1e-12  # variance; a root at zero has no gradient


def check_level(modality: str, level: str, pooling: str = "mean", *, head: bool = False) -> None:
    """Raise EmotionError where `level` is impossible, or does not go with the pooling or with a head."""
    if level not in LEVELS[modality]:
        raise EmotionError(f"{modality}.level is {level!r}, expected one of {', '.join(LEVELS[modality])}")
    if level != "utterance" and pooling != "mean":
        raise EmotionError(
            f"{modality}.pooling is {pooling}, expected mean, the only one for {modality}.level: {level}"
        )
    if level != "utterance" and head:
        raise EmotionError(
            f"{modality}.head is true, so there is one vector per utterance: set {modality}.level: utterance"
        )


def choose(output: Any, layers: str | int) -> Tensor:  # noqa: ANN401 - transformers' own class
    """Hidden states of the layers that are wanted, (b, t, d), out of what a model returned.

    `last` = its own output, normalised as the architecture does; `last4` = mean of the last four hidden states, `all` =
    mean of all of them; a number = after that layer, 0 = before the first. All but `last` need `hidden_states`.

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
    """One vector per input of hidden states (b, t, d); what the mask (b, t) leaves out never counts.

    `how` is `mean` | `mean_std` (standard deviation of the same tokens appended) | `cls` (the first token) | `last`
    (the last real one; padding stands behind). Gives (b, d), with `mean_std` (b, 2 d); float32 at least.
    """
    hidden = hidden.float()
    if how == "cls":
        return hidden[:, 0]
    if how == "last":
        return hidden[torch.arange(len(hidden), device=hidden.device), mask.sum(1) - 1]
    weight = mask[..., None].to(hidden.dtype)
    count = weight.sum(1)
    mean = (hidden * weight).sum(1) / count  # (b, d)
    if how == "mean":
        return mean
    variance = ((hidden - mean[:, None]).square() * weight).sum(1) / count
    return torch.cat([mean, variance.clamp(min=_SMALLEST).sqrt()], dim=-1)


def pool_words(hidden: Tensor, words: Tensor) -> list[Tensor]:
    """Mean over the tokens (b, t, d) of each word: (words, d) per input.

    `words` (b, t) has the number of each token's word, rising from 0; -1 = of no word. Words that were cut off are left
    out; where none is left, there is one row: the mean of all tokens whose number is not below -1.
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


def pool_frames(hidden: Tensor, mask: Tensor, *, each: int) -> list[Tensor]:
    """Mean over every `each` real frames of hidden states (b, t, d), one after the other: (frames, d) per input.

    The last one has fewer where they do not come out even; `mask` (b, t) says which are real.
    """
    return [
        torch.stack([part.mean(0) for part in states[real].split(each)])
        for states, real in zip(hidden.float(), mask, strict=True)
    ]
