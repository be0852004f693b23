"""One utterance of a conversation, and the index file that lists them all."""

import csv
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.files import sync, writing
from emotion.core.tables import csv_rows, csv_text
from emotion.core.text import is_printable, quoted, shortened

SPLITS = ("train", "validation", "test")
SIDES = ("left", "right", "full")
_NUMBERS: Final[Mapping[str, type[int] | type[float]]] = {"turn": int, "start": float, "end": float}
NAMED = ("utterance", "dialogue", "speaker", "label", "scenario", "gender")  # what goes into tables and messages
_REMEDY = "write it again: dvc repro index (for imported features: emotion import)"


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
        scenario: what is played or talked about, e.g. `script02`; dialogues with the same one are likenesses of each
            other. '' where it is unknown.
        gender: of the speaker, F or M as in IEMOCAP, or the corpus's own word; '' where it is unknown.
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
    scenario: str = ""
    gender: str = ""


COLUMNS = tuple(field.name for field in fields(Utterance))


@dataclass(frozen=True)
class Index:
    """The utterances of a corpus in dialogue, then turn order.

    Attributes:
        utterances: the rows.
        labels: names of the classes, in the order of their numbers.
        corpus: name of the corpus.
        digest: sha256 (hex) of what extraction depends on: all columns but label, split, scenario and gender.
    """

    utterances: tuple[Utterance, ...]
    labels: tuple[str, ...]
    corpus: str
    digest: str


def write_index(
    path: Path, utterances: Sequence[Utterance], *, labels: Sequence[str], corpus: str, notes: Mapping[str, Any]
) -> None:
    """Write the index and, beside it, a JSON file with the classes, the counts and what was skipped.

    Both are complete before either appears under its name. The JSON file is an input of every stage, so it says
    nothing of the labels of the test set but how many there are.

    Args:
        path: e.g. data/index.csv; the other file is then data/index.json.
        utterances: the rows, in dialogue, then turn order.
        labels: names of the classes, in order.
        corpus: name of the corpus.
        notes: reason -> how many were skipped for it.

    Raises:
        Busy: another process is writing the index.
        EmotionError: one of the files cannot be written; both are as they were.
    """
    counts = Counter((row.split, row.label) for row in utterances)
    about = {
        "corpus": corpus,
        "labels": list(labels),
        "counts": {split: {label: counts[split, label] for label in labels} for split in SPLITS if split != "test"},
        "test": sum(row.split == "test" for row in utterances),
        "skipped": dict(notes),
    }
    table, sidecar = csv_text(COLUMNS, (astuple(row) for row in utterances)), json.dumps(about, indent=2) + "\n"
    with writing(path) as first:
        first.write_text(table, encoding="utf-8", newline="")
        sync(first)
        with writing(_sidecar(path)) as second:
            second.write_text(sidecar, encoding="utf-8")


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
        raise EmotionError(f"{path}: no utterances; {_REMEDY}")
    twice = [name for name, count in Counter(row.utterance for row in rows).items() if count > 1]
    if twice:
        raise EmotionError(f"{path}: utterance {quoted(twice[0])} is listed twice; {_REMEDY}")
    digest = hashlib.sha256(repr([_of_extraction(row) for row in rows]).encode()).hexdigest()
    if not test_labels:
        rows = tuple(replace(row, label="") if row.split == "test" else row for row in rows)
    return Index(rows, labels, corpus, digest)


def _of_extraction(row: Utterance) -> tuple[Any, ...]:
    return astuple(replace(row, label="", split="", scenario="", gender=""))


def _sidecar(path: Path) -> Path:
    return path.with_suffix(".json")


def _read_sidecar(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        about = json.loads(_content(path))
        corpus, labels = about["corpus"], tuple(about["labels"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, EmotionError):
            raise
        raise EmotionError(f"{path}: damaged, expected JSON with corpus and labels; {_REMEDY}") from None
    if not isinstance(corpus, str) or not labels or not all(isinstance(label, str) for label in labels):
        raise EmotionError(f"{path}: damaged, expected a corpus and names of classes; {_REMEDY}")
    return corpus, labels


def _read_rows(path: Path, labels: Sequence[str]) -> Iterator[Utterance]:
    lines = csv_rows(_content(path))
    line = 1
    try:
        _check_header(tuple(next(lines, ())), path)
        for values in lines:
            line += 1 + sum(value.count("\n") for value in values)
            yield _read_row(values, labels, where=f"{path}: line {line}")
    except csv.Error as error:
        raise EmotionError(f"{path}: line {line + 1} is no CSV ({shortened(str(error))}); {_REMEDY}") from None


def _content(path: Path) -> str:
    check_waits(path)
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; {_REMEDY}") from None
    except UnicodeDecodeError:
        raise EmotionError(f"{path}: not UTF-8 text; {_REMEDY}") from None
    except OSError as error:
        raise cannot("be read", path, error) from None


def _check_header(header: tuple[str, ...], path: Path) -> None:
    if header == COLUMNS:
        return
    missing = [name for name in COLUMNS if name not in header]
    if header and header == COLUMNS[: len(header)]:
        raise EmotionError(
            f"{path}: written by an earlier version, it has no column {' nor '.join(missing)}; {_REMEDY}"
        )
    found = shortened(",".join(header))
    raise EmotionError(f"{path}: line 1 has columns {found}, expected {','.join(COLUMNS)}; {_REMEDY}")


def _read_row(values: Sequence[str], labels: Sequence[str], *, where: str) -> Utterance:
    if len(values) != len(COLUMNS):
        raise EmotionError(f"{where} has {len(values)} columns, expected {len(COLUMNS)}; {_REMEDY}")
    row = dict(zip(COLUMNS, values, strict=True))
    turn, start, end = (_number(row, column, kind, where) for column, kind in _NUMBERS.items())
    for column, names in (("label", labels), ("split", SPLITS), ("side", SIDES)):
        if row[column] not in names:
            raise EmotionError(
                f"{where}: {column} is {quoted(row[column])}, expected one of {shortened(', '.join(names))}; {_REMEDY}"
            )
    for column in ("utterance", "dialogue", "speaker"):
        if not row[column]:
            raise EmotionError(f"{where}: {column} is empty; {_REMEDY}")
    for column in NAMED:
        if not is_printable(row[column]):
            raise EmotionError(f"{where}: {column} is {quoted(row[column])}, expected text on one line; {_REMEDY}")
    for column in ("audio", "video"):
        inside = PurePosixPath(row[column])
        if inside.is_absolute() or ".." in inside.parts:
            raise EmotionError(
                f"{where}: {column} is {quoted(row[column])}, expected a path inside the corpus; {_REMEDY}"
            )
    if end <= start:
        raise EmotionError(f"{where}: end {end} s is not after start {start} s; {_REMEDY}")
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
        scenario=row["scenario"],
        gender=row["gender"],
    )


def _number(row: Mapping[str, str], column: str, kind: type[int] | type[float], where: str) -> float:
    try:
        value = kind(row[column])
    except ValueError:
        value = kind(-1)
    if not 0 <= value < math.inf:
        raise EmotionError(f"{where}: {column} is {quoted(row[column])}, expected a number >= 0; {_REMEDY}")
    return value


def session_of(dialogue: str) -> str:
    """The session in a dialogue's id as IEMOCAP writes it, e.g. `Ses01`; '' where it names none."""
    match = re.match(r"Ses\d\d", dialogue)
    return match[0] if match else ""
