"""A corpus of one's own: defaults of every column, formats, and errors with their line."""

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from meld_tree import write_clip

from emotion.core.errors import EmotionError
from emotion.corpus.index import index_corpus
from emotion.corpus.table import read_table
from emotion.corpus.utterance import read_index


def sound(path, seconds):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.ones(round(seconds * 8000)), 8000)


@pytest.fixture
def table(tmp_path):
    def write(text, name="utterances.csv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return write


def rows_of(root):
    return read_table(root).utterances


def test_two_columns_are_enough(table):
    rows = rows_of(table("utterance,label\nu1,glad\nu2,sad\nu3,glad\n"))
    found = [(r.utterance, r.dialogue, r.speaker, r.turn, r.start, r.end, r.label, r.side, r.split) for r in rows]
    assert found == [
        ("u1", "u1", "u1", 0, 0.0, 1.0, "glad", "full", ""),
        ("u2", "u2", "u2", 1, 0.0, 1.0, "sad", "full", ""),
        ("u3", "u3", "u3", 2, 0.0, 1.0, "glad", "full", ""),
    ]
    assert {(r.text, r.audio, r.video) for r in rows} == {("", "", "")}


def test_all_columns_in_any_order_and_any_rows(table):
    root = table(
        "label,utterance,turn,dialogue,speaker,start,end,text,audio,video,side,split\n"
        "glad,u2,7,d1,ann,1.5,2,\"Well, 'no'\",a/one.wav,clips\\x.mp4,left,dev\n"
        "sad,v1,0,d2,bob,,,,,,,Test\n"
        "glad,u1,3,d1,bob,0,1.25,Yes,a/one.wav,,Box .1 0 0.50 1,val\n"
        "sad,w1,1,d3,cat,,,Hm.,a/two.flac,,,train\n"
    )
    sound(root / "a" / "one.wav", 4)
    sound(root / "a" / "two.flac", 2.5)
    (root / "clips").mkdir()
    write_clip(root / "clips" / "x.mp4")
    reading = read_table(root)
    found = [(r.utterance, r.turn, r.start, r.end, r.audio, r.video, r.side, r.split) for r in reading.utterances]
    assert found == [
        ("u1", 3, 0.0, 1.25, "a/one.wav", "", "box 0.1 0 0.5 1", "validation"),
        ("u2", 7, 1.5, 2.0, "a/one.wav", "clips/x.mp4", "left", "validation"),
        ("v1", 0, 0.0, 1.0, "", "", "full", "test"),
        ("w1", 1, 0.0, 2.5, "a/two.flac", "", "full", "train"),
    ]
    assert reading.utterances[1].text == "Well, 'no'" and reading.labels == ("glad", "sad")
    assert reading.notes.counts() == {}


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("utterances.csv", "utterance,label,text\r\nu1,glad,Don’t\r\n\r\nu2,sad,b\r\n".encode("cp1252"), "cp1252"),
        ("x.csv", b"\xef\xbb\xbfutterance;label;text\nu1;glad;Don\xe2\x80\x99t\nu2;sad;b\n", "auto"),
        ("mine.TSV", "utterance\tlabel\ttext\nu1\tglad\tDonâ€™t\nu2\tsad\tb\n".encode(), "auto"),
    ],
)
def test_delimiters_marks_and_encodings(table, name, text, encoding):
    root = table(text, name)
    (root / "._x.csv").write_bytes(b"\x00")
    assert [(row.utterance, row.label, row.text) for row in read_table(root, encoding=encoding).utterances] == [
        ("u1", "glad", "Don’t"),
        ("u2", "sad", "b"),
    ]


@pytest.mark.slow
def test_parquet(tmp_path):
    columns = {"utterance": ["u1", "u2"], "label": ["glad", "sad"], "turn": [3, None], "end": [2.5, float("nan")]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "mine.parquet")
    assert [(row.turn, row.end) for row in rows_of(tmp_path)] == [(3, 2.5), (1, 1.0)]
    (tmp_path / "mine.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(EmotionError, match=r"mine.parquet: not a Parquet file"):
        rows_of(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty, expected a header with utterance, label"),
        ("utterance,label\n", "no rows below its header"),
        ("utterance,emotion\nu1,a\n", "no column label; its columns are utterance, emotion"),
        ("utterance,label,label\nu1,a,b\n", "column label is there twice"),
        ("utterance,label\nu1,a\n,b\n", "line 3: utterance is empty"),
        ("utterance,label\nu1,a\nu1,b\n", r"line 3: utterance 'u1' is there already \(.*line 2\)"),
        ("utterance,label\nu1,a\nu2\n", "line 3 has 1 column, expected 2"),
        ("utterance,label\nu1,a,b\n", "line 2 has 3 columns, expected 2"),
        ('utterance,label\nu1,"a\nu2,b\n', "line 2 is no CSV"),
        ("utterance,label,start\nu1,a,soon\n", "line 2: start is 'soon', expected seconds"),
        ("utterance,label,start\nu1,a,-1\n", "line 2: start is '-1'"),
        ("utterance,label,end\nu1,a,nan\n", "line 2: end is 'nan'"),
        ("utterance,label,start,end\nu1,a,2,1\n", "line 2: end is 1 s, expected more than start = 2 s"),
        ("utterance,label,turn\nu1,a,1.5\n", "line 2: turn is '1.5', expected a whole number"),
        ("utterance,label,dialogue,turn\nu1,a,d,1\nu2,b,d,1\n", r"line 3: turn 1 of dialogue d is there already"),
        ("utterance,label,side\nu1,a,top\n", "line 2: side is 'top', expected one of left, right, full, or box"),
        ("utterance,label,side\nu1,a,box 0.6 0 0.5 1\n", "line 2: side is 'box 0.6 0 0.5 1', expected one of left"),
        ("utterance,label,split\nu1,a,some\n", "line 2: split is 'some', expected one of train, validation, test"),
        ("utterance,label,split\nu1,a,train\nu2,b,\n", "line 3: split is empty"),
        ("utterance,label,audio\nu1,a,/etc/x.wav\n", "line 2: audio is '/etc/x.wav', expected a path relative"),
        ("utterance,label,audio\nu1,a,C:\\x.wav\n", "line 2: audio is 'C:/x.wav'"),
        ("utterance,label,video\nu1,a,../x.avi\n", "line 2: video is '../x.avi'"),
        ("utterance,label,audio\nu1,a,x.wav\nu2,b,y.wav\n", "line 2: .*x.wav cannot be used, nor any other of 2"),
        ("utterance,label\nu1,a\nu2,a\n", "label has 1 different value, expected 2 or more"),
        ("utterance,label\nu1,\nu2,\n", "label has 0 different values"),
    ],
)
def test_errors_have_their_line(table, text, message):
    with pytest.raises(EmotionError, match=message) as error:
        read_table(table(text))
    assert "utterances.csv" in str(error.value) and "\n" not in str(error.value)


