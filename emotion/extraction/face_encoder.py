"""What the face encoder is fitted with: for the stage `fit@face`, and for each fold of a study."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.base import Encoder
from emotion.encoders.for_face import new_encoder
from emotion.extraction import absent
from emotion.media.clips import open_reader
from emotion.store.cache import Cache


def make_face(
    index: Index,
    *,
    clips: Path,
    encoder: str,
    frames: int,
    layers: str | int,
    pooling: str,
    tune: bool,
    dim: int,
) -> tuple[Encoder, Callable[[Utterance], Any]]:
    """A new encoder and what reads an utterance's input for it.

    Args:
        index: the corpus; where it lacks the medium, our own small encoder is made, which stays untrained.
        clips: the cache of face clips.
        encoder: see `for_face.new_encoder`, as for those that follow.
        frames: of a clip.
        layers: of a checkpoint.
        pooling: of a checkpoint.
        tune: of a checkpoint.
        dim: size of the vector.

    Raises:
        EmotionError: checkpoint or clips cannot be read or used.
    """
    encoder = absent.encoder_name(index, "face", encoder)
    with Cache(clips) as cache:
        cache.check()
        size = cache.shape[0]
    made = new_encoder(
        encoder=encoder,
        frames=frames,
        size=size,
        layers=layers,
        pooling=pooling,
        tune=tune,
        dim=dim,
    )
    return made, open_reader(clips, frames=made.frames)
