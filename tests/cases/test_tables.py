"""Tables as people and spreadsheets save them: each reads as it was meant, or one line says what to do."""

import os
import time
import unicodedata

import pytest
import soundfile
from cases.films import film, person, voice
from cases.inputs import rows, table, wavs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emotion.core.errors import EmotionError
from emotion.core.text import is_printable
from emotion.corpus.index import index_corpus
from emotion.corpus.sense import made_of
from emotion.corpus.table import read_table
from emotion.corpus.utterance import read_index


def notes_of(reading):
    return reading.notes.counts()


def raw(root, text):
    (root / "utterances.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def refused(root):
    with pytest.raises(EmotionError) as error:
        read_table(root)
    message = str(error.value)
    assert message.startswith(str(root)) and "\n" not in message and len(message) < 1000
    return message.removeprefix(str(root))


@pytest.mark.slow
def test_a_header_of_100000_columns_is_quick(tmp_path):
    names = ",".join(f"c{i}" for i in range(100_000))
    begun = time.process_time()
    raw(tmp_path, f"utterance,label,{names}\n" + "".join(f"u{i},{'ab'[i % 2]}{',' * 100_000}\n" for i in range(3)))
    reading = read_table(tmp_path)
    assert len(reading.utterances) == 3 and notes_of(reading)["columns that mean nothing here"] == 100_000
    assert len(refused(raw(tmp_path, f"utterance,{names}\nu1{',' * 100_000}\n"))) < 500
    assert time.process_time() - begun < 5


@pytest.mark.slow
def test_a_long_text_is_read_whole_by_everybody(tmp_path):
    root = tmp_path / "raw"
    table(root, rows(text=lambda i: "word " * 40_000 if i == 0 else f"line {i}"))
    out = tmp_path / "index.csv"
    index_corpus(corpus="table", root=root, out=out, label_rule="released", split="corpus")
    assert len(read_index(out).utterances[0].text) == 5 * 40_000 - 1
    text = "w" * ((1 << 24) + 1)
    assert "a cell of more than 16 MiB: a quote may be missing" in refused(
        raw(tmp_path, f"utterance,label\nu,{text}\n")
    )


@pytest.mark.parametrize("begin", ["", "sep=;\r\n", '"sep=;"\r\n', "\ufeffsep=;\r\n", ";;;;;\r\n"])
def test_what_spreadsheets_leave_behind(tmp_path, begin):
    body = "Utterance ; LABEL;turn;start;end;;\r\nu1;glad;1.0;0,5;1,25;;\r\n;;;;;;\r\nu2;sad;2,0;1,25;3;;;;\r\n\r\n"
    reading = read_table(raw(tmp_path, begin + body))
    found = [(row.utterance, row.label, row.turn, row.start, row.end) for row in reading.utterances]
    assert found == [("u1", "glad", 1, 0.5, 1.25), ("u2", "sad", 2, 1.25, 3.0)]
    assert set(notes_of(reading)) == {"tables without column speaker"}
    error = refused(raw(tmp_path, begin + body.replace("sad;2,0", "sad;x")))
    assert f"line {5 if begin else 4}: turn is 'x'" in error


def test_a_pandas_index_has_no_name(tmp_path):
    reading = read_table(raw(tmp_path, ",utterance,label\n0,u1,a\n1,u2,b\n"))
    assert len(reading.utterances) == 2
    assert ["(column 1 without a name)"] in [places for _, places in reading.notes.items()]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2.5", 2.5),
        ("2,5", 2.5),
        ("1e1", 10.0),
        ("2500 ms", 2.5),
        ("2.5s", 2.5),
        ("0:02.5", 2.5),
        ("61:02,25", 3662.25),
        ("1:01:02.25", 3662.25),
        ("00:00:02", 2.0),
    ],
)
def test_times_as_people_write_them(tmp_path, text, seconds):
    raw(tmp_path, f"utterance;label;end\nu1;a;{text}\nu2;b;{text}\n")
    assert [row.end for row in read_table(tmp_path).utterances] == [seconds, seconds]


@pytest.mark.parametrize(
    "text", ["soon", "1:60", "1:70:00", "1:02:03:04", "-1", "inf", "1_0", "٣", "1,234,567", "0x10"]
)
def test_what_is_no_time(tmp_path, text):
    message = refused(raw(tmp_path, f"utterance;label;end\nu1;a;{text}\nu2;b;2\n"))
    assert message.startswith(
        f"/utterances.csv: line 2: end is '{text}', expected seconds such as 12.5 or 12,5, or h:mm"
    )


