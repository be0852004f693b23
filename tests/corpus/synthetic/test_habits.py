"""Habits: of all ten actors, each other than the rest, even over all."""

from dataclasses import fields

import numpy as np
import pytest

from emotion.core.errors import EmotionError
from emotion.corpus.synthetic.emotions import CATCH, EMOTIONS, STAY
from emotion.corpus.synthetic.habits import Habits, habits

ALL = [habits(session, gender) for session in range(1, 6) for gender in "FM"]


def test_actors_differ_and_even_out():
    assert len(set(ALL)) == len({who.tail for who in ALL}) == 10
    assert {who.mood for who in ALL} == set(EMOTIONS)
    for name in [field.name for field in fields(Habits)][3:]:
        assert np.mean([getattr(who, name) for who in ALL]) == pytest.approx(1.0, abs=0.1), name
    assert np.mean([who.stay for who in ALL]) == pytest.approx(STAY, abs=0.02)
    assert all(who.stay + who.catch == pytest.approx(STAY + CATCH) for who in ALL)


def test_no_such_actor():
    with pytest.raises(EmotionError, match="no actor for session 6, gender 'F'"):
        habits(6, "F")
