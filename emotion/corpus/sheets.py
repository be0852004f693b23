"""Excel and Parquet files, read in a process of its own: what is damaged or hostile costs that process, not ours.

Its memory and its time are limited. What it gives back are cells as text.
"""

import contextlib
import datetime
import math
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from emotion.core.errors import EmotionError
from emotion.core.processes import Lost, run
from emotion.core.text import quoted, shortened
from emotion.corpus.columns import match
from emotion.corpus.decoding import check_plain

MEMORY, TIME = 5 << 29, 45.0  # bytes and s that reading a table may take
_ROWS, _CELLS, _LETTERS = 1 << 21, 10_000_000, 1 << 27  # of a table
_PARTS, _UNPACKED = 5_000, 128 << 20  # of an Excel file
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_NEEDS = {".xlsx": ("Excel", "openpyxl", "xlsx"), ".parquet": ("Parquet", "pyarrow", "parquet")}

Row = tuple[object, ...]


def sheet_records(path: Path, *, names: Mapping[str, str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Places and cells of an Excel or Parquet file, the header first; rows end with their last value.

    Of several sheets the one called `utterances` is read, or else the first. For `names` see `own_names`.

    Raises:
        EmotionError: it cannot be read, or is larger than tables are.
    """
    check_plain(path)
    ((_, found),) = run(_read, [(path, dict(names))], workers=1, start=_limit, limit=lambda _: TIME)
    if isinstance(found, Lost):
        raise EmotionError(f"{path}: cannot be read: {found.why}; save the table as CSV")
    yield from ((f"{path}: row {number}", cells) for number, cells in found)


def _limit() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no limits, macOS not all of them
        resource: Any = import_module("resource")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _read(task: tuple[Path, Mapping[str, str]]) -> list[tuple[int, list[str]]]:
    path, names = task
    kind, library, extra = _NEEDS[path.suffix.lower()]
    try:
        import_module(library)
    except ImportError:
        raise EmotionError(
            f"{path}: {kind} needs {library}: pip install -e '.[{extra}]' where the project is, or save it as CSV"
        ) from None
    try:
        rows = _excel(path) if kind == "Excel" else _parquet(path, names)
        return list(_bounded(rows, path))
    except EmotionError:
        raise
    except MemoryError:
        raise EmotionError(f"{path}: needs more than {MEMORY >> 20} MiB of memory; save the table as CSV") from None
    except Exception as error:  # both libraries raise whatever their parsers meet in a damaged file
        reason = shortened(str(error)) or type(error).__name__
        raise EmotionError(f"{path}: not {'an' if kind == 'Excel' else 'a'} {kind} file ({reason})") from None


def _bounded(rows: Iterable[Iterable[object]], path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers from 1, values as text; blank rows are left out."""
    cells = letters = 0
    for number, values in enumerate(rows, start=1):
        row = [_plain(value) for value in values]
        cells += len(row) + 1
        while row and not row[-1]:
            row.pop()
        letters += sum(map(len, row))
        if number > _ROWS or cells > _CELLS or letters > _LETTERS:
            raise EmotionError(f"{path}: row {number}: more cells or letters than a table has; split the corpus")
        if row:
            yield number, row


def _excel(path: Path) -> Iterator[Row]:
    _check_archive(path)
    openpyxl: Any = import_module("openpyxl")
    with warnings.catch_warnings(), path.open("rb") as file:
        warnings.simplefilter("ignore")  # styles and extensions are no matter here
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise EmotionError(f"{path}: has no visible sheet, expected one with the table")
        sheet = next((sheet for sheet in sheets if str(sheet.title).strip().casefold() == "utterances"), sheets[0])
        sheet.reset_dimensions()  # some programs write wrong ones
        with zipfile.ZipFile(path) as archive:
            parts = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/.*\.xml", name, re.DOTALL)]
            told = any(_FORMULA.search(archive.read(name)) for name in parts)
        if not told:
            yield from sheet.iter_rows(values_only=True)
            return
        formulas = openpyxl.load_workbook(file, read_only=True, keep_links=False)[sheet.title]
        formulas.reset_dimensions()
        yield from _with_values(sheet.iter_rows(), formulas.iter_rows(values_only=True), path)


def _with_values(rows: Iterable[Sequence[Any]], told: Iterable[Row], path: Path) -> Iterator[Row]:
    """The rows; refuses formulas whose value the program that wrote the file left out: they would be empty cells."""
    for number, (row, formulas) in enumerate(zip(rows, told, strict=True), start=1):
        for cell, formula in zip(row, formulas, strict=False):
            # A formula that gives an empty text is fine, its cell is of the type str.
            if cell.value is None and cell.data_type == "n" and isinstance(formula, str) and formula.startswith("="):
                raise EmotionError(
                    f"{path}: row {number}: formula {quoted(formula, most=40)} has no value in the file; open it in a "
                    "spreadsheet and save it again, or save it as CSV"
                )
        yield tuple(cell.value for cell in row)


def _check_archive(path: Path) -> None:
    """Refuse what is no Excel file by its archive, and what unpacks to more than tables do."""
    with path.open("rb") as file:
        begin = file.read(8)
    if begin.startswith(b"\xd0\xcf\x11\xe0"):
        raise EmotionError(f"{path}: an old or protected Excel file; save it as .xlsx or CSV, without a password")
    if not zipfile.is_zipfile(path):
        raise EmotionError(f"{path}: not an Excel file; give it the name .csv if it is text")
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts if not part.filename.startswith("xl/media/"))
        if len(parts) > _PARTS or unpacked > _UNPACKED:
            raise EmotionError(
                f"{path}: unpacks to {unpacked >> 20} MiB in {len(parts)} parts, expected {_UNPACKED >> 20} MiB or "
                "less; save the table as CSV"
            )


def _parquet(path: Path, names: Mapping[str, str]) -> Iterator[list[object]]:
    """The header, our columns first, then the rows of these."""
    with import_module("pyarrow.parquet").ParquetFile(path, memory_map=False) as file:
        schema = file.schema_arrow
        header = [str(name) for name in schema.names if not str(name).startswith("__index_level_")]
        ours, _ = match(header, names, path)
        wanted = [header[number] for number in ours.values()]
        for name in wanted:
            if not _is_plain(kind := schema.field(name).type):
                shown = shortened(str(kind), most=60)
                raise EmotionError(f"{path}: column {quoted(name)} holds {shown}, expected text or numbers")
        if file.metadata.num_rows > _ROWS:
            raise EmotionError(
                f"{path}: has {file.metadata.num_rows} rows, expected {_ROWS} or fewer; split the corpus"
            )
        yield [*wanted, *(name for name in header if name not in set(wanted))]
        for batch in file.iter_batches(batch_size=256, columns=wanted, use_threads=False):
            columns = [batch.column(name).to_pylist() for name in wanted]
            yield from map(list, zip(*columns, strict=True))


def _is_plain(kind: Any) -> bool:  # noqa: ANN401
    types: Any = import_module("pyarrow.types")
    value = kind.value_type if types.is_dictionary(kind) else kind
    odd = (types.is_nested, types.is_binary, types.is_large_binary, types.is_dictionary)
    return not any(is_odd(value) for is_odd in odd)


def _plain(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # whole numbers become floats where a column has empty cells
    if isinstance(value, datetime.timedelta):
        return str(value.total_seconds())
    return str(value)
