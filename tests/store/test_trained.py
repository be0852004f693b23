"""The record of a training in a model's folder."""

import hashlib
import json

import pytest

from emotion.core.errors import EmotionError
from emotion.store.trained import RECORD, Training, check_folder, digest, read_record, write_record

REMEDY = "fit it again"


@pytest.fixture
def folder(tmp_path):
    out = tmp_path / "model"
    (out / "folds" / "1").mkdir(parents=True)
    (out / "weights").write_bytes(b"123")
    (out / "folds" / "1" / "weights").write_bytes(b"456")
    write_record(out, Training.of(["b", "a"], ["c"]))
    return out


def test_what_is_written_is_read(folder):
    known = check_folder(folder, remedy=REMEDY)
    assert known == read_record(folder, remedy=REMEDY) == Training.of(["a", "b"], ["c"])
    assert known.trained_on == {digest("a"), digest("b")}
    listed = json.loads((folder / RECORD).read_text())
    assert listed["trained_on"] == sorted(item.hex() for item in known.trained_on)
    assert set(listed["files"]) == {"weights", "folds/1/weights"}


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("weights", b"124", "weights: is not what was written there"),
        ("folds/1/weights", None, "folds/1/weights: is missing"),
        ("more", b"", "more: is not what was written there"),
        (RECORD, b"{", "no JSON"),
        (RECORD, b"[]", "expected a JSON object"),
        (RECORD, b"[" * 100_000, "no JSON"),
        (RECORD, b"{}", "is not what was written there"),
        (RECORD, None, "an earlier version wrote this folder"),
    ],
)
def test_a_damaged_folder_is_one_line(folder, name, content, what):
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    with pytest.raises(EmotionError, match=what) as caught:
        check_folder(folder, remedy=REMEDY)
    assert str(caught.value).endswith(REMEDY) and "\n" not in str(caught.value)


@pytest.mark.parametrize("changed", [["zz"], ["00"], [7], "x", None, [["00" * 16]]])
def test_a_changed_list_is_refused(folder, changed):
    content = json.loads((folder / RECORD).read_text()) | {"trained_on": changed}
    (folder / RECORD).write_text(json.dumps(content))
    with pytest.raises(EmotionError, match="not the record of a training; fit it again"):
        read_record(folder, remedy=REMEDY)


@pytest.mark.parametrize("changed", ["audio", [7], None, {}])
def test_a_changed_list_of_unknown_encoders_is_refused(folder, changed):
    content = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps(content | {"unknown": ["audio"]}))
    assert read_record(folder, remedy=REMEDY).unknown == ("audio",)
    (folder / RECORD).write_text(json.dumps(content | {"unknown": changed}))
    with pytest.raises(EmotionError, match=rf"{RECORD}: not the record of a training; fit it again"):
        read_record(folder, remedy=REMEDY)


def test_a_file_that_cannot_be_read_is_named(folder, monkeypatch):
    def fails(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(hashlib, "file_digest", fails)
    with pytest.raises(
        EmotionError, match=r"folds/1/weights: cannot be read \(the disk reports an error\); look at it"
    ):
        check_folder(folder, remedy=REMEDY)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(EmotionError, match="no such folder; fit it again"):
        check_folder(tmp_path / "none", remedy=REMEDY)
