"""Degrees by which a face is turned, from landmarks that say too little."""

import math

import cv2
import numpy as np
import pytest

from emotion.media import levelling
from emotion.media.levelling import SIDE, Face, levelled, roll_of, turned

UPRIGHT = np.float32([[-34, -29], [34, -29], [0, 1], [-28, 36], [28, 36]])


def rotated(points, degrees):
    """Clockwise in a picture, whose y points down."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return points @ np.float32([[c, s], [-s, c]])


@pytest.mark.parametrize("degrees", [-120, -45, -3, 0, 20, 90])
def test_roll_of_landmarks(degrees):
    points = 1.7 * rotated(UPRIGHT, degrees) + np.float32([300, 200])
    assert roll_of(points) == pytest.approx(degrees, abs=0.01)
    noisy = points + np.random.default_rng(0).normal(0, 2, points.shape).astype(np.float32)
    assert roll_of(noisy) == pytest.approx(degrees, abs=3)


def marked(degrees, at=(170.0, 130.0), side=40.0):
    """A picture with a face: a disc, with a bright spot on its top and a dim one at its left."""
    picture = np.full((260, 340), 60, np.uint8)
    cv2.circle(picture, (round(at[0]), round(at[1])), round(side / 2), 120, -1)
    for angle, grey in ((-90, 250), (180, 190)):
        turn = math.radians(angle + degrees)
        spot = (round(at[0] + 0.4 * side * math.cos(turn)), round(at[1] + 0.4 * side * math.sin(turn)))
        cv2.circle(picture, spot, round(side / 8), grey, -1)
    return picture


class Look:
    """Finds that face in a square; its landmarks show a part of the turn only, and lean to one side."""

    def __init__(self, gain, lean):
        self.gain, self.lean, self.count = gain, lean, 0

    def __call__(self, square):
        self.count += 1
        assert square.shape == (SIDE, SIDE)
        y, x = np.nonzero(square > 225)
        if not len(x):
            return None
        inside = np.argwhere(square > 100).mean(axis=0)[::-1]
        seen = math.degrees(math.atan2(x.mean() - inside[0], inside[1] - y.mean()))
        points = rotated(UPRIGHT, self.gain * seen + self.lean) + np.float32(inside)
        return Face(*inside.tolist(), 144.0), points


@pytest.mark.parametrize("degrees", [-50, -20, 0, 5, 35, 45])
@pytest.mark.parametrize(("gain", "lean"), [(1.0, 0.0), (0.5, 0.0), (0.7, 6.0)])
def test_it_ends_at_the_true_angle(degrees, gain, lean):
    look = Look(gain, lean)
    face = levelled(marked(degrees), Face(164.0, 135.0, 40.0), look)
    assert face.roll == pytest.approx(degrees, abs=4) and look.count <= 8
    assert math.hypot(face.x - 170, face.y - 130) < 2 and face.side == pytest.approx(40, rel=0.01)


def test_a_face_that_is_not_seen_again_stays():
    face = Face(50.0, 60.0, 30.0, 12.0)
    assert levelled(np.zeros((100, 100), np.uint8), face, lambda square: None) == face


@pytest.mark.parametrize("roll", [-40, 40, 90])
def test_a_turned_picture_keeps_all_and_costs_no_more(roll):
    picture = np.zeros((120, 200), np.uint8)
    corners = [(12, 12), (187, 12), (12, 107), (187, 107)]
    for x, y in corners:
        picture[y - 3 : y + 4, x - 3 : x + 4] = 255
    made, back = turned(picture, roll)
    assert made.size == pytest.approx(picture.size, rel=0.03)
    count, _, _, centres = cv2.connectedComponentsWithStats((made > 60).astype(np.uint8))
    assert count == 5
    found = sorted(tuple((back @ (x, y, 1.0)).round().tolist()) for x, y in centres[1:])
    np.testing.assert_allclose(found, sorted(corners), atol=2)
    assert levelling.turned(picture, 0)[0].shape == picture.shape
