import numpy as np
import pytest

from emotion.conversation.people import NOBODY
from emotion.conversation.pieces import Piece
from emotion.conversation.silent import silent_turns
from emotion.conversation.speakers import UNKNOWN, Verdict
from emotion.conversation.turns import face_of, turns
from emotion.conversation.watch import FaceTrack
from emotion.timeline.timeline import Word

ANN, BOB = Verdict("Ann", "talking face", False, 0), Verdict("Bob", "talking face", False, 1)
GUESS = Verdict("Ann", "mouth motion", True, 0)


def piece(start, end, sentence=-1):
    name = f"w{start:g}"
    return Piece(start, end, name, (Word(start, end, name),), sentence)


def merged(*rows, merge=True):
    """From (start, end, verdict, sentence)."""
    pieces = [piece(start, end, *sentence) for start, end, _, *sentence in rows]
    made = turns(pieces, [verdict for _, _, verdict, *_ in rows], merge=merge)
    assert [word for turn in made for word in turn.words] == [word for part in pieces for word in part.words]
    return [(turn.start, turn.end, turn.speaker, turn.text) for turn in made]


def test_neighbours_of_one_speaker_are_one_turn():
    assert merged((0, 1, ANN), (1.5, 2, ANN), (2, 3, BOB), (3, 4, ANN)) == [
        (0, 2, "Ann", "w0 w1.5"),
        (2, 3, "Bob", "w2"),
        (3, 4, "Ann", "w3"),
    ]


def test_long_pauses_and_long_turns_are_cut():
    assert len(merged((0, 1, ANN), (3, 4, ANN))) == 2
    assert len(merged((0, 15, ANN), (15, 25, ANN))) == 2
    assert len(merged((0, 15, ANN, 1), (15, 25, ANN, 1))) == 1
    assert len(merged((0, 15, ANN, 1), (15, 31, ANN, 1))) == 2


def test_unknown_and_unsure_speakers_are_merged_within_a_sentence_only():
    for verdict in (Verdict(), GUESS):
        assert len(merged((0, 1, verdict, 1), (1.1, 2, verdict, 2))) == 2
        assert len(merged((0, 1, verdict, 1), (1.1, 2, verdict, 1))) == 1
        assert len(merged((0, 1, verdict, 1), (1.9, 2, verdict, 1))) == 2
    assert len(merged((0, 1, ANN), (1, 2, GUESS))) == 2


def test_rows_of_a_transcript_stay_as_they_are():
    assert len(merged((0, 1, ANN), (1, 2, ANN), merge=False)) == 2


def test_a_turn_is_unsure_where_half_of_it_is():
    sure, unsure = Verdict("Ann", "talking face", False, 0), Verdict("Ann", "neighbouring turns", True, 0)
    for length, expected in ((0.5, False), (2.0, True)):
        (turn,) = turns([piece(0, 1, 1), piece(1, 1 + length, 1)], [sure, unsure], merge=True)
        assert turn.unsure == expected and turn.speaker_from == "talking face" and turn.person == 0


def track(shot, times, left):
    boxes = np.tile(np.array([left, 0.1, left + 0.2, 0.4], np.float32), (len(times), 1))
    return FaceTrack(shot, np.array(times, np.float32), boxes, 20.0)


def test_the_face_of_a_turn_is_where_it_is_seen_most():
    tracks = [track(0, [0, 1, 2], 0.1), track(1, [3, 4, 5, 6], 0.5), track(1, [3, 4, 5, 6, 7, 8], 0.7)]
    persons = [0, 0, 1]

    def face(person, start, end):
        return face_of(person, start, end, tracks=tracks, persons=persons)

    assert face(0, 0, 3.5) == pytest.approx((0.1, 0.1, 0.3, 0.4))
    assert face(0, 1.5, 9) == pytest.approx((0.5, 0.1, 0.7, 0.4))
    assert face(1, 8.5, 9) == pytest.approx((0.7, 0.1, 0.9, 0.4))
    assert face(1, 20, 21) is None and face(NOBODY, 0, 1) is None


def test_turns_of_a_film_without_sound():
    tracks = [track(0, np.arange(0, 13), 0.1), track(0, [1, 3], 0.6), track(0, [5, 5.2], 0.6), track(0, [6, 8], 0.3)]
    made = silent_turns(tracks, [0, 1, 1, NOBODY])
    assert [(turn.start, turn.end, turn.speaker) for turn in made] == [
        (0, 4, "speaker 1"),
        (1, 3, "speaker 2"),
        (4, 8, "speaker 1"),
        (8, 12, "speaker 1"),
    ]
    assert all(turn.face and turn.speaker_from == "only face" and not turn.text for turn in made)
    assert silent_turns([], []) == [] and UNKNOWN not in {turn.speaker for turn in made}