def test_what_is_left_out_is_named(table):
    root = table("utterance,label,audio,mood\nu1,a,good.wav,x\nu2,b,gone.wav,x\nu3,b,bad.wav,x\nu4,,good.wav,x\n")
    sound(root / "good.wav", 1)
    (root / "bad.wav").write_bytes(b"RIFF")
    reading = read_table(root)
    assert [(row.utterance, row.audio) for row in reading.utterances] == [("u1", "good.wav"), ("u2", ""), ("u3", "")]
    notes = {kind.name: places for kind, places in reading.notes.items()}
    assert [f"{root / 'utterances.csv'}: line 3: gone.wav"] == notes["media files missing"]
    assert "line 4: corrupt: " in notes["media files corrupt"][0]
    assert "line 5: u4" in notes["rows without a label"][0]
    assert notes["columns that mean nothing here"] == ["mood"] and "tables without column speaker" in notes


def test_which_table(table, tmp_path):
    with pytest.raises(EmotionError, match="found none"):
        read_table(tmp_path)
    table("utterance,label\nu1,a\nu2,b\n", "one.csv")
    assert len(rows_of(tmp_path)) == 2
    table("", "two.tsv")
    with pytest.raises(EmotionError, match=r"found one.csv, two.tsv"):
        read_table(tmp_path)
    table("utterance,label\nu1,a\nu2,b\nu3,b\n", "utterances.tsv")
    assert len(rows_of(tmp_path)) == 3  # the header says which delimiter, not the name
    table("utterance\tlabel\nu1\ta\nu2\tb\nu3\tb\n", "utterances.tsv")
    assert len(rows_of(tmp_path)) == 3


def test_a_drawn_split_is_stored_and_keeps_speakers_apart(table, tmp_path, capsys):
    lines = [f"u{k},{'ab'[k % 2]},s{k % 7},d{k}" for k in range(70)]
    root = table("utterance,label,speaker,dialogue\n" + "\n".join(lines))
    for run in range(2):
        index_corpus(corpus="table", root=root, out=tmp_path / f"{run}.csv", label_rule="released", split="corpus")
    assert (tmp_path / "0.csv").read_bytes() == (tmp_path / "1.csv").read_bytes()
    rows = read_index(tmp_path / "0.csv", test_labels=True).utterances
    speakers = {split: {row.speaker for row in rows if row.split == split} for split in ("train", "validation", "test")}
    assert all(speakers.values()) and not speakers["test"] & (speakers["train"] | speakers["validation"])


def test_a_leak_in_a_tables_own_split(table, tmp_path):
    root = table("utterance,label,speaker,split\nu1,a,ann,train\nu2,b,bob,validation\nu3,b,ann,test\n")
    arguments = {
        "corpus": "table",
        "root": root,
        "out": tmp_path / "i.csv",
        "label_rule": "released",
        "split": "corpus",
    }
    with pytest.raises(EmotionError, match="leak: speaker ann is in train and in test"):
        index_corpus(**arguments)
    index_corpus(**arguments, allow_speaker_overlap=True)
    root = table("utterance,label,split\nu1,a,train\nu2,b,test\n")
    with pytest.raises(EmotionError, match="no utterance of corpus table is for validation"):
        index_corpus(**arguments)


@pytest.mark.slow
@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=12), max_size=8), st.integers(1, 3))
def test_garbage_cells_are_read_back_or_refused(tmp_path, cells, at):
    lines = ["utterance,label,text", "u1,a,x", "u2,b,y"]
    lines.insert(at, ",".join(cells))
    path = tmp_path / "utterances.csv"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        reading = read_table(tmp_path)
    except EmotionError as error:
        assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
    else:
        names = {row.utterance for row in reading.utterances}
        extra = len(reading.utterances) + reading.notes.counts().get("rows without a label", 0) - 2
        assert names >= {"u1", "u2"} and (extra >= 1) == any(cell.strip(" \t\r\n\xa0") for cell in cells)
