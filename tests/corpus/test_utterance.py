"""The index file: what is written is read back, test labels stay hidden, damage is named by line."""

import json
from dataclasses import replace

import pytest

from emotion.corpus.utterance import Utterance, read_index, write_index
from emotion.errors import EmotionError

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
)
ROWS = (
    FIRST,
    replace(FIRST, utterance="d2_M000", dialogue="d2", speaker="s1_M", split="validation", text="", side="right"),
    replace(FIRST, utterance="d3_F000", dialogue="d3", speaker="s2_F", split="test", label="sad", side="full"),
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
        "test": {"happy": 0, "sad": 1},
    }
    assert about["skipped"] == {"label xxx": 2}
    assert sorted(file.name for file in path.parent.iterdir()) == ["index.csv", "index.json"]


@pytest.mark.parametrize("change", [{"text": "other"}, {"start": 0.2}, {"side": "full"}, {"audio": ""}, {"turn": 7}])
def test_digest_changes_with_what_extraction_needs(path, change):
    before = read_index(path).digest
    write_index(path, (replace(FIRST, **change), *ROWS[1:]), labels=LABELS, corpus="toy", notes={})
    assert read_index(path).digest != before


def test_digest_ignores_label_split_and_test_labels(path):
    before = read_index(path).digest
    assert read_index(path, test_labels=True).digest == before
    write_index(path, (replace(FIRST, label="sad", split="test"), *ROWS[1:]), labels=LABELS, corpus="toy", notes={})
    assert read_index(path).digest == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": "bored"}, "line 4: label is 'bored', expected one of happy, sad"),
        ({"split": "dev"}, "line 4: split is 'dev'"),
        ({"side": "top"}, "line 4: side is 'top'"),
        ({"turn": -1}, "line 4: turn is '-1'"),
        ({"turn": "1.5"}, "line 4: turn is '1.5'"),
        ({"start": "soon"}, "line 4: start is 'soon'"),
        ({"end": float("nan")}, "line 4: end is 'nan'"),
        ({"end": float("inf")}, "line 4: end is 'inf'"),
        ({"end": 0.05}, "line 4: end 0.05 s is not after start 0.1 s"),
        ({"speaker": ""}, "line 4: speaker is empty"),
        ({"audio": "/etc/a.wav"}, "line 4: audio is '/etc/a.wav', expected a path inside"),
        ({"video": "../a.avi"}, "line 4: video is '../a.avi', expected a path inside"),
        ({"utterance": "d1_F000"}, "d1_F000 is listed twice"),
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
        (text.replace(",left", ""), "line 3 has 11 columns, expected 12"),
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
