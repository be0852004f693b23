"""Recordings to timelines: sound alone, silent films, several at once, refusals, and the same bytes after an end."""

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from closure import ROOT
from predict.planted_talk import (
    TURNS,
    files,
    generated,
    plant_sound,
    plant_speakers,
    plant_transcript,
    plant_video,
    told,
)
from scipy.special import softmax

from emotion.bundle.folder import load
from emotion.conversation import recording, watch
from emotion.conversation.hearing import Heard
from emotion.conversation.listen import Speech
from emotion.core.errors import EmotionError
from emotion.predict import run
from emotion.predict.classify import Classified, classify, index_of
from emotion.predict.media import Refused, look
from emotion.predict.talk import Listening, find_turns
from emotion.timeline.json_file import read_timeline
from emotion.timeline.reading import read_transcript
from emotion.timeline.timeline import Word
from emotion.timeline.writing import WRITERS


@pytest.fixture
def talk(tmp_path):
    return plant_sound(tmp_path / "talk.wav")


@pytest.fixture
def transcript(tmp_path):
    return plant_transcript(tmp_path / "talk.csv")


@pytest.mark.slow
def test_sound_alone(packed, talk, transcript, tmp_path):
    written = told(talk, packed, tmp_path / "out", transcript)
    assert len(written) == len(WRITERS) and not (tmp_path / "out" / "work").exists()
    timeline = read_timeline(tmp_path / "out" / "timeline.json")
    assert [(turn.start, turn.end, turn.speaker, turn.text) for turn in timeline.turns] == TURNS
    assert timeline.media == "talk.wav" and timeline.model == "small" and timeline.labels == ("calm", "loud")
    card = load(packed).card
    for turn in timeline.turns:
        assert turn.absent == {"face": "no pictures"} and turn.speaker_from == "transcript"
        assert sum(turn.emotion.probabilities.values()) == pytest.approx(1, abs=1e-5)
        unsure = turn.emotion.probabilities[turn.emotion.label] < card.unsure.below
        assert turn.unsure == (("emotion",) if unsure else ())
        assert set(turn.novelty) <= {"audio", "text"}


@pytest.mark.slow
def test_the_temperature_is_applied(packed, talk, transcript, tmp_path):
    bundle, recorded = load(packed), look(talk)
    turns = find_turns(recorded, Listening(transcript=transcript), progress=lambda *_: None).turns
    (tmp_path / "work").mkdir()
    logits = classify(bundle, recorded, turns, work=tmp_path / "work").logits
    told(talk, packed, tmp_path / "out", transcript, formats=["json"])
    found = read_timeline(tmp_path / "out" / "timeline.json").turns
    chances = [[turn.emotion.probabilities[label] for label in bundle.card.labels] for turn in found]
    assert np.array(chances) == pytest.approx(softmax(logits / bundle.card.temperature, axis=1), abs=1e-5)


@pytest.mark.slow
def test_a_silent_film_with_a_transcript(packed, transcript, tmp_path):
    film = plant_video(tmp_path / "talk.mp4")
    sides = plant_transcript(tmp_path / "sides.csv", sides=["left", "right", "box 0 0 0.55 1"])
    told(film, packed, tmp_path / "out", sides, formats=["json"])
    one, two, three = read_timeline(tmp_path / "out" / "timeline.json").turns
    assert one.absent == {"audio": "no sound"} == three.absent
    assert set(two.absent) == {"audio", "face"} and two.absent["face"].startswith("no face found")
    told(film, packed, tmp_path / "watched", transcript, formats=["json"])
    turns = read_timeline(tmp_path / "watched" / "timeline.json").turns
    assert [turn.speaker for turn in turns] == ["Anna", "Ben", "Anna"]
    assert all("audio" in turn.absent for turn in turns)
    told(film, packed, tmp_path / "blind", transcript, formats=["json"], faces=False)
    assert {turn.absent["face"] for turn in read_timeline(tmp_path / "blind" / "timeline.json").turns} == {
        "faces are not looked at"
    }


