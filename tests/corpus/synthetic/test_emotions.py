"""How one emotion follows another."""

from collections import Counter

import numpy as np
import pytest

from emotion.corpus.synthetic import emotions
from emotion.corpus.synthetic.emotions import EMOTIONS, next_emotion, prone, settle

EVEN = dict.fromkeys(EMOTIONS, 1 / 6)


def test_new_emotions_are_those_that_are_due():
    rng = np.random.default_rng(0)
    due = dict.fromkeys(EMOTIONS, 0.0) | {"sad": 1.0}
    assert {next_emotion("", "", due=due, rng=rng) for _ in range(50)} == {"sad"}
    fates = Counter(next_emotion("happy", "angry", due=due, rng=rng) for _ in range(4000))
    expected = {"happy": emotions.STAY, "angry": emotions.CATCH, "excited": emotions.DRIFT}
    expected["sad"] = 1 - sum(expected.values())
    assert {name: times / 4000 for name, times in fates.items()} == pytest.approx(expected, abs=0.03)


def test_chances_of_an_actor():
    rng = np.random.default_rng(0)
    drawn = [next_emotion("happy", "angry", due=EVEN, rng=rng, stay=0.0, catch=1.0) for _ in range(50)]
    assert set(drawn) == {"angry"}


def test_what_is_due_keeps_to_the_mix():
    mix = prone(EVEN, "sad", factor=4.0)
    assert sum(mix.values()) == pytest.approx(1) and mix["sad"] == pytest.approx(4 / 9)
    due, rng, had = dict.fromkeys(EMOTIONS, 0.0), np.random.default_rng(0), Counter()
    for _ in range(900):
        emotion = next_emotion("", "", due=due, rng=rng)
        settle(due, mix, emotion)
        had[emotion] += 1
    assert had["sad"] == pytest.approx(400, abs=2) and had["happy"] == pytest.approx(100, abs=2)
