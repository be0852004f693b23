"""Whole recordings of drawn faces; speech and words are planted."""

import numpy as np
import pytest
import soundfile
from conversation.planted import Recogniser, find_speech, mumble, nobody, two, voice, write

from benchmarks.broken_files import CASES
from emotion.conversation import recording
from emotion.conversation.listen import RATE
from emotion.conversation.pieces import Piece
from emotion.conversation.recording import turns_of
from emotion.core.errors import EmotionError


@pytest.fixture(autouse=True)
def ears(monkeypatch):
    monkeypatch.setattr(recording, "speech_finder", lambda: find_speech)
    monkeypatch.setattr(recording, "Whisper", lambda *args, **options: Recogniser("I do.", "Why?", "So I do."))


SPANS = [(0.5, 1.5), (2.0, 3.0), (3.5, 4.5)]


def mouths(time):
    """Left, right, left, as the voice."""
    turn = next((number for number, (start, end) in enumerate(SPANS) if start <= time < end), None)
    return [mumble(time) if turn is not None and turn % 2 == side else 0.2 for side in (0, 1)]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    pictures = [two(*mouths(number / 25)) for number in range(125)]
    return write(tmp_path_factory.mktemp("film") / "a.mp4", pictures=pictures, sound=voice(SPANS, 5))


def brief(made):
    return [(turn.text, turn.speaker, turn.speaker_from, turn.unsure) for turn in made.turns]


def side(turn):
    return "left" if turn.face[0] + turn.face[2] < 1 else "right"


@pytest.mark.slow
def test_two_who_talk_in_turns(film):
    told = []
    made = turns_of(film, progress=lambda *step: told.append(step))
    assert brief(made) == [
        ("I do.", "speaker 1", "mouth motion", True),
        ("Why?", "speaker 2", "mouth motion", True),
        ("So I do.", "speaker 1", "mouth motion", True),
    ]
    assert [side(turn) for turn in made.turns] == ["left", "right", "left"]
    assert made.language == "en" and made.heard and made.seen and made.seconds == pytest.approx(5, abs=0.1)
    assert [word.text for turn in made.turns for word in turn.words] == ["I", "do.", "Why?", "So", "I", "do."]
    assert len(made.tracks) == 2 and sorted(made.persons) == [0, 1]
    assert made.warnings == (
        "3 turns given to the face whose mouth moves most, which is a guess: the weights of Light-ASD tell better",
    )
    assert {step for step, *_ in told} == {"listen", "watch"}


@pytest.mark.slow
def test_same_recording_same_turns(film):
    assert turns_of(film).turns == turns_of(film).turns


@pytest.mark.slow
def test_a_transcript_is_kept_row_by_row(film, monkeypatch):
    monkeypatch.setattr(recording, "speech_finder", None)
    rows = [Piece(2.0, 3.0, "Why?", speaker="Bob"), Piece(0.5, 1.5, "I do.", speaker="Ann"), Piece(3.5, 4.5, "So.")]
    made = turns_of(film, transcript=rows)
    assert brief(made) == [
        ("I do.", "Ann", "transcript", False),
        ("Why?", "Bob", "transcript", False),
        ("So.", "Ann", "mouth motion", True),
    ]
    assert [side(turn) for turn in made.turns] == ["left", "right", "left"]
    assert turns_of(film, transcript=[]).turns == ()


def test_a_transcript_without_words_gets_them_from_the_recogniser(tmp_path, monkeypatch):
    """As RTTM has it: who speaks is known, and when."""
    soundfile.write(tmp_path / "a.wav", voice([*SPANS, (7.5, 8.5)], 9).T, RATE)
    who = [Piece(0.4, 1.6, speaker="Ann"), Piece(1.9, 3.1, speaker="Ben"), Piece(3.4, 4.6, speaker="Ann")]
    made = turns_of(tmp_path / "a.wav", transcript=who, faces="none")
    assert brief(made) == [
        ("I do.", "Ann", "transcript", False),
        ("Why?", "Ben", "transcript", False),
        ("So I do.", "Ann", "transcript", False),
    ]
    assert [(turn.start, turn.end) for turn in made.turns] == [(0.4, 1.6), (1.9, 3.1), (3.4, 4.6)]
    assert made.language == "en" and "1 word left out: nobody speaks there in the transcript" in made.warnings
    assert [word.text for word in made.turns[2].words] == ["So", "I", "do."]
    monkeypatch.setattr(Recogniser, "__call__", lambda self, wave: [])
    silent = turns_of(tmp_path / "a.wav", transcript=who, faces="none")
    assert not any(turn.text for turn in silent.turns) and "no word was understood" in silent.warnings
    monkeypatch.setattr(recording, "speech_finder", None)  # nothing is listened for
    bare = turns_of(tmp_path / "a.wav", transcript=who, faces="none", asr="none")
    assert [turn.speaker for turn in bare.turns] == ["Ann", "Ben", "Ann"] and bare.language == ""


