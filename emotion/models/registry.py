"""The fusion models by name."""

from collections.abc import Mapping

from torch import nn

from emotion.models.bc_lstm import BcLstm
from emotion.models.cmn import Cmn
from emotion.models.cnn import Cnn
from emotion.models.fusion import Fusion

NAMES = ("fusion", "cnn", "bc_lstm", "cmn")
SIZED = ("fusion",)
"""The models that take `hidden`, `heads` and `dropout`; the baselines keep their published sizes."""


def build(name: str, *, dims: Mapping[str, int], classes: int, hidden: int, heads: int, dropout: float) -> nn.Module:
    """Make a model.

    Args:
        name: one of `NAMES`.
        dims: features per modality, in the order of the columns of `present`.
        classes: how many emotions.
        hidden: LSTM units per direction; `fusion` only.
        heads: attention heads; `fusion` only.
        dropout: `fusion` only.

    Raises:
        ValueError: there is no such model, or its sizes do not fit together.
    """
    match name:
        case "fusion":
            return Fusion(dims, classes=classes, hidden=hidden, heads=heads, dropout=dropout)
        case "cnn":
            return Cnn(dims, classes=classes)
        case "bc_lstm":
            return BcLstm(dims, classes=classes)
        case "cmn":
            return Cmn(dims, classes=classes)
    raise ValueError(f"model is {name!r}, expected one of: {', '.join(NAMES)}")