def test_commas_that_may_stand_for_thousands(tmp_path):
    message = refused(raw(tmp_path, "utterance;label;end\nu1;a;950\nu2;b;1,234\n"))
    assert "line 3: end is '1,234'" in message and "does the comma stand for thousands?" in message
    assert read_table(raw(tmp_path, "utterance;label;end\nu1;a;0,950\nu2;b;1,234\n")).utterances[1].end == 1.234


def test_milliseconds_are_asked_about(tmp_path):
    audio = wavs(tmp_path, seconds=2.0)
    table(tmp_path, rows(audio=audio, start=0, end=lambda i: 1900 + i))
    message = refused(tmp_path)
    assert "column end: are these milliseconds? u0 ends at 1900 s, its media at 2.00 s, and so do 12 of 12" in message
    table(tmp_path, rows(audio=audio, start=0, end=lambda i: 2e9 if i == 3 else 2))
    reading = read_table(tmp_path)
    assert notes_of(reading) == {"utterances that end after the end of their media": 1}


@pytest.mark.slow
def test_rows_without_turns_are_put_in_order(tmp_path):
    soundfile.write(tmp_path / "d.wav", voice(14), 16000)
    starts = (8, 0, 4, 2, 6, 10)
    columns = {"audio": "d.wav", "dialogue": "d", "start": lambda i: starts[i], "end": lambda i: starts[i] + 2}
    table(tmp_path, rows(n=6, **columns))
    reading = read_table(tmp_path)
    assert [row.utterance for row in reading.utterances] == ["u1", "u3", "u2", "u4", "u0", "u5"]
    assert [row.turn for row in reading.utterances] == list(range(6))
    assert notes_of(reading) == {"dialogues whose rows were put in the order of their start times": 1}
    table(tmp_path, rows(n=6, **columns, turn=lambda i: i))
    assert [row.utterance for row in read_table(tmp_path).utterances] == [f"u{i}" for i in range(6)]
    wavs(tmp_path, 6, seconds=14)  # each in a file of its own: their times have nothing to do with each other
    table(tmp_path, rows(n=6, **{**columns, "audio": lambda i: f"{i}.wav"}))
    assert [row.utterance for row in read_table(tmp_path).utterances] == [f"u{i}" for i in range(6)]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_files_in_another_form_or_other_capitals_are_found(tmp_path, form):
    wavs(tmp_path)
    on_disk = unicodedata.normalize(form, "ü0.wav")
    (tmp_path / "0.wav").rename(tmp_path / on_disk)
    (tmp_path / "1.wav").rename(tmp_path / "ONE.WAV")
    other = unicodedata.normalize("NFD" if form == "NFC" else "NFC", "ü0.wav")
    table(tmp_path, rows(audio=lambda i: (other, "one.wav")[i] if i < 2 else f"{i}.wav"))
    reading = read_table(tmp_path)
    assert [row.audio for row in reading.utterances[:3]] == [on_disk, "ONE.WAV", "2.wav"]
    assert list(notes_of(reading).values()) == [2]
    (tmp_path / "One.wav").write_bytes(b"")
    (places,) = [found for kind, found in read_table(tmp_path).notes.items() if kind.name == "media files missing"]
    assert "one.wav does not exist, but 'ONE.WAV', 'One.wav' do, in other capitals" in places[0]


def test_what_is_no_file_of_the_corpus(tmp_path):
    root, outside = tmp_path / "raw", tmp_path / "outside"
    wavs(root)
    wavs(outside, 1)
    (root / "folder.wav").mkdir()
    os.mkfifo(root / "pipe.wav")
    (root / "zero.wav").symlink_to("/dev/zero")
    (root / "loop.wav").symlink_to("loop.wav")
    odd = ("folder.wav", "pipe.wav", "loop.wav", "gone/x.wav", "0.wav/x.wav", ".")
    table(root, rows(audio=lambda i: odd[i] if i < len(odd) else f"{i}.wav"))
    counts = notes_of(read_table(root))
    assert counts == {"media files corrupt": 4, "media files missing": 2}
    (root / "link").symlink_to(outside)
    for name, message in [
        ("zero.wav", "leads out of"),
        ("link/0.wav", "leads out of"),
        ("../outside/0.wav", "expected a path relative"),
        (str(outside / "0.wav"), "expected a path relative"),
        ("a\x1b.wav", "expected a path relative"),
    ]:
        table(root, rows(audio=lambda i, name=name: name if i == 0 else f"{i}.wav"))
        assert message in refused(root)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_table_that_is_no_file(tmp_path, make):
    make(tmp_path / "utterances.csv")
    assert "not a plain file, expected a table" in refused(tmp_path)


