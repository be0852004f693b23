"""Text encoders by name: a new one from its settings, or the fitted one of a folder."""

from collections.abc import Callable
from pathlib import Path

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders import absent, heads, own
from emotion.encoders.base import Encoder
from emotion.encoders.settings import Text
from emotion.encoders.text import PretrainedText, TextEncoder, read_text
from emotion.encoders.word_vectors import WordVectors


def new_encoder(settings: Text) -> Encoder:
    """An encoder yet to be fitted; EmotionError where it cannot be made, see `own.new`."""
    name = settings.encoder
    heads.check_encoder(name, "text", head=settings.head)
    if plugins.is_name(name):
        made: Encoder = own.new(name, "text", **dict(settings))
        return made
    if name == "scratch":
        return TextEncoder(dim=settings.dim, pooling=settings.pooling, level=settings.level)
    if name == "word_vectors":
        if settings.vectors == "none":
            raise EmotionError(
                "text.encoder is word_vectors, so text.vectors must name the file of the vectors; it is none"
            )
        options = {key: getattr(settings, key) for key in ("vectors", "dim", "pooling", "level", "tune")}
        return WordVectors(**options)
    return PretrainedText(encoder=name, level=settings.level, **settings.of_checkpoint)


def make_text(index: Index, settings: Text) -> tuple[Encoder, Callable[[Utterance], str]]:
    """A new encoder for a corpus, and what reads an utterance's input for it; see `new_encoder`."""
    return new_encoder(absent.chosen(settings, index, "text")), read_text


def load_encoder(folder: Path) -> Encoder:
    """The fitted encoder of a folder, of whatever kind; see `Encoder.load`."""
    return own.load_one_of([TextEncoder, PretrainedText, WordVectors], folder)
