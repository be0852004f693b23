"""Tables as rows with their place: CSV of any common delimiter, TSV, Excel, Parquet."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emotion.core.errors import EmotionError
from emotion.core.tables import LARGEST_CELL
from emotion.core.text import counted, shortened
from emotion.corpus.columns import listed, match
from emotion.corpus.decoding import table_text
from emotion.corpus.names import folded
from emotion.corpus.sheets import sheet_records
from emotion.corpus.text import read_text
from emotion.corpus.utterance import COLUMNS

# Not all that Python calls blank: U+0085 is a leftover of cp1252 that means three dots.
_BLANKS = " \t\r\n\xa0"
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?[,;\t| ]*(?:\r\n|\n|\r)', re.IGNORECASE)
_HEAD = 4 << 20  # characters in which a header ends

Row = tuple[str, dict[str, str]]  # place ("file: line 7"), column -> value
Record = tuple[str, Sequence[str]]  # place, cells


@dataclass(frozen=True)
class Table:
    """A table of somebody's own.

    Attributes:
        columns: those that are ours, in the order of the table.
        others: names of columns that mean nothing here.
        rows: values of our columns, without the rows that are blank.
    """

    columns: tuple[str, ...]
    others: list[str]
    rows: list[Row]


def own_table(path: Path, *, encoding: str, names: Mapping[str, str]) -> Table:
    """Read a table by its suffix.

    Columns without a name and rows without a value are passed over, as spreadsheets leave them behind.

    Args:
        path: a file .csv, .tsv, .xlsx or .parquet.
        encoding: see `table_text`.
        names: the table's own names of columns, see `own_names`.

    Raises:
        EmotionError: it cannot be read, a column is missing or there twice, or a row has other columns than the header.
    """
    sheet = path.suffix.lower() in (".xlsx", ".parquet")
    records = (
        sheet_records(path, names=names)
        if sheet
        else _records(path, table_text(path, encoding=encoding), known={*COLUMNS, *names})
    )
    header = _header(records, path)
    ours, others = match(header, names, path)
    named = [number for number, name in enumerate(header) if name.strip(_BLANKS)]
    head = [folded(header[number]) for number in named]
    nameless = sorted(set(range(len(header))).difference(named))
    needed, filled = 0 if sheet else named[-1] + 1, set[int]()
    rows: list[Row] = []
    for place, cells in records:
        if not any(cell.strip(_BLANKS) for cell in cells):
            continue
        if len(cells) < needed or any(cell.strip(_BLANKS) for cell in cells[len(header) :]):
            raise _odd(place, len(cells), len(header))
        if [folded(cell) for cell in cells if cell.strip(_BLANKS)] == head:
            raise EmotionError(f"{place}: the header once more; remove this line")
        filled.update(number for number in nameless if _cell(cells, number))
        rows.append((place, {name: _cell(cells, number) for name, number in ours.items()}))
    return Table(tuple(ours), others + [f"(column {number + 1} without a name)" for number in sorted(filled)], rows)


def csv_rows(path: Path, *, required: Sequence[str]) -> Iterator[Row]:
    """Read a CSV file of a release, with a header; comma, semicolon or tab.

    Args:
        path: the file; see `read_text` for its encoding.
        required: columns it must have; others are given too.

    Yields:
        The row's place (with its first line) and its values without surrounding blanks; empty lines are passed over.

    Raises:
        EmotionError: no header, a column is missing or twice there, or a row is no CSV or has more or fewer columns.
    """
    records = _records(path, read_text(path), known={folded(name) for name in required})
    header = check_header(path, _header(records, path), required=required)
    for place, cells in records:
        if len(cells) != len(header):
            raise _odd(place, len(cells), len(header))
        yield place, {name: cell.strip(_BLANKS) for name, cell in zip(header, cells, strict=True)}


def check_header(path: Path, columns: Sequence[str], *, required: Sequence[str]) -> list[str]:
    """Names of the columns without surrounding blanks.

    Raises:
        EmotionError: a required one is missing, or one is there twice.
    """
    names = [name.strip() for name in columns]
    counts = Counter(names)
    missing = [name for name in required if name not in counts]
    if missing:
        raise EmotionError(f"{path}: no column {', '.join(missing)}; its columns are {listed(names)}; rename or add")
    double = [name for name, count in counts.items() if count > 1]
    if double:
        raise EmotionError(f"{path}: column {shortened(double[0])} is there twice; rename one")
    return names


def _records(path: Path, text: str, *, known: set[str]) -> Iterator[Record]:
    """The lines of a CSV file that are not empty, the header first."""
    separator = _SEPARATOR.match(text)  # a line that is meant for Excel
    skipped = 1 if separator else 0
    source = io.StringIO(text[separator.end() :] if separator else text, newline="")
    delimiter = separator[1] if separator else _delimiter(text[:_HEAD], known)
    first = 1 + skipped
    lines = csv.reader(source, delimiter=delimiter, strict=True)
    try:
        for values in lines:
            place, first = f"{path}: line {first}", lines.line_num + skipped + 1
            if values:
                yield place, values
    except csv.Error as error:
        if "field limit" in str(error):
            reason = f"a cell of more than {LARGEST_CELL >> 20} MiB: a quote may be missing"
        else:
            reason = shortened(str(error))
        raise EmotionError(f"{path}: line {first} is no CSV ({reason}); fix its quotes") from None


def _delimiter(head: str, known: set[str]) -> str:
    """The delimiter by which the header has most of the names that are known, or else most cells."""

    def sense(delimiter: str) -> tuple[int, int]:
        try:
            cells = next((row for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if row), [])
        except csv.Error:
            cells = []
        return sum(folded(cell) in known for cell in cells), len(cells)

    return max(",;\t|", key=sense)


def _header(records: Iterator[Record], path: Path) -> Sequence[str]:
    for _, cells in records:
        if any(cell.strip(_BLANKS) for cell in cells):
            return cells
    raise EmotionError(f"{path}: empty, expected a header with utterance, label and the names of other columns")


def _cell(cells: Sequence[str], number: int) -> str:
    return cells[number].strip(_BLANKS) if number < len(cells) else ""


def _odd(place: str, found: int, expected: int) -> EmotionError:
    return EmotionError(
        f"{place} has {counted(found, 'columns')}, expected {expected}; quote texts that hold the delimiter"
    )
