"""What the text encoder is fitted with: for the stage `fit@text`, and for each fold of a study."""

from collections.abc import Callable
from typing import Any

from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.base import Encoder
from emotion.encoders.for_text import new_encoder
from emotion.encoders.text import read_text
from emotion.extraction import absent


def make_text(
    index: Index,
    *,
    encoder: str,
    level: str,
    layers: str | int,
    pooling: str,
    tune: bool,
    dim: int,
) -> tuple[Encoder, Callable[[Utterance], Any]]:
    """A new encoder and what reads an utterance's input for it.

    Args:
        index: the corpus; where it lacks the medium, our own small encoder is made, which stays untrained.
        encoder: see `for_text.new_encoder`, as for those that follow.
        level: utterance | word.
        layers: of a checkpoint.
        pooling: how the tokens become one vector, see `pooling.pool`.
        tune: of a checkpoint.
        dim: size of the vector.

    Raises:
        EmotionError: the checkpoint cannot be read or used.
    """
    encoder = absent.encoder_name(index, "text", encoder)
    return new_encoder(
        encoder=encoder,
        level=level,
        layers=layers,
        pooling=pooling,
        tune=tune,
        dim=dim,
    ), read_text
