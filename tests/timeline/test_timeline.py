import math

import pytest
from timeline.planted_timeline import HOSTILE, emotion, planted

from emotion.core.errors import EmotionError
from emotion.timeline.timeline import UNKNOWN, Emotion, Timeline, Turn, Word


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (1, 1),
        (2, 1),
        (-0.001, 1),
        (math.nan, 1),
        (0, math.nan),
        (0, math.inf),
        (1, 1.0009),
        (0, 400_000),
        (-math.inf, 0),
    ],
)
def test_times_of_a_turn_are_those_of_a_piece_of_a_recording(start, end):
    with pytest.raises(EmotionError, match=r"expected (0 or more and less than 360000 s|more than start)"):
        Turn(start=start, end=end)


def test_a_turn_may_be_as_short_as_files_can_tell():
    assert Turn(start=1.0, end=1.001).end == 1.001 and Turn(start=1.1, end=1.101)


def test_a_word_may_take_no_time_but_not_less():
    assert Word(1, 1, " hello ").text == "hello"
    with pytest.raises(EmotionError, match=r"word 'hello': end is 0.5 s, expected no less than start = 1 s"):
        Word(1, 0.5, "hello")


def test_an_unknown_probability_of_a_word_is_none():
    assert Word(0, 1, "a", math.nan).probability is None is Word(0, 1, "a").probability
    with pytest.raises(EmotionError, match=r"probability is 1\.5, expected 0 to 1"):
        Word(0, 1, "a", 1.5)


def test_texts_and_names_are_tidied():
    turn = Turn(start=0, end=1, speaker=" Anna\r\n\r\n  B\x1b\u202e ", text=" a\tb\n\x00c\u200b e\u0301\ufffe ")
    assert turn.text == "a b c \u00e9" and turn.speaker == "Anna\nB"
    for text in ("a\u200b\u0301", "\x1ba\u202e\u0301 \x00 ", HOSTILE):  # once is enough
        again = Turn(start=0, end=1, speaker=Turn(start=0, end=1, speaker=text).speaker, text=text)
        assert again.speaker == Turn(start=0, end=1, speaker=text).speaker
        assert Turn(start=0, end=1, text=again.text).text == again.text


@pytest.mark.parametrize(
    ("label", "chances", "what"),
    [
        ("happy", {"happy": 0.6, "sad": 0.6}, "1.2 together"),
        ("happy", {"happy": 0.4, "sad": 0.6}, "label is 'happy'"),
        ("glad", {"happy": 1.0}, "label is 'glad'"),
        ("happy", {"happy": math.nan}, "is nan, expected 0 to 1"),
        ("happy", {"happy": 1.5, "sad": -0.5}, "is 1.5, expected 0 to 1"),
        ("happy", {}, "0 together"),
    ],
)
def test_probabilities_are_a_distribution(label, chances, what):
    with pytest.raises(EmotionError, match=what):
        Emotion(label, chances)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"speaker_from": "guess"}, "speaker_from is 'guess', expected some of 'transcript'"),
        ({"unsure": ("face",)}, "unsure is 'face'"),
        ({"absent": {"video": "none"}}, "'video', expected some of 'audio', 'face', 'text'"),
        ({"novelty": {"face": 101}}, "novelty of face is 101, expected 0 to 100"),
        ({"novelty": {"face": math.nan}}, "is nan"),
    ],
)
def test_what_is_told_of_a_turn_is_known(change, what):
    with pytest.raises(EmotionError, match=what):
        Turn(start=0, end=1, **change)


def test_flags_and_modalities_stand_in_one_order():
    turn = Turn(start=0, end=1, unsure=("emotion", "speaker"), absent={"text": "b", "audio": "a"})
    assert turn.unsure == ("speaker", "emotion") and list(turn.absent) == ["audio", "text"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"duration": 5.0}, "ends at 6.0004 s, expected an end within the 5 s"),
        ({"duration": 0.0}, "duration of talk.mp4: end is 0 s"),
        ({"duration": math.nan}, "is nan s"),
        ({"labels": ("happy", "sad")}, "probabilities are of"),
        ({"labels": ("happy", "happy")}, "labels are"),
        ({"speakers": ("Anna",)}, "expected one of"),
        ({"speakers": ("Anna", "Anna ")}, "speakers are"),
        ({"turns": planted().turns[::-1]}, "comes after that at 5 s"),
        ({"turns": (Turn(start=0, end=1),)}, "speakers are"),
    ],
)
def test_a_timeline_holds_together(change, what):
    with pytest.raises(EmotionError, match=what) as caught:
        planted(**change)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_who_speaks_in_the_order_of_first_turns():
    assert planted().speakers == ("Anna", HOSTILE, UNKNOWN)
    assert planted(speakers=(UNKNOWN, "silent", HOSTILE, "Anna")).speakers == (UNKNOWN, "silent", HOSTILE, "Anna")


def test_the_name_of_the_recording_is_printable():
    assert planted(media="a\n\udcff<script>.mp4").media == "a\\n\\udcff<script>.mp4"


def test_a_recording_in_which_nobody_speaks():
    assert Timeline(media="a.wav", duration=7200, labels=("a",)).turns == ()


def test_nothing_changes_what_was_given():
    chances = {"happy": 0.5, "very sad": 0.25, "neutral": 0.25}
    held = Emotion("happy", chances)
    chances["happy"] = 0.1
    assert held == emotion(0.5, 0.25, 0.25)
