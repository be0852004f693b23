"""Tables as rows with their place: CSV of any common delimiter, TSV, Parquet."""

import csv
import importlib
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from emotion.corpus.text import read_text
from emotion.errors import EmotionError

# Not all that Python calls blank: U+0085 is a leftover of cp1252 that means three dots.
_BLANKS = " \t\r\n\xa0"

Row = tuple[str, dict[str, str]]  # place ("file: line 7"), column -> value


def csv_rows(path: Path, *, required: Sequence[str]) -> Iterator[Row]:
    """Read a CSV file with a header; comma, semicolon or tab, whichever the header has most of.

    Args:
        path: the file; see `read_text` for its encoding.
        required: columns it must have; others are given too.

    Yields:
        The row's place (with its first line) and its values without surrounding blanks; empty lines are passed over.

    Raises:
        EmotionError: no header, a column is missing or twice there, or a row is no CSV or has more or fewer columns.
    """
    text = read_text(path)
    head = text.split("\n", 1)[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    header: list[str] = []
    first = 1
    try:
        for values in lines:
            place, first = f"{path}: line {first}", lines.line_num + 1
            if header and values:
                yield place, _row(header, values, place)
            elif values:
                header = check_header(path, values, required=required)
    except csv.Error as error:
        raise EmotionError(f"{path}: line {first} is no CSV ({error}); mend its quotes") from None
    if not header:
        raise EmotionError(f"{path}: empty, expected a header with {', '.join(required)}")


def parquet_rows(path: Path, *, required: Sequence[str]) -> Iterator[Row]:
    """Read a Parquet file; the arguments and errors are those of `csv_rows`, places are row numbers from 1."""
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise EmotionError(
            f"{path}: Parquet needs pyarrow: pip install 'emotion[parquet]', or save the table as CSV"
        ) from None
    try:
        table = parquet.read_table(path)
        columns, records = table.column_names, table.to_pylist()
    except (ValueError, OSError) as error:  # ArrowInvalid is a ValueError
        raise EmotionError(f"{path}: not a Parquet file ({' '.join(str(error).split())})") from None
    names = check_header(path, columns, required=required)
    for number, record in enumerate(records, start=1):
        yield f"{path}: row {number}", {name: _plain(value) for name, value in zip(names, record.values(), strict=True)}


def check_header(path: Path, columns: Sequence[str], *, required: Sequence[str]) -> list[str]:
    """Names of the columns without surrounding blanks.

    Raises:
        EmotionError: a required one is missing, or one is there twice.
    """
    names = [name.strip() for name in columns]
    missing = [name for name in required if name not in names]
    if missing:
        raise EmotionError(f"{path}: no column {', '.join(missing)}; its columns are {', '.join(names)}; rename or add")
    double = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if double:
        raise EmotionError(f"{path}: column {double[0]} is there twice; rename one")
    return names


def _row(header: Sequence[str], values: Sequence[str], place: str) -> dict[str, str]:
    if len(values) != len(header):
        raise EmotionError(
            f"{place} has {len(values)} columns, expected {len(header)}; quote texts that hold the delimiter"
        )
    return {name: value.strip(_BLANKS) for name, value in zip(header, values, strict=True)}


def _plain(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # whole numbers become floats where a column has empty cells
    return str(value).strip(_BLANKS)
