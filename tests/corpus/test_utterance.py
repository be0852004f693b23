"""The index file: what is written is read back, test labels stay hidden, damage is named by line."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Utterance, read_index, write_index

LABELS = ("happy", "sad")
FIRST = Utterance(
    utterance="d1_F000",
    dialogue="d1",
    turn=0,
    speaker="s1_F",
    start=0.1,
    end=1.0 / 3.0,
    label="happy",
    split="train",
    text='He said "well, no",\nthen left: très bien.',
    audio="a/d1.wav",
    video="",
    side="left",
    scenario="script02",
    gender="F",
)
ROWS = (
    FIRST,
    replace(
        FIRST, utterance="d2_M000", dialogue="d2", speaker="s1_M", split="validation", text="", side="right", gender=""
    ),
    replace(
        FIRST, utterance="d3_F000", dialogue="d3", speaker="s2_F", split="test", label="sad", side="box 0 0.1 1 0.9"
    ),
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "new" / "index.csv"
    write_index(path, ROWS, labels=LABELS, corpus="toy", notes={"label xxx": 2})
    return path


def test_round_trip_with_hidden_test_labels(path):
    assert read_index(path, test_labels=True).utterances == ROWS
    index = read_index(path)
    assert index.utterances == (*ROWS[:2], replace(ROWS[2], label=""))
    assert (index.labels, index.corpus) == (LABELS, "toy")


def test_sidecar_counts_and_no_leftovers(path):
    about = json.loads(path.with_suffix(".json").read_text())
    assert about["counts"] == {
        "train": {"happy": 1, "sad": 0},
        "validation": {"happy": 1, "sad": 0},
    }
    assert about["test"] == 1
    assert about["skipped"] == {"label xxx": 2}
    assert sorted(file.name for file in path.parent.iterdir()) == ["index.csv", "index.json"]


@pytest.mark.parametrize(
    "change", [{"text": "x"}, {"start": 0.2}, {"side": "box 0 0 1 0.9"}, {"audio": ""}, {"turn": 7}]
)
def test_digest_changes_with_what_extraction_needs(path, change):
    before = read_index(path).digest
    write_index(path, (replace(FIRST, **change), *ROWS[1:]), labels=LABELS, corpus="toy", notes={})
    assert read_index(path).digest != before


def test_the_sidecar_does_not_change_with_the_test_labels(path):
    before = path.with_suffix(".json").read_bytes()
    write_index(path, (*ROWS[:2], replace(ROWS[2], label="happy")), labels=LABELS, corpus="toy", notes={"label xxx": 2})
    assert path.with_suffix(".json").read_bytes() == before


def test_digest_ignores_label_split_and_what_no_encoder_reads(path):
    before = read_index(path).digest
    assert read_index(path, test_labels=True).digest == before
    other = replace(FIRST, label="sad", split="test", scenario="", gender="")
    write_index(path, (other, *ROWS[1:]), labels=LABELS, corpus="toy", notes={})
    assert read_index(path).digest == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": "bored"}, "line 4: label is 'bored', expected one of happy, sad"),
        ({"split": "dev"}, "line 4: split is 'dev'"),
        ({"side": "top"}, "line 4: side is 'top'"),
        ({"side": "box 0 0 1"}, "line 4: side is 'box 0 0 1', expected one of left, right, full, or box l t r b"),
        ({"turn": -1}, "line 4: turn is '-1'"),
        ({"turn": "1.5"}, "line 4: turn is '1.5'"),
        ({"start": "soon"}, "line 4: start is 'soon'"),
        ({"end": float("nan")}, "line 4: end is 'nan'"),
        ({"end": float("inf")}, "line 4: end is 'inf'"),
        ({"end": 0.05}, "line 4: end 0.05 s is not after start 0.1 s"),
        ({"speaker": ""}, "line 4: speaker is empty"),
        ({"audio": "/etc/a.wav"}, "line 4: audio is '/etc/a.wav', expected a path inside"),
        ({"video": "../a.avi"}, "line 4: video is '../a.avi', expected a path inside"),
        ({"speaker": "a\x1b[2J"}, r"line 4: speaker is 'a\x1b[2J', expected text on one line"),
        ({"scenario": "a\u202eb"}, r"line 4: scenario is 'a\u202eb', expected text on one line"),
        ({"utterance": "d1_F000"}, "'d1_F000' is listed twice"),
    ],
)
def test_bad_values_are_named_with_their_line(path, change, message):
    # The first row's text holds a line break, so row 2 ends on line 4 of the file.
    write_index(path, (FIRST, replace(ROWS[1], **change)), labels=LABELS, corpus="toy", notes={})
    with pytest.raises(EmotionError) as error:
        read_index(path)
    assert message in str(error.value) and str(path) in str(error.value) and "dvc repro index" in str(error.value)


def test_bad_files_are_named(path):
    text = path.read_text()
    for content, message in [
        (text.replace("split", "part"), "line 1 has columns"),
        (text.replace(",left", ""), "line 3 has 13 columns, expected 14"),
        (text.replace(",scenario,gender", ""), "written by an earlier version, it has no column scenario nor gender"),
        (text.splitlines()[0] + "\n", "no utterances"),
        ("", "line 1 has columns"),
        (text + '"broken', "is no CSV"),
    ]:
        path.write_text(content)
        with pytest.raises(EmotionError, match=message):
            read_index(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(EmotionError, match="not UTF-8"):
        read_index(path)
    path.with_suffix(".json").write_text("{}")
    with pytest.raises(EmotionError, match=r"index\.json: damaged"):
        read_index(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(EmotionError, match=r"index\.json: not found"):
        read_index(path)


def test_a_failed_write_leaves_the_old_index(path):
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_index(path, ROWS[:1], labels=LABELS, corpus="toy", notes={"x": object()})
    assert path.read_bytes() == before and len(list(path.parent.iterdir())) == 2


def test_a_full_disk_is_one_line_and_leaves_the_old_index(path, monkeypatch):
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    for name in ("index.csv.partial", "index.json.partial"):

        def full(self, text, *, name=name, whole=Path.write_text, **options):
            if self.name == name:
                raise OSError(errno.ENOSPC, "No space left on device")
            return whole(self, text, **options)

        with monkeypatch.context() as patch:
            patch.setattr(type(path), "write_text", full)
            with pytest.raises(EmotionError, match=rf"{name.removesuffix('.partial')}: cannot be written \(No space"):
                write_index(path, ROWS[:1], labels=LABELS, corpus="toy", notes={})
        assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_cells_that_a_spreadsheet_would_run_come_back_as_they_were(path):
    rows = (replace(FIRST, text="=HYPERLINK(1)", utterance="-1+2", scenario="'=1"), *ROWS[1:])
    write_index(path, rows, labels=LABELS, corpus="toy", notes={})
    assert "'=HYPERLINK(1)" in path.read_text()
    assert read_index(path, test_labels=True).utterances == rows


def test_a_file_that_cannot_be_read_is_named(path):
    path.unlink()
    path.mkdir()
    with pytest.raises(EmotionError, match=r"index\.csv: cannot be read \(it is a folder"):
        read_index(path)
