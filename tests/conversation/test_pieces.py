import itertools

import numpy as np
import pytest

from emotion.conversation.pieces import Piece, bare_pieces, filled, pieces
from emotion.conversation.words import Region
from emotion.timeline.timeline import Word


def said(*groups):
    """Words from (start, text): each word 0.3 s."""
    made = []
    for start, text in groups:
        for number, word in enumerate(text.split()):
            made.append(Word(start + 0.3 * number, start + 0.3 * number + 0.3, word))
    return made


def told(made):
    return [(round(piece.start, 2), round(piece.end, 2), piece.text) for piece in made]


def test_sentences_and_pauses_cut():
    words = said((1, "I do."), (1.6, "Why would"), (4.0, "I not?"), (6, "Ah."))
    made = pieces(words, [Region(0.9, 2.3), Region(3.9, 4.7), Region(6, 6.2)])
    assert told(made) == [(0.9, 1.6, "I do."), (1.6, 2.3, "Why would"), (3.9, 4.7, "I not?"), (6, 6.2, "Ah.")]
    assert [piece.sentence for piece in made] == [0, 1, 1, 2]


def test_a_short_sentence_stands_alone_where_pauses_are_around_it_and_joins_its_neighbour_where_not():
    words = said((1, "Do you?"), (2, "Yes."), (3, "No."), (3.3, "It is not so."))
    made = pieces(words, [Region(1, 1.6), Region(2, 2.3), Region(3, 4.5)])
    assert told(made) == [(1, 1.6, "Do you?"), (2, 2.3, "Yes."), (3, 4.5, "No. It is not so.")]


def test_a_short_part_of_a_sentence_joins_the_nearer_part():
    words = said((1, "I think"), (3.0, "I"), (3.5, "should go."))
    made = pieces(words, [Region(1, 1.6), Region(3.0, 3.2), Region(3.5, 4.1)])
    assert told(made) == [(1, 1.6, "I think"), (3.0, 4.1, "I should go.")]


def test_a_word_whose_time_strays_goes_back_to_its_sentence():
    words = [*said((1, "It is for our")), Word(3.0, 3.2, "meeting."), *said((3.3, "I do not think so."))]
    made = pieces(words, [Region(1, 2.4), Region(3.0, 5.0)])
    assert told(made) == [(1, 2.4, "It is for our meeting."), (3.0, 5.0, "I do not think so.")]
    assert made[0].words[-1].end <= 2.4
    words = [*said((1, "It is so.")), Word(1.9, 2.1, "I"), *said((3.3, "do not think so."))]
    made = pieces(words, [Region(1, 2.1), Region(3.2, 5.0)])
    assert told(made) == [(1, 2.1, "It is so."), (3.2, 5.0, "I do not think so.")]


def test_words_outside_every_region_go_to_the_nearest():
    made = pieces(said((0, "a"), (2.6, "b"), (9, "c.")), [Region(1, 2), Region(3, 4)])
    assert " ".join(piece.text for piece in made) == "a b c."
    assert all(1 <= word.start <= word.end <= 4 for piece in made for word in piece.words)


@pytest.mark.parametrize("seed", range(20))
def test_words_in_are_words_out(seed):
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.uniform(0, 60, 20))
    regions = [Region(start, end) for start, end in edges.reshape(-1, 2)]
    times = np.sort(rng.uniform(0, 60, 80))
    ends = times + rng.exponential(0.3, 80)
    words = [
        Word(start, end, f"w{number}" + ("." if rng.random() < 0.2 else ""))
        for number, (start, end) in enumerate(zip(times, ends, strict=True))
    ]
    made = pieces(words, regions)
    assert [word.text for piece in made for word in piece.words] == [word.text for word in words]
    assert " ".join(piece.text for piece in made) == " ".join(word.text for word in words)
    for one, other in itertools.pairwise(made):
        assert one.start < one.end <= other.start
    for piece in made:
        assert all(piece.start <= word.start <= word.end <= piece.end for word in piece.words)


def test_nothing_said():
    assert pieces([], []) == [] and pieces([], [Region(0, 1)]) == []
    assert told(bare_pieces([Region(0, 1), Region(2, 3)])) == [(0, 1, ""), (2, 3, "")]


def test_words_go_to_the_turns_of_a_transcript_without_any():
    """To what they overlap most; where two speak at once, to who has the word; far from all turns they are left out."""
    turns = [Piece(0, 4, speaker="Ann"), Piece(2, 2.5, speaker="Ben"), Piece(4, 6, speaker="Ben"), Piece(9, 9.5)]
    words = said((0, "one two"), (2.1, "three"), (3.9, "four"), (6.8, "five"), (7.3, "six"), (8.6, "seven"), (12, "e"))
    made, left = filled(turns, words)
    assert [(piece.speaker, piece.text) for piece in made] == [
        ("Ann", "one two three"),
        ("Ben", ""),
        ("Ben", "four five"),
        ("", "seven"),
    ]
    assert left == 2 and [word.text for word in made[3].words] == ["seven"]
    for turn, piece in zip(turns, made, strict=True):
        assert (turn.start, turn.end) == (piece.start, piece.end)
        assert all(piece.start <= word.start <= word.end <= piece.end for word in piece.words)
    assert filled([], words[:2]) == ([], 2) and filled(turns, []) == (turns, 0)


@pytest.mark.parametrize("seed", range(10))
def test_no_word_near_a_turn_is_lost(seed):
    """Against a search through all turns."""
    rng = np.random.default_rng(seed)
    starts = np.sort(rng.uniform(0, 60, 15))
    turns = [Piece(start, start + length) for start, length in zip(starts, rng.exponential(3, 15) + 0.1, strict=True)]
    times = np.sort(rng.uniform(0, 70, 80))
    words = [Word(start, start + rng.uniform(0, 0.5), f"w{number}") for number, start in enumerate(times)]
    made, left = filled(turns, words)
    near = [word for word in words if min(turn.span.distance(word.start, word.end) for turn in turns) <= 1]
    found = {word.text: number for number, piece in enumerate(made) for word in piece.words}
    assert set(found) == {word.text for word in near} and left == len(words) - len(near)
    for word in near:
        shared = [min(turn.end, word.end) - max(turn.start, word.start) for turn in turns]
        assert shared[found[word.text]] == max(shared)
