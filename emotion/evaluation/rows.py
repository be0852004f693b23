"""The tables that stages write (training.csv, probabilities.csv, predictions.csv), read again.

A file that cannot be used is one line: its name, what was found, what was expected, which command makes it again.
"""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.tables import csv_rows
from emotion.core.text import printable, quoted, shortened
from emotion.corpus.utterance import Index, Utterance

LEAST = 5e-7  # a probability that is 0 with six decimals: its logarithm is finite
FUSE = "run the fuse stage again: dvc repro fuse"
CURVE = ("epoch", "train_loss", "validation_loss", "validation_weighted_f1")
_MOST = 256 << 20  # bytes of a table


def read_rows(path: Path, *, remedy: str) -> list[dict[str, str]]:
    """The rows of a CSV file, each column -> cell; a line that is too short lacks its last columns.

    Raises:
        EmotionError: it is missing, unreadable, a pipe, too large, no UTF-8, no CSV, or empty; says the remedy.
    """
    return parse_rows(read_text(path, remedy=remedy), path, remedy=remedy)


def parse_rows(text: str, where: Path, *, remedy: str) -> list[dict[str, str]]:
    """The same of the text of a file; `where` is its name, for messages."""
    header, *lines = parse_lines(text, where, remedy=remedy)
    return [dict(zip(header, line, strict=False)) for line in lines]


def parse_lines(text: str, where: Path, *, remedy: str) -> list[list[str]]:
    """The same as lists of cells, one at least; the header is the first. EmotionError where it is no CSV, or empty."""
    try:
        lines = list(csv_rows(text))
    except csv.Error as error:
        raise EmotionError(f"{where}: damaged ({shortened(str(error))}), expected CSV; {remedy}") from None
    if not lines:
        raise EmotionError(f"{where}: is empty and holds no table, expected CSV with a header; {remedy}")
    return lines


def read_text(path: Path, *, remedy: str) -> str:
    """The UTF-8 text of a file.

    Raises:
        EmotionError: it is missing, unreadable, a pipe, too large or no UTF-8.
    """
    check_waits(path)
    try:
        if path.stat().st_size > _MOST:
            raise EmotionError(f"{path}: larger than {_MOST >> 20} MiB, expected a table; {remedy}")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; {remedy}") from None
    except UnicodeDecodeError as error:
        raise EmotionError(f"{path}: damaged ({shortened(str(error))}), expected text in UTF-8; {remedy}") from None
    except OSError as error:
        raise cannot("be read", path, error) from None


def read_curve(path: Path) -> dict[str, NDArray[np.float64]]:
    """The training curve: each column of `CURVE` with one number per epoch, (epochs,).

    Raises:
        EmotionError: it cannot be read (see `read_rows`), has no epoch, or a cell is no finite number.
    """
    rows = read_rows(path, remedy=FUSE)
    if not rows:
        raise EmotionError(f"{path}: holds no epoch, expected one line for each; {FUSE}")
    try:
        return {name: np.array([finite(row.get(name)) for row in rows]) for name in CURVE}
    except ValueError as error:
        raise EmotionError(
            f"{path}: damaged, expected the columns {','.join(CURVE)} with numbers, found {error}; {FUSE}"
        ) from None


def finite(cell: str | None) -> float:
    """The number in a cell; None = the row has no such column.

    Raises:
        ValueError: it holds none, or one that is not finite; the message is what was found.
    """
    if cell is None:
        raise ValueError("nothing")
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(quoted(cell))
    return value


def read_probabilities(path: Path, index: Index, known: Sequence[Utterance]) -> NDArray[np.float64]:
    """What a model said of some utterances of one split.

    Args:
        path: probabilities.csv.
        index: whose labels are the columns.
        known: the utterances.

    Returns:
        (n, c) float64.

    Raises:
        EmotionError: it is missing or damaged, or lacks one of them.
    """
    rows = {row.get("utterance"): row for row in read_rows(path, remedy=FUSE)}
    absent = [row for row in known if row.utterance not in rows]
    if absent:
        raise EmotionError(
            f"{path}: {len(absent)} utterances of split {absent[0].split} are missing, e.g. "
            f"{printable(absent[0].utterance)}; {FUSE}"
        )
    try:
        values = [[finite(rows[row.utterance].get(label)) for label in index.labels] for row in known]
    except ValueError as error:
        raise EmotionError(
            f"{path}: expected a number for each of {named(index.labels)}, found {error}; {FUSE}"
        ) from None
    return np.array(values, dtype=np.float64).reshape(len(known), len(index.labels))


def named(labels: Sequence[str]) -> str:
    """Names of classes for one line."""
    return shortened(", ".join(labels))
