"""Ratings agree with the label, by the reader's own rules."""

from collections import Counter

import numpy as np
import pytest

from emotion.corpus.iemocap import Rating, six_class_label
from emotion.corpus.reading import Vote
from emotion.corpus.synthetic.emotions import EMOTIONS
from emotion.corpus.synthetic.ratings import SCALES, WORDS, rate
from emotion.corpus.synthetic.script import write_script

TURNS = [turn for seed in (1, 2, 3) for dialogue in write_script(seed) for turn in dialogue.turns if turn.label]


@pytest.mark.slow
def test_majority_for_the_label_and_none_for_xxx():
    for turn in TURNS:
        votes = Counter(label for rater, vote in rate(turn).votes.items() if rater[0] == "E" for label in vote)
        if turn.label == "xxx":
            assert sorted(votes.values()) == [1, 1, 1]
        else:
            assert votes[WORDS[turn.emotion]] >= 2
            assert all(count == 1 for word, count in votes.items() if word != WORDS[turn.emotion])


def test_released_rule_calls_undecided_turns_happy_only_where_they_are():
    undecided = [turn for turn in TURNS if turn.label == "xxx"]
    for turn in undecided:
        votes = tuple(Vote("u", rater, vote, ("", "", "")) for rater, vote in rate(turn).votes.items())
        label = six_class_label(Rating(0, 1, "xxx", votes), label_rule="released")
        assert label == ("happy" if turn.emotion == "happy" else "")
    assert any(turn.emotion == "happy" for turn in undecided)


@pytest.mark.slow
def test_scales_follow_the_emotion():
    for emotion in EMOTIONS:
        values = np.array([list(rate(turn).scales.values()) for turn in TURNS if turn.emotion == emotion])
        assert values.min() >= 1 and values.max() <= 5
        assert np.abs(values.mean((0, 1)) - SCALES[emotion]).max() < 0.25


def test_same_turn_same_ratings():
    assert rate(TURNS[0]) == rate(TURNS[0])