@pytest.mark.slow
def test_faces_have_the_score_that_the_model_was_packed_with(packed, transcript, tmp_path, monkeypatch):
    film, asked = plant_video(tmp_path / "talk.mp4", seconds=1), []
    bundle = load(packed)
    reading = bundle.reading.model_copy(update={"face": bundle.clips.model_copy(update={"score": 0.55})})
    monkeypatch.setattr(run, "load", lambda _: replace(bundle, reading=reading))
    made = watch.make_detector
    monkeypatch.setattr(watch, "make_detector", lambda name, *, score: asked.append(score) or made(name))
    (tmp_path / "short.csv").write_text("start,end,speaker,text\n0.1,0.9,Anna,well\n")
    told(film, packed, tmp_path / "out", tmp_path / "short.csv", formats=["json"])
    assert asked == [0.55]


@pytest.fixture
def ears(monkeypatch):
    """What is understood: a word in each planted turn."""
    words = tuple(Word(start + 0.1, end - 0.1, f"word{number}.") for number, (start, end, *_) in enumerate(TURNS))
    heard = Heard(4.2, Speech((), words), np.zeros((0, 2), np.float32), None, False, "")
    monkeypatch.setattr(recording, "speech_finder", lambda: None)
    monkeypatch.setattr(recording, "Whisper", lambda *_, **__: SimpleNamespace(language="en"))
    monkeypatch.setattr(recording, "hear", lambda *_, **__: heard)


def test_a_transcript_of_speakers_gets_its_words_by_listening(talk, ears, tmp_path):
    """RTTM, and other kinds in which no turn has a text; not where the user asks for none."""
    cues = "".join(f"00:00:0{start:.3f} --> 00:00:0{end:.3f}\n\n" for start, end, *_ in TURNS)
    (tmp_path / "bare.vtt").write_text("WEBVTT\n\n" + cues)
    plant_speakers(tmp_path / "talk.rttm")
    for name, speakers in (("talk.rttm", ["Anna", "Ben", "Anna"]), ("bare.vtt", ["speaker ?"] * 3)):
        how = Listening(transcript=tmp_path / name)
        found = find_turns(look(talk), how, progress=lambda *_: None)
        assert [(turn.start, turn.end) for turn in found.turns] == [(start, end) for start, end, *_ in TURNS]
        assert [turn.speaker for turn in found.turns] == speakers
        assert [turn.text for turn in found.turns] == ["word0.", "word1.", "word2."] and len(found.turns[0].words) == 1
        assert found.warnings == ()
        bare = find_turns(look(talk), replace(how, asr="none"), progress=lambda *_: None)
        assert not any(turn.text for turn in bare.turns) and f"{name}: says nothing of what is said" in bare.warnings


@pytest.mark.slow
def test_speakers_words_and_sides(talk, ears, tmp_path):
    """The words come from the recogniser, the face from where the transcript has it: nothing is watched."""
    film = plant_video(tmp_path / "talk.mp4")
    rows = "".join(f"{start},{end},{speaker},left\n" for start, end, speaker, _ in TURNS)
    (tmp_path / "talk.csv").write_text("start,end,speaker,side\n" + rows)
    seen = []
    recorded = look(film, sound=talk)
    found = find_turns(
        recorded, Listening(transcript=tmp_path / "talk.csv"), progress=lambda step, *_: seen.append(step)
    )
    assert [(turn.speaker, turn.text, turn.side) for turn in found.turns] == [
        (speaker, f"word{number}.", "left") for number, (*_, speaker, _) in enumerate(TURNS)
    ]
    assert "watch" not in seen and all(not turn.absent for turn in found.turns)


@pytest.mark.slow
def test_sound_beside_the_pictures(packed, talk, tmp_path):
    film = plant_video(tmp_path / "talk.mp4")
    sides = plant_transcript(tmp_path / "sides.csv", sides=["left"] * 3)
    told(film, packed, tmp_path / "out", sides, formats=["json"], sound=talk)
    assert [turn.absent for turn in read_timeline(tmp_path / "out" / "timeline.json").turns] == [{}, {}, {}]
    (tmp_path / "sounds").mkdir()
    shutil.copy(talk, tmp_path / "sounds" / "talk.wav")
    told(film, packed, tmp_path / "again", sides, formats=["json"], sound=tmp_path / "sounds")
    assert files(tmp_path / "again") == files(tmp_path / "out")


