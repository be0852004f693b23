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
from emotion.corpus import sides

SPLITS = ("train", "validation", "test")
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
        label: emotion, '' where it is hidden, or where the raters have no majority (`index.ambiguous`).
        split: train, validation or test, '' where it is not yet known.
        text: what is said.
        audio: posix path relative to the corpus root, '' where there is none.
        video: posix path relative to the corpus root, '' where there is none.
        side: which part of the picture shows the speaker: left, right, full, or `box l t r b`; see `corpus.sides`.
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
    split: str = ""
    text: str = ""
    audio: str = ""
    video: str = ""
    side: str = "full"
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
    nothing of the labels of the test set but how many there are. `notes` says how many were skipped for which reason.

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
        with writing(path.with_suffix(".json")) as second:
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
    corpus, labels = _read_sidecar(path.with_suffix(".json"))
    rows = tuple(_read_rows(path, labels))
    if not rows:
        raise EmotionError(f"{path}: no utterances; {_REMEDY}")
    twice = [name for name, count in Counter(row.utterance for row in rows).items() if count > 1]
    if twice:
        raise EmotionError(f"{path}: utterance {quoted(twice[0])} is listed twice; {_REMEDY}")
    digest = digest_of(rows)
    if not test_labels:
        rows = tuple(replace(row, label="") if row.split == "test" else row for row in rows)
    return Index(rows, labels, corpus, digest)


def digest_of(rows: Sequence[Utterance]) -> str:
    """See `Index.digest`."""
    extracted = [astuple(replace(row, label="", split="", scenario="", gender="")) for row in rows]
    return hashlib.sha256(repr(extracted).encode()).hexdigest()


def _read_sidecar(path: Path) -> tuple[str, tuple[str, ...]]:
    content = _content(path)
    try:
        about = json.loads(content)
        corpus, labels = about["corpus"], tuple(about["labels"])
    except (ValueError, KeyError, TypeError, RecursionError):
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
            yield read_row(values, labels, where=f"{path}: line {line}")
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


def read_row(values: Sequence[str], labels: Sequence[str], *, where: str, remedy: str = _REMEDY) -> Utterance:
    """An utterance of the texts of its columns, in the order of `COLUMNS`.

    Args:
        values: the texts.
        labels: names of the classes.
        where: names the row in messages.
        remedy: what to do about a wrong one.

    Raises:
        EmotionError: a value is impossible.
    """
    if len(values) != len(COLUMNS):
        raise EmotionError(f"{where} has {len(values)} columns, expected {len(COLUMNS)}; {remedy}")
    row: dict[str, Any] = dict(zip(COLUMNS, values, strict=True))
    numbers = {column: _number(row[column], kind) for column, kind in _NUMBERS.items()}
    choices = {"label": ("", *labels), "split": SPLITS}
    side = sides.tidy_side(row["side"])
    wrong = [(column, "a number >= 0") for column, number in numbers.items() if number is None]
    wrong += [
        (name, f"one of {shortened(', '.join(filter(None, of)))}")
        for name, of in choices.items()
        if row[name] not in of
    ]
    wrong += [("side", sides.EXPECTED)] if side is None else []
    wrong += [(column, "text on one line") for column in NAMED if not is_printable(row[column])]
    wrong += [(column, "a path inside the corpus") for column in ("audio", "video") if _leads_out(row[column])]
    for column, expected in wrong:
        raise EmotionError(f"{where}: {column} is {quoted(row[column])}, expected {expected}; {remedy}")
    for column in ("utterance", "dialogue", "speaker"):
        if not row[column]:
            raise EmotionError(f"{where}: {column} is empty; {remedy}")
    found = Utterance(**row | numbers | {"side": side})
    if found.end <= found.start:
        raise EmotionError(f"{where}: end {found.end} s is not after start {found.start} s; {remedy}")
    return found


def _number(text: str, kind: type[int] | type[float]) -> float | None:
    try:
        value = kind(text)
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None


def _leads_out(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts


def session_of(dialogue: str) -> str:
    """The session in a dialogue's id as IEMOCAP writes it, e.g. `Ses01`; '' where it names none."""
    match = re.match(r"Ses\d\d", dialogue)
    return match[0] if match else ""
