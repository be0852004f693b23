"""Which utterances trained an encoder or a classifier, so that what they are scored on can be kept apart from them.

In a cache (`emotion.store.layout`):

    attribute trained_on   `listed`: two datasets have the digests; `nothing`: no training came before (face clips,
                           frozen checkpoints); `unknown`: imported features, nobody can tell
    dataset trained_on     (m, 16) uint8, sorted, each once: the utterances that were trained on
    dataset chosen_on      (k, 16) uint8, likewise: those by which the best epoch was chosen

In a model's folder (trained_on.json): the same two lists in hex, and the sha256 of every other file of the folder, so
that the lists and the weights belong together.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError, cannot
from emotion.core.files import write_text
from emotion.core.objects import read_object

NAME = "trained_on"
LISTS = (NAME, "chosen_on")
LISTED, NOTHING, UNKNOWN = "listed", "nothing", "unknown"
SIZE = 16  # bytes of a digest
RECORD = "trained_on.json"
_MOST = 1 << 28  # bytes of a record: some four million utterances


@dataclass(frozen=True, slots=True)
class Training:
    """Digests of the utterances that something was trained on, and of those by which its epoch was chosen.

    Attributes:
        trained_on: empty where no training came before.
        chosen_on: likewise.
        unknown: modalities of a classifier whose encoders came from elsewhere, so that nobody knows what they know.
    """

    trained_on: frozenset[bytes] = frozenset()
    chosen_on: frozenset[bytes] = frozenset()
    unknown: tuple[str, ...] = ()

    @classmethod
    def of(cls, trained_on: Iterable[str], chosen_on: Iterable[str]) -> "Training":
        """From the utterances' ids."""
        return cls(frozenset(map(digest, trained_on)), frozenset(map(digest, chosen_on)))

    def __bool__(self) -> bool:
        """Whether there was a training."""
        return bool(self.trained_on or self.chosen_on)

    def as_json(self) -> dict[str, list[str]]:
        """The lists, sorted, in hex."""
        return {name: sorted(item.hex() for item in getattr(self, name)) for name in LISTS}


def digest(utterance: str) -> bytes:
    """The first 16 bytes of sha256 of an utterance's id."""
    return hashlib.sha256(utterance.encode()).digest()[:SIZE]


def state(training: Training | None) -> str:
    """The attribute: `listed`, `nothing` or `unknown`."""
    if training is None:
        return UNKNOWN
    return LISTED if training else NOTHING


def packed(digests: Iterable[bytes]) -> NDArray[np.uint8]:
    """The dataset, (m, 16) uint8."""
    return np.frombuffer(b"".join(sorted(set(digests))), dtype=np.uint8).reshape(-1, SIZE)


def unpacked(rows: NDArray[np.uint8]) -> frozenset[bytes]:
    """The digests of a dataset."""
    return frozenset(row.tobytes() for row in rows)


def write_record(folder: Path, training: Training) -> None:
    """Write trained_on.json into a model's folder, after all its other files."""
    content = {**training.as_json(), "unknown": list(training.unknown), "files": _files(folder)}
    write_text(folder / RECORD, json.dumps(content, indent=1) + "\n")


def read_record(folder: Path, *, remedy: str) -> Training:
    """What trained_on.json says; `remedy` is what makes the model's folder again, for messages.

    Raises:
        EmotionError: there is none (an earlier version wrote the folder), or it is damaged.
    """
    return _training(folder / RECORD, _read(folder, remedy), remedy)


def check_folder(folder: Path, *, remedy: str) -> Training:
    """`read_record`, after a look at whether the folder's files are those that were written with it.

    Raises:
        EmotionError: a file is missing, another one than was written, or too many; or see `read_record`.
    """
    content = _read(folder, remedy)
    found, written = _files(folder), content.get("files")
    for name in sorted({*found, *(written if isinstance(written, Mapping) else ())}):
        if not isinstance(written, Mapping) or found.get(name) != written.get(name):
            what = "is missing" if name not in found else "is not what was written there"
            raise EmotionError(f"{folder / name}: {what}; {remedy}")
    return _training(folder / RECORD, content, remedy)


def _read(folder: Path, remedy: str) -> Mapping[str, object]:
    path = folder / RECORD
    if not path.is_file():
        if not folder.is_dir():
            raise EmotionError(f"{folder}: no such folder; {remedy}")
        raise EmotionError(f"{path}: not found, so an earlier version wrote this folder; {remedy}")
    return read_object(path, most=_MOST, remedy=remedy)


def _training(path: Path, content: Mapping[str, object], remedy: str) -> Training:
    try:
        lists = [_digests(content[name]) for name in LISTS]
        unknown = content["unknown"]
        if not isinstance(unknown, list) or not all(isinstance(name, str) for name in unknown):
            raise ValueError("unknown")
    except (KeyError, ValueError, TypeError):
        raise EmotionError(f"{path}: not the record of a training; {remedy}") from None
    return Training(lists[0], lists[1], tuple(unknown))


def _digests(listed: object) -> frozenset[bytes]:
    if not isinstance(listed, list):
        raise ValueError("no list")
    found = frozenset(bytes.fromhex(item) for item in listed)
    if any(len(item) != SIZE for item in found):
        raise ValueError("no digests")
    return found


def _files(folder: Path) -> dict[str, str]:
    """Sha256 of every file but the record, by its place in the folder; hidden ones (locks) do not count."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != RECORD and not path.name.startswith("."):
            try:
                with path.open("rb") as file:
                    found[name] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise cannot("be read", path, error) from None
    return found
