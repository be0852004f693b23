"""What the audio encoder is fitted with: for the stage `fit@audio`, and for each fold of a study."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.base import Encoder
from emotion.encoders.for_audio import new_encoder
from emotion.extraction import absent
from emotion.media.audio import reader


def make_audio(
    index: Index,
    *,
    root: Path,
    encoder: str,
    rate: int,
    channel: str,
    max_seconds: float,
    front: str,
    layers: str | int,
    pooling: str,
    tune: bool,
    dim: int,
) -> tuple[Encoder, Callable[[Utterance], Any]]:
    """A new encoder and what reads an utterance's input for it.

    Args:
        index: the corpus; where it lacks the medium, our own small encoder is made, which stays untrained.
        root: the corpus's folder.
        encoder: see `for_audio.new_encoder`, as for those that follow.
        rate: Hz.
        channel: of stereo sound, see `media.audio.reader`.
        max_seconds: s of an utterance that are read at most.
        front: of `paper`.
        layers: of a checkpoint.
        pooling: of a checkpoint.
        tune: of a checkpoint.
        dim: size of the vector.

    Raises:
        EmotionError: the checkpoint cannot be read or used.
    """
    encoder = absent.encoder_name(index, "audio", encoder)
    made = new_encoder(
        encoder=encoder,
        rate=rate,
        front=front,
        layers=layers,
        pooling=pooling,
        tune=tune,
        dim=dim,
    )
    return made, reader(root, rate=made.rate, channel=channel, max_seconds=max_seconds)
