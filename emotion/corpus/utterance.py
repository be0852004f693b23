"""One utterance of a conversation, and the index file that lists them all."""

import csv
import hashlib
import io
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from emotion.errors import EmotionError

SPLITS = ("train", "validation", "test")
SIDES = ("left", "right", "full")
_NUMBERS: Final[Mapping[str, type[int] | type[float]]] = {"turn": int, "start": float, "end": float}
_MEND = "run the index stage again: dvc repro index"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One turn of a dialogue; the fields are the columns of the index file.

    Attributes:
        utterance: id, unique in the corpus.
        dialogue: id of its dialogue.
        turn: position in the dialogue, rising; turns that were skipped leave gaps.
        speaker: unique per person of the corpus, e.g. `Ses01_F`.
        start: s from the beginning of the dialogue's media.
        end: s from the beginning of the dialogue's media.
        label: emotion, '' where it is hidden.
        split: train, validation or test.
        text: what is said.
        audio: posix path relative to the corpus root, '' where there is none.
        video: posix path relative to the corpus root, '' where there is none.
        side: which half of the picture shows the speaker: left, right or full.
    """

    utterance: str
    dialogue: str
    turn: int
    speaker: str
    start: float
    end: float
    label: str
    split: str
    text: str
    audio: str
    video: str
    side: str


COLUMNS = tuple(field.name for field in fields(Utterance))


@dataclass(frozen=True)
class Index:
    """The utterances of a corpus in dialogue, then turn order.

    Attributes:
        utterances: the rows.
        labels: names of the classes, in the order of their numbers.
        corpus: name of the corpus.
        digest: sha256 (hex) of what extraction depends on: all columns of the rows but label and split.
    """

    utterances: tuple[Utterance, ...]
    labels: tuple[str, ...]
    corpus: str
    digest: str


def write_index(
    path: Path, utterances: Sequence[Utterance], *, labels: Sequence[str], corpus: str, notes: Mapping[str, Any]
) -> None:
    """Write the index and, beside it, a JSON file with the classes, the counts and what was skipped.

    Both are complete before either appears under its name.

    Args:
        path: e.g. data/index.csv; the other file is then data/index.json.
        utterances: the rows, in dialogue, then turn order.
        labels: names of the classes, in order.
        corpus: name of the corpus.
        notes: reason -> how many were skipped for it.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in utterances)
    counts = Counter((row.split, row.label) for row in utterances)
    about = {
        "corpus": corpus,
        "labels": list(labels),
        "counts": {split: {label: counts[split, label] for label in labels} for split in SPLITS},
        "skipped": dict(notes),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_all({path: table.getvalue(), _sidecar(path): json.dumps(about, indent=2) + "\n"})


def read_index(path: Path, *, test_labels: bool = False) -> Index:
    """Read and check an index.

    Args:
        path: the CSV file; its JSON file lies beside it.
        test_labels: show the labels of the test split; only the final evaluation does.

    Returns:
        The index; labels of the test split are '' unless `test_labels`.

    Raises:
        EmotionError: a file is missing or damaged; the message names file, line and what was expected.
    """
    corpus, labels = _read_sidecar(_sidecar(path))
    rows = tuple(_read_rows(path, labels))
    if not rows:
        raise EmotionError(f"{path}: no utterances; {_MEND}")
    twice = [name for name, count in Counter(row.utterance for row in rows).items() if count > 1]
    if twice:
        raise EmotionError(f"{path}: utterance {twice[0]} is listed twice; {_MEND}")
    digest = hashlib.sha256(repr([astuple(replace(row, label="", split="")) for row in rows]).encode()).hexdigest()
    if not test_labels:
        rows = tuple(replace(row, label="") if row.split == "test" else row for row in rows)
    return Index(rows, labels, corpus, digest)


def _sidecar(path: Path) -> Path:
    return path.with_suffix(".json")


def _write_all(contents: Mapping[Path, str]) -> None:
    partial = {path: path.with_name(path.name + ".partial") for path in contents}
    try:
        for path, content in contents.items():
            partial[path].write_text(content, encoding="utf-8", newline="")
        for path in contents:
            partial[path].replace(path)
    finally:
        for other in partial.values():
            other.unlink(missing_ok=True)


def _read_sidecar(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        corpus, labels = about["corpus"], tuple(about["labels"])
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; {_MEND}") from None
    except (ValueError, KeyError, TypeError):
        raise EmotionError(f"{path}: damaged, expected JSON with corpus and labels; {_MEND}") from None
    return corpus, labels


def _read_rows(path: Path, labels: Sequence[str]) -> Iterator[Utterance]:
    try:
        lines = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True)
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; {_MEND}") from None
    except UnicodeDecodeError:
        raise EmotionError(f"{path}: not UTF-8 text; {_MEND}") from None
    try:
        header = tuple(next(lines, ()))
        if header != COLUMNS:
            raise EmotionError(f"{path}: line 1 has columns {','.join(header)}, expected {','.join(COLUMNS)}; {_MEND}")
        for values in lines:
            yield _read_row(values, labels, where=f"{path}: line {lines.line_num}")
    except csv.Error as error:
        raise EmotionError(f"{path}: line {lines.line_num} is no CSV ({error}); {_MEND}") from None


def _read_row(values: Sequence[str], labels: Sequence[str], *, where: str) -> Utterance:
    if len(values) != len(COLUMNS):
        raise EmotionError(f"{where} has {len(values)} columns, expected {len(COLUMNS)}; {_MEND}")
    row = dict(zip(COLUMNS, values, strict=True))
    turn, start, end = (_number(row, column, kind, where) for column, kind in _NUMBERS.items())
    for column, names in (("label", labels), ("split", SPLITS), ("side", SIDES)):
        if row[column] not in names:
            raise EmotionError(f"{where}: {column} is {row[column]!r}, expected one of {', '.join(names)}; {_MEND}")
    for column in ("utterance", "dialogue", "speaker"):
        if not row[column]:
            raise EmotionError(f"{where}: {column} is empty; {_MEND}")
    for column in ("audio", "video"):
        inside = PurePosixPath(row[column])
        if inside.is_absolute() or ".." in inside.parts:
            raise EmotionError(f"{where}: {column} is {row[column]!r}, expected a path inside the corpus; {_MEND}")
    if end <= start:
        raise EmotionError(f"{where}: end {end} s is not after start {start} s; {_MEND}")
    return Utterance(
        utterance=row["utterance"],
        dialogue=row["dialogue"],
        turn=int(turn),
        speaker=row["speaker"],
        start=start,
        end=end,
        label=row["label"],
        split=row["split"],
        text=row["text"],
        audio=row["audio"],
        video=row["video"],
        side=row["side"],
    )


def _number(row: Mapping[str, str], column: str, kind: type[int] | type[float], where: str) -> float:
    try:
        value = kind(row[column])
    except ValueError:
        value = kind(-1)
    if not 0 <= value < math.inf:
        raise EmotionError(f"{where}: {column} is {row[column]!r}, expected a number >= 0; {_MEND}")
    return value
