"""Two thousand damaged tables: each is read or refused in one line, at once; no error of a library comes through."""

import io
import random
import time
import zipfile

import openpyxl
import pyarrow
import pyarrow.parquet as parquet
import pytest

from emotion.core.errors import EmotionError
from emotion.core.text import is_printable
from emotion.corpus import sheets
from emotion.corpus.table import read_table

HEADER = ("utterance", "label", "speaker", "start", "end", "text")
ROWS = [(f"u{i}", "ab"[i % 2], f"s{i // 2}", i / 2, i + 1.5, "" if i % 3 else "hé, you") for i in range(12)]
BITS = [b'"', b"\r", b"\n", b";", b",", b"\t", b"\0", b"\xff\xfe", b"\x1b[2J", b"1e999", b"=cmd", b"9" * 99]


def whole(suffix):
    out = io.BytesIO()
    if suffix == "xlsx":
        book = openpyxl.Workbook()
        for row in (HEADER, *ROWS):
            book.active.append(row)
        book.save(out)
    elif suffix == "parquet":
        parquet.write_table(pyarrow.table(dict(zip(HEADER, zip(*ROWS, strict=True), strict=True))), out)
    else:
        lines = [",".join(f'"{cell}"' for cell in row) for row in (HEADER, *ROWS)]
        return "\n".join(lines).encode()
    return out.getvalue()


def damaged(content, rng):
    content = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        at = rng.randrange(len(content) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            content[at : at + 1] = rng.randbytes(1)
        elif kind == 1:
            content[at:at] = rng.choice(BITS)
        elif kind == 2:
            del content[at : at + rng.randrange(1, 40)]
        elif kind == 3:
            content[at:at] = content[max(0, at - 50) : at]
        elif rng.random() < 0.1:
            del content[at:]
    return bytes(content)


def damaged_part(content, rng):
    """An archive that is whole, with a damaged part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        victim = rng.choice(old.namelist())
        for name in old.namelist():
            new.writestr(name, damaged(old.read(name), rng) if name == victim else old.read(name))
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "count"), [("csv", 900), ("columns.yaml", 200), ("xlsx", 400), ("parquet", 500)])
def test_damaged_tables(tmp_path, monkeypatch, suffix, count):
    monkeypatch.setattr(sheets, "run", lambda work, tasks, **_: enumerate(map(work, tasks)))
    rng, good = random.Random(suffix), whole(suffix)
    names = tmp_path / "columns.yaml"
    path = tmp_path / ("utterances.csv" if suffix == "columns.yaml" else f"utterances.{suffix}")
    read = 0
    for number in range(count):
        content = good
        if suffix == "columns.yaml":
            names.write_bytes(damaged(b"label: label\ntext: text\n", rng))
        elif suffix == "xlsx" and number % 4:
            content = damaged_part(good, rng)
        else:
            content = damaged(good, rng)
        path.write_bytes(content)
        begun = time.process_time()
        try:
            read += len(read_table(tmp_path).utterances) > 1
        except EmotionError as error:
            line = str(error)
            assert line.startswith(str(tmp_path)) and is_printable(line) and len(line) < 1000, content
        assert time.process_time() - begun < 20, content
    assert 0 < read < count
