"""Tables of foreign text: CSV that no spreadsheet takes for formulas, Markdown that no cell can break."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from emotion.core.text import printable

LARGEST_CELL = 1 << 24  # bytes; Python's own limit of 128 kB is below what people say in an hour
csv.field_size_limit(max(LARGEST_CELL, csv.field_size_limit()))

_FORMULA = re.compile(r"'*[=+\-@\t\r]")  # how a cell begins that a spreadsheet would run
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKUP = re.compile(r"[\\`|*\[\]~$]|(?<!\w)_|_(?!\w)")  # an underscore inside a word is none


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV with line ends of one character; `csv_rows` reads it back as it was.

    Args:
        header: names of the columns.
        rows: their values. A text that a spreadsheet would run as a formula gets a `'` before it, in the header too.
    """
    return "".join(map(_line, ([_shielded(value) for value in row] for row in [header, *rows])))


def csv_rows(text: str) -> Iterator[list[str]]:
    """The rows of `csv_text`, the header first.

    Raises:
        csv.Error: it is no CSV.
    """
    for row in csv.reader(io.StringIO(text, newline=""), strict=True):
        yield [cell[1:] if cell.startswith("'") and _runs(cell[1:]) else cell for cell in row]


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]], *, figures: bool = False) -> str:
    """A table in Markdown, without a line end after it; nothing in a cell is markup.

    Args:
        header: names of the columns.
        rows: their values.
        figures: all columns but the first hold figures, which end at the right.
    """
    rule = ["---", *["---:" if figures else "---"] * (len(header) - 1)]
    lines = [[_cell(name) for name in header], rule, *([_cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def markdown_text(text: object) -> str:
    """Foreign text inside a line of Markdown: nothing in it is markup."""
    return _MARKUP.sub(r"\\\g<0>", printable(str(text)).translate(_ENTITIES))


_cell = markdown_text


def _line(row: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(row)  # with "\n" a lone "\r" in a cell would not be quoted
    return line.getvalue().removesuffix("\r\n") + "\n"


def _runs(text: str) -> bool:
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


def _shielded(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _runs(value) else value
