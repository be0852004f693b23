"""A reader of one's own in `plugins/`: a function that gives the rows which a table of one's own would have.

So everything that is checked, drawn and noted of a table is so of its rows. plugins/README.md says what it must look
like.
"""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.corpus.reading import Notes, Reading
from emotion.corpus.rows import Row, Table
from emotion.corpus.table import read_rows
from emotion.corpus.utterance import COLUMNS

_PROTOCOL = "see plugins/README.md"


def read_own(name: str, root: Path) -> Reading:
    """Read a corpus by a reader of one's own, `plugins/FILE.py:NAME`, which is given the corpus's folder.

    Raises:
        EmotionError: there is no such reader, it fails, or a row cannot be used; names file, row, what was found and
            what was expected.
    """
    read = plugins.load(name)
    if not callable(read) or isinstance(read, type):
        raise EmotionError(f"{name} is {type(read).__name__}, expected a function of the corpus's folder; {_PROTOCOL}")
    plugins.check_arguments(name, read, ["root"], ())
    with plugins.running(name, f"cannot read {root}", passes=(EmotionError,)):
        given = read(root)
        rows = list(given) if isinstance(given, Iterable) else None
    if rows is None:
        raise EmotionError(f"{name} gives {type(given).__name__}, expected rows, i.e. dicts; {_PROTOCOL}")
    if not rows:
        raise EmotionError(f"{root}: {name} found no utterance there; expected another folder, or correct the reader")
    found = [_row(row, f"{name}: row {number}", root) for number, row in enumerate(rows, start=1)]
    columns = [column for column in COLUMNS if any(column in row for _, row in found)]
    filled = [(place, {column: row.get(column, "") for column in columns}) for place, row in found]
    return read_rows(Table(tuple(columns), [], filled), root, path=plugins.path_of(name), notes=Notes())


def _row(row: object, place: str, root: Path) -> Row:
    """A row with all its values as text."""
    if not isinstance(row, Mapping):
        raise EmotionError(f"{place} is {quoted(row, most=60)}, expected a dict; {_PROTOCOL}")
    for column in row:
        if column not in COLUMNS:
            near = difflib.get_close_matches(str(column), COLUMNS, n=1)
            raise EmotionError(
                f"{place}: column {quoted(column, most=40)} means nothing here, expected some of {', '.join(COLUMNS)}"
                + "".join(f"; did you mean {name}?" for name in near)
            )
    for column in ("utterance", "label"):
        if column not in row:
            raise EmotionError(f"{place}: column {column} is missing; {_PROTOCOL}")
    return place, {column: _text(value, f"{place}: column {column}", root) for column, value in row.items()}


def _text(value: object, place: str, root: Path) -> str:
    """A value as the text of a cell; None and NaN, the empty cell of pandas, are empty."""
    if isinstance(value, Path):
        return (value.relative_to(root) if value.is_relative_to(root) else value).as_posix()
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return ""
    if not isinstance(value, str | int | float | np.number):
        raise EmotionError(
            f"{place} is of type {type(value).__name__}, expected a text, a number, None or a path; {_PROTOCOL}"
        )
    return str(value).strip()