@pytest.mark.slow
def test_without_words_regions_are_turns(film):
    made = turns_of(film, asr="none")
    assert [turn.start for turn in made.turns] == pytest.approx([0.5, 2.0, 3.5], abs=0.11)
    assert all(not turn.text and not turn.words for turn in made.turns) and made.language == ""


def test_without_faces(film):
    made = turns_of(film, faces="none")
    assert {turn.speaker for turn in made.turns} == {"speaker ?"} and not made.seen and made.warnings == ()
    assert {turn.speaker for turn in turns_of(film, faces="none", speakers=1).turns} == {"speaker 1"}


@pytest.mark.slow
def test_channels_say_who_speaks_and_whose_face_it_is(tmp_path):
    spans = [(start, end, number % 2) for number, (start, end) in enumerate(SPANS)]
    pictures = [two(*mouths(number / 25)) for number in range(125)]
    path = write(tmp_path / "a.mp4", pictures=pictures, sound=voice(spans, 5, channels=2))
    made = turns_of(path)
    assert [turn[1:] for turn in brief(made)] == [
        ("speaker 1", "sound channel", False),
        ("speaker 2", "sound channel", False),
        ("speaker 1", "sound channel", False),
    ]
    assert [side(turn) for turn in made.turns] == ["left", "right", "left"]


def test_sound_only(tmp_path):
    soundfile.write(tmp_path / "a.wav", voice(SPANS, 5).T, RATE)
    made = turns_of(tmp_path / "a.wav")
    assert [turn[1:] for turn in brief(made)] == [("speaker ?", "nothing", True)] * 3
    assert not made.seen and made.warnings[0].startswith("without picture: no video track")


@pytest.mark.slow
def test_silent_films(tmp_path):
    pictures = [two(0.2, 0.2)] * 75
    for path in (
        write(tmp_path / "none.mp4", pictures=pictures),
        write(tmp_path / "zero.mp4", pictures=pictures, sound=np.zeros((1, 3 * RATE), np.float32)),
    ):
        made = turns_of(path)
        assert [turn[1:] for turn in brief(made)] == [
            ("speaker 1", "only face", False),
            ("speaker 2", "only face", False),
        ]
        assert {side(turn) for turn in made.turns} == {"left", "right"}
        assert any("sound" in warning for warning in made.warnings)


def test_nobody_speaks_and_nobody_is_seen(tmp_path):
    path = write(tmp_path / "a.mp4", pictures=[nobody()] * 50, sound=voice([], 2))
    made = turns_of(path)
    assert made.turns == ()
    assert made.warnings == ("nobody speaks in the recording", "no face is seen in the recording")


def test_speech_without_words_is_counted(film, monkeypatch):
    monkeypatch.setattr(recording, "Whisper", lambda *args, **options: lambda wave: [])
    with pytest.raises(AttributeError):
        turns_of(film)
    silent = type("Deaf", (), {"language": "", "__call__": lambda self, wave: []})()
    monkeypatch.setattr(recording, "Whisper", lambda *args, **options: silent)
    made = turns_of(film)
    assert made.turns == () and "3 regions of speech left out: no word was understood" in made.warnings


def test_impossible_wishes_are_named(film, tmp_path):
    with pytest.raises(EmotionError, match="number of speakers is 0"):
        turns_of(film, speakers=0)
    with pytest.raises(EmotionError, match="expected haar, yunet or the path"):
        turns_of(film, faces="resnet")
    with pytest.raises(EmotionError, match="cannot be read"):
        turns_of(film, light_asd=tmp_path / "none")
    for name in ("none.mp4", "quote's <script>.mp4"):
        with pytest.raises(EmotionError, match="does not exist"):
            turns_of(tmp_path / name)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_broken_media_are_used_or_named(tmp_path, case):
    path = tmp_path / case.name
    path.parent.mkdir(parents=True, exist_ok=True)
    if case.make is not None:
        case.make(path)
    try:
        made = turns_of(path)
    except EmotionError as error:
        assert "\n" not in str(error) and case.name in str(error)
    else:
        assert made.seconds > 0 and all("\n" not in warning for warning in made.warnings)
