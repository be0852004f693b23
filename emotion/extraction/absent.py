"""A modality that the corpus does not have at all: nothing is decoded, loaded, fitted or extracted for it."""

from collections.abc import Iterator, Sequence
from functools import partial

from emotion.core import logs
from emotion.core.errors import ABSENT
from emotion.corpus.utterance import Index
from emotion.extraction.engine import Executor, Item, Job, Shard

MEDIUM = {"audio": "audio", "face": "video", "text": "text"}  # columns of the index
_OURS = {"audio": "paper", "face": "paper", "text": "scratch"}


def has(index: Index, modality: str) -> bool:
    """Whether any utterance has the medium of the modality."""
    return any(getattr(row, MEDIUM[modality]) for row in index.utterances)


def encoder_name(index: Index, modality: str, name: str) -> str:
    """The wanted encoder; our own small one, which stays untrained, where it would have nothing to encode."""
    return name if has(index, modality) else _OURS[modality]


def executor(index: Index, modality: str, execute: Executor) -> Executor:
    """Who extracts; where there is nothing to extract, one that says so of every utterance and starts no worker."""
    if has(index, modality):
        return execute
    logs.info(f"{modality}: the corpus has no {MEDIUM[modality]}: nothing to do")
    return partial(_nothing, medium=MEDIUM[modality])


def _nothing(job: Job, shards: Sequence[Shard], *, medium: str) -> Iterator[tuple[int, list[Item]]]:
    for number, rows in shards:
        yield number, [Item(None, f"no {medium}: {ABSENT}")] * len(rows)
