"""Tables that stages wrote, read again: what they hold, or one line."""

import os

import numpy as np
import pytest

from emotion.core.errors import EmotionError
from emotion.core.tables import csv_text
from emotion.evaluation.rows import CURVE, FUSE, finite, read_curve, read_rows
from emotion.training.curve import Epoch, curve_csv


def _large(path):
    path.touch()
    os.truncate(path, 1 << 29)  # a hole, nothing on the disk


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(csv_text(["id", "=a"], [["x, y", "-1"], ["'z\n", "高兴"]]) + "only\n", encoding="utf-8")
    assert read_rows(path, remedy="again") == [
        {"id": "x, y", "=a": "-1"},
        {"id": "'z\n", "=a": "高兴"},
        {"id": "only"},
    ]


def test_the_curve_that_training_writes_is_read(tmp_path):
    path, lines = tmp_path / "training.csv", [Epoch(1, 1.5, 1.25, 0.25), Epoch(2, 0.5, 0.75, 0.5)]
    path.write_text(curve_csv(lines), encoding="utf-8")
    found = read_curve(path)
    assert tuple(found) == CURVE
    for name, values in found.items():
        np.testing.assert_array_equal(values, [getattr(line, name) for line in lines])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, f"not found; {FUSE}$"),
        (os.mkfifo, "is a pipe or a device, expected a file"),
        (os.mkdir, "it is a folder, expected a file"),
        (lambda path: path.write_bytes(b"a\xff"), rf"damaged \(.*0xff.*\), expected text in UTF-8; {FUSE}$"),
        (lambda path: path.write_bytes(b'"a'), rf"damaged \(.*\), expected CSV; {FUSE}$"),
        (lambda path: path.write_bytes(b""), f"holds no table, expected CSV with a header; {FUSE}$"),
        (_large, f"larger than 256 MiB.*; {FUSE}$"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(tmp_path, make, message):
    path = tmp_path / "table.csv"
    make(path)
    for read in (read_curve, lambda path: read_rows(path, remedy=FUSE)):
        with pytest.raises(EmotionError, match=message) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_a_number_or_what_is_there_instead():
    assert finite("-1e-3") == -0.001
    for cell, found in ((None, "nothing"), ("", "''"), ("much", "'much'"), ("nan", "'nan'"), ("-inf", "'-inf'")):
        with pytest.raises(ValueError, match=f"^{found}$"):
            finite(cell)
