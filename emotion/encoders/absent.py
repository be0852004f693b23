"""A modality that the corpus does not have at all: our own small encoder stands for it, and stays untrained."""

from typing import TypeVar

from emotion.corpus.utterance import Index
from emotion.encoders.settings import Pretrained

P = TypeVar("P", bound=Pretrained)
MEDIUM = {"audio": "audio", "face": "video", "text": "text"}  # columns of the index
_OURS = {"audio": "paper", "face": "paper", "text": "scratch"}


def has(index: Index, modality: str) -> bool:
    """Whether any utterance has the medium of the modality."""
    return any(getattr(row, MEDIUM[modality]) for row in index.utterances)


def chosen(settings: P, index: Index, modality: str) -> P:
    """The settings; with our own encoder where the wanted one would have nothing to encode, so it is never loaded."""
    return settings if has(index, modality) else settings.model_copy(update={"encoder": _OURS[modality], "head": False})