def test_names_are_tidied_and_dangerous_ones_refused(tmp_path):
    decomposed = unicodedata.normalize("NFD", "fröhlich")
    lines = rows(labels=("fröhlich", f" {decomposed}\xa0", "so  so", "so\u2003so", "so so\u200b"), speaker="Ann \xa0 B")
    table(tmp_path, lines)
    reading = read_table(tmp_path)
    assert reading.labels == ("fröhlich", "so so") and {row.speaker for row in reading.utterances} == {"Ann B"}
    for column in ("utterance", "label", "speaker", "dialogue", "scenario", "gender"):
        for bad in ("u\x1b]0;title\x07\x1b[2J", "a\nb", "a\u202eb", "a\u2028b", "a\tb", "x" * 400):
            table(tmp_path, rows(**{column: lambda i, bad=bad: bad if i == 1 else f"v{i}"}))
            message = refused(tmp_path)
            assert f"line 3: {column} is " in message and message.isprintable()
    table(tmp_path, rows(labels=("glad|calm", "<b>sad</b>", "=1+1"), text="a\x1b[2J\x07 b\u202ec"))
    reading = read_table(tmp_path)
    assert reading.labels == ("<b>sad</b>", "=1+1", "glad|calm") and reading.utterances[0].text == "a[2J bc"
    assert notes_of(reading) == {"texts with control characters, which were dropped": 12}


def test_empty_speakers_are_counted(tmp_path):
    table(tmp_path, rows(speaker=lambda i: "" if i < 5 else "ann"))
    assert notes_of(read_table(tmp_path)) == {"empty cells of column speaker": 5}


@pytest.mark.slow
def test_the_sound_of_a_video_is_used(tmp_path):
    film(tmp_path / "v.mp4", person(), sounds=[voice(2.4, 48000)])
    film(tmp_path / "silent.mp4", person())
    wavs(tmp_path, 1)
    table(tmp_path, rows(n=4, video=lambda i: ("v.mp4", "silent.mp4")[i % 2], audio=lambda i: "0.wav" if i > 1 else ""))
    reading = read_table(tmp_path)
    assert [row.audio for row in reading.utterances] == ["v.mp4", "", "0.wav", "0.wav"]
    assert notes_of(reading) == {"utterances whose sound is that of their video": 1}
    assert made_of(reading.utterances).startswith("audio 3, video 4, text 4 of 4 utterances; the video's sound is used")
    table(tmp_path, rows(n=4, video="v.mp4"))
    assert {row.audio for row in read_table(tmp_path).utterances} == {"v.mp4"}


def test_scenario_and_gender(tmp_path):
    words = ("female", "M", "w", "f", "Male", "", "non-binary")
    table(tmp_path, rows(n=7, gender=lambda i: words[i], scenario=lambda i: " shop  2 " if i else ""))
    found = read_table(tmp_path).utterances
    assert [row.gender for row in found] == ["F", "M", "F", "F", "M", "", "non-binary"]
    assert [row.scenario for row in found] == ["", *["shop 2"] * 6]


cell = st.text(st.sampled_from("ab1,.;:|\"'\n\r\t =-é\u202e\x1b\0"), max_size=8)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), cell, st.sampled_from(["csv", "tsv"]), st.sampled_from(["auto", "gbk", "utf-16"]))
def test_any_bytes_are_read_or_refused(tmp_path, data, text, suffix, encoding):
    for path in tmp_path.iterdir():
        path.unlink()
    content = f"utterance,label,text\nu1,a,{text}\nu2,b,".encode() + data
    (tmp_path / f"utterances.{suffix}").write_bytes(content if len(data) % 3 else data)
    try:
        assert len(read_table(tmp_path, encoding=encoding).utterances) >= 2
    except EmotionError as error:
        assert str(error).startswith(str(tmp_path)) and is_printable(str(error))
