"""Bad recordings, transcripts, models and options: one line that says what to do, and nothing written."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from predict.planted_talk import plant_sound, plant_transcript, plant_video, told
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core.errors import EmotionError


@pytest.fixture
def folder(tmp_path):
    plant_sound(tmp_path / "talk.wav")
    plant_transcript(tmp_path / "talk.csv")
    (tmp_path / "nothing.mp4").touch()
    (tmp_path / "letter.mp4").write_text("Dear all,\n" * 200)
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    soundfile.write(tmp_path / "tiny.wav", np.zeros(1), 16000)
    (tmp_path / "empty.srt").touch()
    (tmp_path / "bare.csv").write_text("start,end,speaker,text\n")
    (tmp_path / "late.csv").write_text("start,end,speaker,text\n90,91,Anna,hello\n")
    whole = plant_video(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    return tmp_path


@pytest.mark.parametrize(
    ("media", "transcript", "said"),
    [
        ("none.mp4", "talk.csv", "no media file: .*none.mp4 does not exist; check the path"),
        ("nothing.mp4", "talk.csv", "empty media file: .*nothing.mp4 has 0 bytes; copy it again"),
        ("letter.mp4", "talk.csv", "undecodable media: .*letter.mp4.*; copy it again"),
        ("cut.mp4", "talk.csv", "undecodable media: .*cut.mp4.*; copy it again"),
        ("pipe.wav", "talk.csv", "^no media file: [^ ]*pipe.wav is a folder, pipe or device; "),
        ("tiny.wav", "talk.csv", "^too short: .*tiny.wav lasts 0.062 ms"),
        ("empty", "talk.csv", "no recording in this folder"),
        ("talk.wav", "none.csv", "none.csv: cannot be read"),
        ("talk.wav", "empty.srt", "empty, expected a transcript"),
        ("talk.wav", "bare.csv", "without a segment"),
        ("talk.wav", "late.csv", "start is 90 s, but the recording has 4.2 s"),
    ],
)
def test_one_line(packed, folder, media, transcript, said):
    with pytest.raises(EmotionError, match=said) as caught:
        told(folder / media, packed, folder / "out", folder / transcript)
    assert "\n" not in str(caught.value) and caught.value.exit_code == 1
    assert not list((folder / "out").glob("timeline*"))


@pytest.mark.slow
def test_no_pictures_and_no_sound_are_no_fault(packed, folder):
    told(folder / "whole.mp4", packed, folder / "out", folder / "talk.csv", formats=["csv"])
    assert "no sound" in (folder / "out" / "timeline.csv").read_text()


@pytest.mark.slow
def test_turns_that_overlap_are_kept(packed, folder):
    (folder / "both.csv").write_text("start,end,speaker,text\n0.5,2,Anna,hello\n1,2.5,Ben,no\n1.5,3,Anna,yes\n")
    told(folder / "talk.wav", packed, folder / "out", folder / "both.csv", formats=["csv"])
    text = (folder / "out" / "timeline.csv").read_text()
    assert text.count("\n") == 4 and "segments that begin before the same speaker has ended: 1" in text


@pytest.mark.slow
def test_odd_names_do_no_harm(packed, folder):
    odd = folder / "it's \"<script>\n1.wav"
    shutil.copy(folder / "talk.wav", odd)
    written = told(odd, packed, folder / "out", folder / "talk.csv")
    assert len(written) == 6
    assert "<script>" not in (folder / "out" / "timeline.eaf").read_text()


@pytest.mark.slow
def test_a_name_that_is_no_unicode(packed, folder):
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/b\xff.wav"))
    shutil.copy(folder / "talk.wav", odd)
    assert len(told(odd, packed, folder / "out", folder / "talk.csv")) == 6
    assert r"b\\udcff.wav" in (folder / "out" / "timeline.json").read_text()


def test_without_the_extra_the_line_names_it(packed, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(EmotionError, match=r"pip install '\.\[video\]'"):
        told(folder / "talk.wav", packed, folder / "out")


def test_wrong_models_and_formats(packed, folder):
    wav, text = folder / "talk.wav", folder / "talk.csv"
    for model in (folder / "empty", folder / "none", folder / "talk.wav"):
        with pytest.raises(EmotionError, match="expected the folder of a packed model"):
            told(wav, model, folder / "out", text)
    with pytest.raises(EmotionError, match="format 'html' is unknown, expected some of csv, json"):
        told(wav, packed, folder / "out", text, formats=["csv", "html"])
    with pytest.raises(EmotionError, match="the sound of one recording, but there are 2"):
        _two(packed, folder)
    assert not (folder / "out").exists()


def _two(packed, folder):
    (folder / "two").mkdir()
    for name in "ab":
        shutil.copy(folder / "talk.wav", folder / "two" / f"{name}.wav")
    told(folder / "two", packed, folder / "out", folder / "two", sound=folder / "talk.wav")


@pytest.mark.parametrize("option", [("--faces", "some"), ("--speakers", "0"), ("--formats", ",")])
def test_wrong_usage(option):
    done = CliRunner().invoke(app, ["predict", "talk.mp4", "--model", "m", "--out", "o", *option])
    assert done.exit_code == 2, done.output
