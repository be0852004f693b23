"""Ten actors' portraits: distinct, and unknown actors refused."""

import itertools

import numpy as np
import pytest

from emotion.core.errors import EmotionError
from emotion.corpus.synthetic.portrait import HEIGHT, WIDTH, backdrop, look, prepare

ACTORS = list(itertools.product(range(1, 6), "FM"))


def test_ten_actors_differ():
    pictures = [prepare(*actor).plain.astype(float) for actor in ACTORS]
    for first, second in itertools.combinations(pictures, 2):
        assert np.abs(first - second).mean() > 4.0
    assert len({look(*actor) for actor in ACTORS}) == 10


def test_patch_continues_the_backdrop():
    """No seam: the patch's rim equals the picture around it, and the rim does not move with the head."""
    for actor in ACTORS:
        portrait = prepare(*actor)
        around = backdrop(*actor, 256, 360)[4 : 4 + HEIGHT, 84 : 84 + WIDTH]
        # Without the lowest rows: there the patch's soft focus has nothing below to mix with.
        assert np.abs(portrait.plain[:-2, :2].astype(int) - around[:-2, :2]).max() <= 2
        assert portrait.across[:, [0, -1]].max() == 0.0 and portrait.down[:, :, [0, -1]].max() == 0.0


def test_unknown_actor():
    with pytest.raises(EmotionError, match="session 6, gender 'F'"):
        look(6, "F")
