"""What several models share: joining the modalities, and a recurrent layer that padding cannot touch.

Shapes: `b` sequences, `u` utterances, `d` features; masks are bool, True = real.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def join(features: Mapping[str, Tensor], present: Tensor, mask: Tensor, *, modalities: Sequence[str]) -> Tensor:
    """Concatenate the modalities' features; what is missing or padding becomes 0, whatever its values.

    Args:
        features: per modality (b, u, d_m).
        present: (b, u, m) bool in the order of `modalities`.
        mask: (b, u) bool.
        modalities: which to join, in this order.

    Returns:
        (b, u, sum of d_m).
    """
    real = present & mask[..., None]
    parts = [features[name].where(real[..., i, None], 0.0) for i, name in enumerate(modalities)]
    return torch.cat(parts, dim=-1)


def run_recurrent(layer: nn.LSTM | nn.GRU, x: Tensor, mask: Tensor) -> Tensor:
    """Run a (bidirectional) recurrent layer over the real positions only.

        mask     1 1 1 0 0
        forward  > > >          the backward direction starts at the last real utterance,
        backward < < <          so the length of the padding changes nothing

    Args:
        layer: with `batch_first=True`.
        x: (b, u, d); the real positions of each sequence come first.
        mask: (b, u) bool, at least one True per sequence.

    Returns:
        (b, u, directions * hidden), 0 at the padding.
    """
    _, u, _ = x.shape
    packed = pack_padded_sequence(x, mask.sum(1).cpu(), batch_first=True, enforce_sorted=False)
    states, _ = layer(packed)
    padded, _ = pad_packed_sequence(states, batch_first=True, total_length=u)
    return padded
