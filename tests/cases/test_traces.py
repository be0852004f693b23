"""Tables that would give wrong figures in silence: leaks under other names, broken cells, pipes in place of files."""

import os
import signal

import pytest
from cases.inputs import rows, table, wavs
from cases.test_sense import doctor, index

from emotion.core.errors import EmotionError
from emotion.core.objects import read_object
from emotion.core.settings import read_yaml
from emotion.corpus.decoding import read_text
from emotion.corpus.table import read_table
from emotion.corpus.utterance import read_index
from emotion.evaluation.annotators import read_votes


def part(i):
    return ("train", "validation", "test")[i // 4]


def raw(folder, text):
    (folder / "utterances.csv").write_text(text, encoding="utf-8")
    return folder


def refused(root):
    with pytest.raises(EmotionError) as error:
        read_table(root)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(("one", "two"), [("spk_03", "spk-03"), ("O'Neil", "O’Neil"), ("Jos\u00c3\u00a9", "José")])
def test_one_person_in_two_spellings_in_training_and_test(tmp_path, capsys, one, two):
    table(tmp_path, rows(audio=wavs(tmp_path), speaker=lambda i: (one, "bob", two)[i // 4], split=part))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    leak = f"{one!r} (4), {two!r} (4) is in train and in test"
    assert f"leak: speaker {leak}" in said and f"leak: speaker {leak}" in report and code == 1


def test_one_recording_in_training_and_test(tmp_path, capsys):
    wavs(tmp_path)
    own = {"audio": lambda i: f"{i % 8}.wav", "speaker": lambda i: f"s{i // 4}", "split": part}
    table(tmp_path, rows(**own))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    leak = "leak: recording 0.wav from 0 to 1 s is in train and in test (3 others too)"
    assert f"error: {leak}; keep one of the rows" in said and leak in report and code == 1
    table(tmp_path, rows(start=lambda i: 0.5 * (i // 8), end=lambda i: 0.5 + 0.5 * (i // 8), **own))
    assert "leak" not in index(tmp_path, capsys)  # parts of one recording may be anywhere


def test_what_spreadsheets_and_people_leave_is_named(tmp_path, capsys):
    text = lambda i: ("Tom &amp; Ann", "~{Dc:C~}", "+T2BZfQ-", "a+b-c &c; ~{ok", "R&D; 1 + 2")[i % 5]  # noqa: E731
    own = {"utterance": lambda i: "2-Jan" if i == 3 else f"u{i}", "speaker": lambda i: f"s{i // 2}", "text": text}
    table(tmp_path, rows(audio=wavs(tmp_path), gender=lambda i: "FM"[i % 2] if i < 2 else "w", **own))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    for found in (said, report):
        assert "3 texts with HTML entities: u0" in found
        assert "5 texts that seem to be encoded in HZ or UTF-7: u1" in found
        assert "1 name that a spreadsheet seems to have turned into a date or number: utterance '2-Jan' (1)" in found
        assert "1 speaker with several genders: 's0': 'f' (1), 'm' (1)" in found
    assert code == 0


@pytest.mark.parametrize(
    ("column", "wrong"), [("label", "#N/A"), ("speaker", "#REF!"), ("speaker", "Jos\ufffd"), ("dialogue", "#NAME?")]
)
def test_names_that_are_none_end_the_index(tmp_path, capsys, column, wrong):
    base = {"label": lambda i: ("glad", "sad")[i % 2], "speaker": lambda i: f"s{i // 2}", "dialogue": lambda i: f"d{i}"}
    own = base | {column: lambda i: wrong if i == 3 else base[column](i)}
    table(tmp_path, rows(audio=wavs(tmp_path), **own))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    assert said.startswith("error: ") and f"{column} {wrong!r} (1)" in said and f"{column} {wrong!r} (1)" in report
    assert code == 1 and not (tmp_path / "new").exists()


def test_who_names_by_date_does_it_always(tmp_path, capsys):
    table(tmp_path, rows(audio=wavs(tmp_path), dialogue=lambda i: f"{i + 1}-Jan"))
    assert "dates" not in index(tmp_path, capsys)


def test_rows_without_an_end_and_with_the_same_times(tmp_path, capsys):
    wavs(tmp_path, 4)
    own = {"audio": lambda i: f"{i // 3}.wav", "dialogue": lambda i: f"d{i // 3}", "speaker": lambda i: f"s{i // 3}"}
    table(tmp_path, rows(start=lambda i: 0.25 * (i % 3), **own))
    assert "8 utterances with a start and no end: " in index(tmp_path, capsys)
    table(tmp_path, rows(**own))
    assert "4 times of a recording that several utterances have: 0.wav 0 to 1 s (3)" in index(tmp_path, capsys)
    table(tmp_path, rows(start=lambda i: 0.25 * (i % 3), end=lambda i: 0.25 * (i % 3) + 0.25, **own))
    said = index(tmp_path, capsys)
    assert "no end" not in said and "several utterances have" not in said


def test_the_header_once_more_and_cells_left_empty(tmp_path):
    message = refused(raw(tmp_path, "utterance,label,x\nu1,a,\nutterance,Label,x\nu2,b,\n"))
    assert message.endswith("line 3: the header once more; remove this line")
    message = refused(raw(tmp_path, "utterance,label,dialogue,turn\nu1,a,d,7\nu2,b,d,\nu3,b,e,\n"))
    assert "line 3: turn is '', but other rows of dialogue d have one" in message
    reading = read_table(raw(tmp_path, "utterance,label,dialogue\nu1,a,d\nu2,b,\n"))
    assert reading.notes.counts()["empty cells of column dialogue"] == 1


def test_ends_a_little_late_are_no_milliseconds(tmp_path):
    table(tmp_path, rows(audio=wavs(tmp_path, seconds=2.0), start=0, end=12))
    assert read_table(tmp_path).notes.counts()["utterances that end after the end of their media"] == 12


def test_columns_yaml_by_its_name_and_with_names_that_are_numbers(tmp_path):
    raw(tmp_path, "utterance,012\nu1,a\nu2,b\n")
    (tmp_path / "columns.yml").write_text("'012': label\n")
    assert refused(tmp_path).endswith("columns.yml: is not read under this name; rename it to columns.yaml")
    (tmp_path / "columns.yml").rename(tmp_path / "columns.yaml")
    assert len(read_table(tmp_path).utterances) == 2
    (tmp_path / "columns.yaml").write_text("012: label\n")
    assert "12 is read as no text; write the name in quotes" in refused(tmp_path)


@pytest.fixture
def impatient():
    """To open a pipe without a writer would wait for ever."""
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("waited for a pipe"))
    signal.alarm(20)
    yield
    signal.alarm(0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", ["utterances.csv", "columns.yaml"])
def test_a_pipe_is_not_waited_for(tmp_path, name):
    raw(tmp_path, "utterance,label\nu1,a\nu2,b\n").joinpath(name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    assert "pipe" in refused(tmp_path) or "not a plain file" in refused(tmp_path)
    os.mkfifo(tmp_path / "index.json")
    for read in (read_yaml, lambda path: read_object(path, remedy=""), lambda path: read_votes(path, ["a"]), read_text):
        with pytest.raises(EmotionError, match="is a pipe or a device, expected a file"):
            read(tmp_path / name)
    with pytest.raises(EmotionError, match="is a pipe or a device, expected a file"):
        read_index(tmp_path / "index.csv")
