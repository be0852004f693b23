from math import nan

import pytest

from emotion.conversation.people import NOBODY
from emotion.conversation.pieces import Piece
from emotion.conversation.speakers import Face, Verdict, verdicts


def piece(start, end=None, *, sentence=-1, speaker=""):
    return Piece(start, end or start + 1, sentence=sentence, speaker=speaker)


def talk(*scores, share=1.0):
    """Persons 0, 1, ... with these scores; None = not seen."""
    return [Face(person, share, talking=score) for person, score in enumerate(scores) if score is not None]


def move(*motions):
    return [Face(person, 1.0, motion=value) for person, value in enumerate(motions)]


def said(faces, **given):
    """A piece every five seconds, so that none is a neighbour of another."""
    return verdicts([piece(5 * number) for number in range(len(faces))], faces, **given)


def brief(made):
    return [(verdict.speaker, verdict.speaker_from, verdict.unsure, verdict.person) for verdict in made]


def test_the_face_that_talks_clearly():
    made = said([talk(3, -1), talk(-2, 0.5), talk(0.5, 3, 1.9)])
    assert brief(made) == [
        ("speaker 1", "talking face", False, 0),
        ("speaker 2", "talking face", False, 1),
        ("speaker 2", "talking face", False, 1),
    ]


def test_two_that_talk_are_unsure():
    assert brief(said([talk(3, 2.5)])) == [("speaker 1", "talking face", True, 0)]


@pytest.mark.parametrize("faces", [talk(-1, -2), talk(-0.1), [], talk(3, share=0.1)])
def test_all_faces_silent_is_off_screen(faces):
    made = said([faces])
    assert brief(made) == [("speaker ?", "nothing", True, NOBODY)] and made[0].off_screen


def test_the_only_face_is_the_speaker_if_it_talks():
    assert brief(said([talk(0.3)])) == [("speaker 1", "only face", False, 0)]
    alone = said([move(0.01)], alone=True)
    assert brief(alone) == [("speaker 1", "only face", False, 0)]
    assert brief(said([move(0.01)])) == [("speaker 1", "only face", True, 0)]
    part = [Face(0, 0.5, motion=0.01)]
    assert said([part], alone=True)[0].unsure


def test_the_only_face_may_be_a_listener():
    made = said([move(0.2), move(0.01), move(0.1), move(nan)], alone=True)
    assert [verdict.unsure for verdict in made] == [False, True, False, True]
    assert {verdict.speaker for verdict in made} == {"speaker 1"}


def test_mouth_motion_is_always_unsure():
    made = said([move(0.01, 9.0), move(0.3, 0.2), move(nan, nan)])
    assert brief(made) == [
        ("speaker 1", "mouth motion", True, 1),
        ("speaker 2", "mouth motion", True, 0),
        ("speaker ?", "nothing", True, NOBODY),
    ]


def test_sound_alone_says_nothing():
    made = verdicts([piece(0), piece(2)], [[], []], pictured=False)
    assert brief(made) == [("speaker ?", "nothing", True, NOBODY)] * 2 and not made[0].off_screen


def neighbours(middle, *, before=0, after=0, same=True, gap=0.1):
    """The middle one of three pieces; the others are said by these persons."""
    scores = [(3, -1), (-1, 3)]
    pieces = [piece(0, sentence=1), piece(1 + gap, sentence=1 if same else 2), piece(2 + 2 * gap, sentence=3)]
    faces = [talk(*scores[before]), middle, talk(*scores[after])]
    return brief(verdicts(pieces, faces))[1]


def test_what_is_not_clear_is_asked_of_the_neighbours():
    both = talk(1.5, 2.0)
    assert neighbours(both) == ("speaker 1", "neighbouring turns", False, 0)
    assert neighbours(both, after=1, same=False) == ("speaker 2", "talking face", True, 1)
    assert neighbours(both, after=1, same=True) == ("speaker 1", "neighbouring turns", False, 0)
    assert neighbours([]) == ("speaker 1", "neighbouring turns", False, 0)
    assert neighbours(both, same=False, gap=3.0) == ("speaker 2", "talking face", True, 1)


def test_a_neighbour_who_is_silent_in_the_piece_does_not_say_it():
    assert neighbours(talk(-1, 0.9)) == ("speaker 2", "talking face", False, 1)
    assert neighbours(talk(-1, -2)) == ("speaker ?", "nothing", True, NOBODY)
    assert neighbours(talk(-1, 2.0, 1.8))[0] == "speaker 2"


def test_channels_go_before_faces_and_learn_whose_face_it_is():
    faces = [talk(3, -1), talk(-1, 3), talk(2, 2.5), talk(-1, 3)]
    pieces = [piece(5 * number) for number in range(4)]
    made = verdicts(pieces, faces, channels=[1, 0, 1, None])
    assert brief(made) == [
        ("speaker 1", "sound channel", False, 0),
        ("speaker 2", "sound channel", False, 1),
        ("speaker 1", "sound channel", False, 0),
        ("speaker 2", "talking face", False, 1),
    ]


def test_the_users_speakers_go_before_all():
    pieces = [piece(0, speaker="Ann"), piece(5, speaker="Bob"), piece(10), piece(15, speaker="Ann")]
    faces = [talk(2, -1), talk(-2, 3), talk(3, -1), []]
    made = verdicts(pieces, faces, channels=[0, 0, None, 0])
    assert brief(made) == [
        ("Ann", "transcript", False, 0),
        ("Bob", "transcript", False, 1),
        ("Ann", "talking face", False, 0),
        ("Ann", "transcript", False, NOBODY),
    ]


def test_names_of_the_user_are_not_given_again():
    pieces = [piece(0, speaker="speaker 1"), piece(5), piece(10)]
    made = verdicts(pieces, [[], talk(3, -1), talk(-1, 3)])
    assert [verdict.speaker for verdict in made] == ["speaker 1", "speaker 2", "speaker 3"]


def test_more_named_speakers_than_faces():
    pieces = [piece(5 * number, speaker=name) for number, name in enumerate("ABC")]
    made = verdicts(pieces, [talk(3), talk(-1), talk(-2)])
    assert [(verdict.speaker, verdict.person) for verdict in made] == [("A", 0), ("B", NOBODY), ("C", NOBODY)]


def test_no_more_speakers_than_the_user_says():
    faces = [talk(3, -1, -1), talk(-1, 3, -1), talk(-1, -1, 3), talk(3, -1, -1), talk(-1, 3, -1)]
    assert [verdict.speaker for verdict in said(faces, speakers=2)] == [
        "speaker 1",
        "speaker 2",
        "speaker ?",
        "speaker 1",
        "speaker 2",
    ]
    assert len({verdict.speaker for verdict in said(faces, speakers=5)}) == 3


def test_one_speaker_says_all():
    made = said([talk(3, -1), [], talk(-1, -2)], speakers=1)
    assert brief(made)[0] == ("speaker 1", "transcript", False, 0)
    assert {verdict.speaker for verdict in made} == {"speaker 1"} and not any(verdict.unsure for verdict in made)


def test_nothing_said():
    assert verdicts([], []) == []
    assert Verdict().unsure
