"""Inputs of unlike length through a body without computing their padding.

On a CPU a token of padding costs as much as a real one. A GPU is used best by one large batch: there all stays padded.

padded   I  am  glad     packed   Yes | What now | I am glad     a token knows those of its own text only; all that is
         Yes -- --                                               computed for each token by itself sees one long text
         What now --
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

PACKED = "packed"  # name of `attend` among transformers' kinds of attention
Split = Callable[[Sequence[int]], list[list[int]]]
"""Lengths -> rows that go through a body together."""
_plain: Callable[..., tuple[Tensor, None]] = sdpa_attention_forward
_MOST = 64  # inputs of one run: `runs` looks at no longer ones
_RUN = 32  # tokens or frames: one core needs as long for them as to read the weights once more


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    lengths: Sequence[int] | None = None,
    **options: Any,  # noqa: ANN401 - those of transformers' attention
) -> tuple[Tensor, None]:
    """Transformers' attention over (b, heads, t, d) -> (b, t, heads, d).

    With `lengths` b is 1, t tokens are those of several texts one behind the other, and none knows those of another.
    """
    if lengths is None:
        return _plain(module, query, key, value, attention_mask, **options)
    found, start = [], 0
    for length, group in groupby(lengths):  # texts of one length are computed at once
        count = len(list(group))
        inside = slice(start, start + count * length)
        own = [x[0, :, inside].reshape(x.shape[1], count, length, -1).transpose(0, 1) for x in (query, key, value)]
        states, _ = _plain(module, *own, _near(module, length, **options), **options)
        found.append(states.flatten(0, 1))  # (count * length, heads, d)
        start = inside.stop
    return torch.cat(found)[None], None


def _near(module: nn.Module, length: int, *, sliding_window: int | None = None, **_: Any) -> Tensor | None:  # noqa: ANN401
    """What each of `length` tokens may know where a layer looks at few neighbours, bool (length, length)."""
    if sliding_window is None or length <= sliding_window:
        return None
    places = torch.arange(length)
    before = places[:, None] - places
    near = before.abs() < sliding_window
    return near & (before >= 0) if getattr(module, "is_causal", False) else near


AttentionInterface.register(PACKED, attend)
AttentionMaskInterface.register(PACKED, sdpa_mask)


def packed(tokens: Tensor, lengths: Sequence[int], states: Callable[..., Tensor], *, first: int) -> Tensor:
    """What a body (`states`) gives for tokens (b, t) that go through it one behind the other -> (b, t, d).

    Padding stands behind the tokens of each text, and zeros behind what comes of them. `first` is the position of a
    text's first token.
    """
    order = sorted(range(len(lengths)), key=lambda row: lengths[row])
    sizes = [lengths[row] for row in order]
    flat = torch.cat([tokens[row, : lengths[row]] for row in order])
    places = torch.cat([torch.arange(first, first + size) for size in sizes])
    whole = states(input_ids=flat[None], position_ids=places[None], lengths=sizes)[0]  # (all tokens, d)
    return _in_place(dict(zip(order, torch.split(whole, sizes), strict=True)))


def runs(lengths: Sequence[int]) -> list[list[int]]:
    """Rows that go through a body together, padded to the longest of them: those that take the least time in all.

    A run takes as long as its tokens, padding included, and `_RUN` more.
    """
    order = sorted(range(len(lengths)), key=lambda row: lengths[row])
    least, starts = [0], [0]  # of the first rows: tokens, and where the last run begins
    for end in range(1, len(order) + 1):
        longest = lengths[order[end - 1]]
        least_here, start = min(
            (least[start] + (end - start) * longest + _RUN, start) for start in range(max(0, end - _MOST), end)
        )
        least.append(least_here)
        starts.append(start)
    found, end = [], len(order)
    while end:
        found.append(order[starts[end] : end])
        end = starts[end]
    return found


def at_once(lengths: Sequence[int]) -> list[list[int]]:
    """All rows together."""
    return [list(range(len(lengths)))]


def of_one_length(lengths: Sequence[int]) -> list[list[int]]:
    """Rows of the same length together."""
    order = sorted(range(len(lengths)), key=lambda row: lengths[row])
    return [list(group) for _, group in groupby(order, key=lambda row: lengths[row])]


def in_runs(lengths: Sequence[int], states: Callable[[list[int], int], Tensor], *, split: Split = runs) -> Tensor:
    """What `states` gives for some rows and the longest of their lengths, (rows, t, d), for all rows -> (b, t, d)."""
    found: dict[int, Tensor] = {}
    for rows in split(lengths):
        found |= zip(rows, states(rows, max(lengths[row] for row in rows)), strict=True)
    return _in_place(found)


def _in_place(found: Mapping[int, Tensor]) -> Tensor:
    return nn.utils.rnn.pad_sequence([found[row] for row in range(len(found))], batch_first=True)


def is_worth_it(body: nn.Module, batch: Tensor) -> bool:
    """Whether padding is avoided: on a CPU, unless the body is fine-tuned just now."""
    return batch.device.type == "cpu" and not body.training
