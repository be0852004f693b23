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
from emotion.corpus.cells import folded
from emotion.corpus.columns import listed, match
from emotion.corpus.decoding import read_text, table_text
from emotion.corpus.sheets import sheet_records
from emotion.corpus.utterance import COLUMNS

# Not all that Python calls blank: U+0085 is a leftover of cp1252 that means three dots.
_BLANKS = " \t\r\n\xa0"
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?[,;\t| ]*(?:\r\n|\n|\r)', re.IGNORECASE)
_HEAD = 4 << 20  # characters in which a header ends

Row = tuple[str, dict[str, str]]  # place ("file: line 7"), column -> value
Record = tuple[str, Sequence[str]]  # place, cells


@dataclass(frozen=True)
class Table:
    """A table of somebody's own."""

    columns: tuple[str, ...]  # those that are ours, in the order of the table
    others: list[str]  # names of columns that mean nothing here
    rows: list[Row]  # values of our columns, without the rows that are blank


def own_table(path: Path, *, encoding: str, names: Mapping[str, str]) -> Table:
    """Read a table by its suffix: .csv, .tsv, .xlsx or .parquet; for `names` see `own_names`.

    Columns without a name and rows without a value are passed over, as spreadsheets leave them behind.

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
    needed, used = 0 if sheet else named[-1] + 1, set[int]()
    rows: list[Row] = []
    for place, values in records:
        cells = [value.strip(_BLANKS) for value in values]
        if not any(cells):
            continue
        if len(cells) < needed or any(cells[len(header) :]):
            raise _odd(place, len(cells), len(header))
        if [folded(cell) for cell in cells if cell] == head:
            raise EmotionError(f"{place}: the header once more; remove this line")
        cells += [""] * (len(header) - len(cells))
        used.update(number for number in nameless if cells[number])
        rows.append((place, {name: cells[number] for name, number in ours.items()}))
    return Table(tuple(ours), others + [f"(column {number + 1} without a name)" for number in sorted(used)], rows)


def csv_rows(path: Path, *, required: Sequence[str]) -> Iterator[Row]:
    """Read a CSV file of a release, with a header; comma, semicolon or tab; for its encoding see `read_text`.

    Yields:
        The row's place (with its first line) and its values without surrounding blanks, also of columns that are not
        required; empty lines are passed over.

    Raises:
        EmotionError: no header, a column is missing or twice there, or a row is no CSV or has more or fewer columns.
    """
    records = _records(path, read_text(path), known={folded(name) for name in required})
    header = [name.strip() for name in _header(records, path)]
    missing = [name for name in required if name not in header]
    if missing:
        raise EmotionError(f"{path}: no column {', '.join(missing)}; its columns are {listed(header)}; rename or add")
    for name, count in Counter(header).items():
        if count > 1:
            raise EmotionError(f"{path}: column {shortened(name)} is there twice; rename one")
    for place, cells in records:
        if len(cells) != len(header):
            raise _odd(place, len(cells), len(header))
        yield place, {name: cell.strip(_BLANKS) for name, cell in zip(header, cells, strict=True)}


def _records(path: Path, text: str, *, known: set[str]) -> Iterator[Record]:
    """The lines of a CSV file that are not empty, the header first."""
    separator = _SEPARATOR.match(text)  # a line that is meant for Excel
    skipped = 1 if separator else 0
    delimiter = separator[1] if separator else _delimiter(text[:_HEAD], known)
    source = io.StringIO(text[separator.end() :] if separator else text, newline="")
    lines, first = csv.reader(source, delimiter=delimiter, strict=True), 1 + skipped
    try:
        for values in lines:
            place, first = f"{path}: line {first}", lines.line_num + skipped + 1
            if values:
                yield place, values
    except csv.Error as error:
        long = f"a cell of more than {LARGEST_CELL >> 20} MiB: a quote may be missing"
        reason = long if "field limit" in str(error) else shortened(str(error))
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


def _odd(place: str, found: int, expected: int) -> EmotionError:
    return EmotionError(
        f"{place} has {counted(found, 'columns')}, expected {expected}; quote texts that hold the delimiter"
    )
