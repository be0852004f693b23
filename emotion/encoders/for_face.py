"""Face encoders by name: a new one from its settings, or the fitted one of a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders import absent, heads, own
from emotion.encoders.base import Encoder
from emotion.encoders.checkpoint_files import REMEDY
from emotion.encoders.face import FaceEncoder
from emotion.encoders.families import family_of
from emotion.encoders.pretrained import read_config
from emotion.encoders.pretrained_face import PretrainedFace
from emotion.encoders.settings import Face
from emotion.media.clips import open_reader
from emotion.store.cache import Cache

FaceKinds = FaceEncoder | PretrainedFace


def new_encoder(settings: Face, *, size: int, rgb: bool = False) -> FaceKinds:
    """An encoder yet to be fitted; its `frames` are those of the clips it takes: a video checkpoint has its own number.

    The clips are `size` px high and wide, grey or in colour; a checkpoint resizes them.

    Raises:
        EmotionError: the checkpoint's configuration cannot be read or used, or the paper's encoder is to take colours,
            or see `own.new`.
    """
    name, frames = settings.encoder, settings.frames
    heads.check_encoder(name, "face", head=settings.head)
    if plugins.is_name(name):
        made: FaceKinds = own.new(name, "face", **dict(settings) | {"size": size}, rgb=rgb)
        return made
    if name == "paper" and rgb:
        raise EmotionError("face.encoder is paper, which takes grey clips; set face.colour: grey, or take a checkpoint")
    if name == "paper":
        return FaceEncoder(frames=frames, size=size, dim=settings.dim or 128, level=settings.level)
    config = read_config(name, "face")
    if family_of(config).video:
        frames = getattr(config, "num_frames", None) or 0
        if not isinstance(frames, int) or not 1 <= frames <= 1024:
            raise EmotionError(
                f"face encoder {name}: num_frames of its config.json is {quoted(frames)}, expected a whole number "
                f"from 1 to 1024; {REMEDY}"
            )
    return PretrainedFace(encoder=name, frames=frames, level=settings.level, **settings.of_checkpoint)


def make_face(index: Index, settings: Face, *, clips: Path) -> tuple[Encoder, Callable[[Utterance], Any]]:
    """A new encoder for a corpus, and what reads an utterance's input out of the cache of clips; see `new_encoder`."""
    with Cache(clips) as cache:
        cache.check()
        size, rgb = cache.shape[0], len(cache.shape) == 3
    made = new_encoder(absent.chosen(settings, index, "face"), size=size, rgb=rgb)
    return made, open_reader(clips, frames=made.frames)


def load_encoder(folder: Path) -> FaceKinds:
    """The fitted encoder of a folder, of whatever kind; see `Encoder.load`."""
    return own.load_one_of([FaceEncoder, PretrainedFace], folder)
