"""Turned pictures are noticed only where that is clearly better."""

import numpy as np
import pytest
from drawn_face import draw_face, needs_haar

from emotion.media.detectors import Box, make_detector, sure_score
from emotion.media.turning import better_turn

SURE, CLEARLY = sure_score("haar")


def turned(picture, turns):
    return np.ascontiguousarray(np.rot90(picture, turns))


@pytest.mark.slow
@needs_haar
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_drawn_face_is_turned_back(turns):
    pictures = [turned(draw_face(240, at=(0.5, y))[0], turns) for y in (0.45, 0.5, 0.55)]
    assert better_turn(pictures, make_detector("haar"), sure=SURE, clearly=CLEARLY) == -turns % 4


def scores(*of_turns):
    """A detector that gives each of four orientations, which the place of the white corner tells, a score."""

    def detect(picture):
        corners = [picture[0, 0], picture[-1, 0], picture[-1, -1], picture[0, -1]]  # after 0, 1, 2, 3 quarter turns
        score = of_turns[int(np.argmax(corners))]
        return [Box(5.0, 5.0, 5.0, score)] if score else []

    return detect


@pytest.mark.parametrize(
    ("found", "expected"),
    [((5, 0, 40, 0), 2), ((0, 12, 0, 0), 1), ((0, 0, 0, 12), 3), ((30, 0, 40, 0), 0), ((0, 0, 6, 0), 0), ((0,) * 4, 0)],
)
def test_it_must_be_sure_and_clearly_better(found, expected):
    picture = np.zeros((40, 40), np.uint8)
    picture[0, 0] = 255
    assert better_turn([picture] * 4, scores(*found), sure=SURE, clearly=CLEARLY) == expected


def test_no_picture_is_not_turned():
    assert better_turn([], scores(0, 0, 0, 0), sure=SURE, clearly=CLEARLY) == 0