@pytest.mark.slow
def test_paths_and_names_of_folders_are_in_no_file(packed, talk, transcript, tmp_path):
    header, *lines = transcript.read_text().splitlines()
    (tmp_path / "odd.csv").write_text("\n".join([header, *reversed(lines)]))  # its notes are warnings
    film = plant_video(tmp_path / "talk.mp4")
    for number, media in enumerate((talk, film)):
        told(media, packed, tmp_path / f"{number}", tmp_path / "odd.csv")
        found = files(tmp_path / f"{number}")
        assert b"odd.csv: segments out of order: 2" in found["timeline.csv"]
        assert not [name for name, content in found.items() if str(tmp_path).encode() in content]


@pytest.mark.slow
def test_it_goes_on_where_it_was_ended(packed, talk, transcript, tmp_path, monkeypatch):
    told(talk, packed, tmp_path / "whole", transcript)

    def end(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run, "write_timeline", end)
        with pytest.raises(KeyboardInterrupt):
            told(talk, packed, tmp_path / "out", transcript)
    assert (tmp_path / "out" / "work" / "turns.json").exists() and not (tmp_path / "out" / "timeline.csv").exists()
    monkeypatch.setattr(run, "find_turns", end)  # the turns are there
    told(talk, packed, tmp_path / "out", transcript)
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_a_warning_where_most_turns_are_unlike_the_training_data():
    nan = np.nan
    novelty = {"audio": [99, 97, 12, 40], "face": [99, 98, nan, 50], "text": [nan] * 4}
    found = Classified(np.zeros((4, 2)), {}, {name: np.array(values) for name, values in novelty.items()})
    (line,) = run._unlike(found)
    assert line.startswith("these faces are unlike the training data: in 2 of 3 turns")
    assert list(run._unlike(None)) == []


@pytest.mark.full
@pytest.mark.slow
def test_the_same_bytes_after_a_kill(packed, talk, transcript, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "emotion", "predict", str(talk), "--model", str(packed)]
    command += ["--transcript", str(transcript), "--out"]
    subprocess.run([*command, str(tmp_path / "whole")], cwd=ROOT, check=True)
    for file in ("turns.json", "audio.h5", "text.h5"):
        with subprocess.Popen([*command, str(out)], cwd=ROOT) as process:
            while not (out / "work" / file).exists() and process.poll() is None:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
    subprocess.run([*command, str(out)], cwd=ROOT, check=True)
    assert "report.html" in files(out)
    assert files(out) == files(tmp_path / "whole")


@pytest.mark.slow
def test_several_recordings_and_a_folder(packed, transcript, tmp_path, caplog):
    folder = tmp_path / "talks"
    folder.mkdir()
    plant_sound(folder / "a.wav")
    plant_sound(folder / "b.flac", seconds=5)
    (folder / "c.wav").write_bytes(b"RIFF nonsense")
    (folder / "notes.txt").write_text("no recording")
    for name in "abc":
        shutil.copy(transcript, folder / f"{name}.csv")
    with pytest.raises(EmotionError, match="1 of 3 recordings could not be used"):
        told(folder, packed, tmp_path / "out", folder, formats=["csv"])
    assert sorted(files(tmp_path / "out")) == ["a/timeline.csv", "b/timeline.csv"]


@pytest.mark.slow
def test_a_model_of_the_generated_corpus_refuses(packed, talk, transcript, tmp_path):
    model = generated(packed, tmp_path / "generated")
    with pytest.raises(Refused, match="trained on drawn faces and synthetic voices") as caught:
        told(talk, model, tmp_path / "out", transcript)
    assert caught.value.exit_code == 3 and not (tmp_path / "out").exists()
    told(talk, model, tmp_path / "out", transcript, demo=True)
    for name, content in files(tmp_path / "out").items():
        assert b"means nothing" in content, name


def test_somebodys_own_folder_named_work_stays(packed, talk, transcript, tmp_path):
    own = tmp_path / "out" / "work"
    own.mkdir(parents=True)
    (own / "letter.txt").write_text("dear")
    with pytest.raises(EmotionError, match="is not of an earlier prediction"):
        told(talk, packed, tmp_path / "out", transcript)
    assert (own / "letter.txt").read_text() == "dear"


def test_no_turn_can_be_taken_for_a_training_utterance(talk, transcript):
    rows = index_of(look(talk), read_transcript(transcript).turns, labels=("calm", "loud")).utterances
    assert {row.split for row in rows} == {"test"} and {row.label for row in rows} == {""}
    assert all(" " in row.utterance for row in rows)
