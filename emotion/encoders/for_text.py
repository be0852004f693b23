"""Text encoders by name: a new one from its settings, or the fitted one of a folder."""

from pathlib import Path

from emotion.core import plugins
from emotion.encoders import own
from emotion.encoders.base import Encoder
from emotion.encoders.pretrained_text import PretrainedText
from emotion.encoders.text import TextEncoder


def new_encoder(
    *,
    encoder: str,
    layers: str | int = "last",
    pooling: str = "mean",
    tune: bool = True,
    dim: int = 300,
    level: str = "utterance",
) -> Encoder:
    """An encoder yet to be fitted.

    Args:
        encoder: `scratch`, the name or folder of a checkpoint, or `plugins/FILE.py:CLASS`; for the others see
            `TextTransformer`.
        layers: of a checkpoint.
        pooling: how the tokens become one vector, see `pooling.pool`.
        tune: of a checkpoint.
        dim: size of the vector; 0 = as wide as the body.
        level: utterance | word.

    Raises:
        EmotionError: see `own.new`.
    """
    if plugins.is_name(encoder):
        options = {"level": level, "layers": layers, "pooling": pooling, "tune": tune, "dim": dim}
        made: Encoder = own.new(encoder, "text", **options)
        return made
    if encoder == "scratch":
        return TextEncoder(dim=dim, pooling=pooling, level=level)
    return PretrainedText(encoder=encoder, layers=layers, pooling=pooling, tune=tune, dim=dim, level=level)


def load_encoder(folder: Path) -> Encoder:
    """The fitted encoder of a folder, of whatever kind; see `Encoder.load`."""
    return own.load_one_of([TextEncoder, PretrainedText], folder)
