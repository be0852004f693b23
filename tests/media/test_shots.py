"""Cuts are found, movement, noise and light are none."""

import cv2
import numpy as np
import pytest
from drawn_face import draw_face

from emotion.media.shots import Change, Shots


def scene(seed, size=(360, 240)):
    """A still, smooth picture."""
    noise = np.random.default_rng(seed).normal(size=(size[1], size[0]))
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 12), None, 20, 235, cv2.NORM_MINMAX).astype(np.uint8)


def changes(pictures):
    shots = Shots()
    return [shots.look(picture) for picture in pictures]


def noisy(picture, seed):
    noise = np.random.default_rng(seed).normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("at", [1, 2, 7, 30])
def test_a_cut_is_found_at_its_frame(at):
    one, other = scene(0), scene(1)
    found = changes([noisy(one if number < at else other, number) for number in range(40)])
    assert [number for number, change in enumerate(found) if change is Change.SURE] == [at]


def test_each_of_several_cuts_is_found():
    found = changes([noisy(scene(number // 4), number) for number in range(20)])
    assert [number for number, change in enumerate(found) if change is Change.SURE] == [4, 8, 12, 16]


def test_pictures_of_another_size_are_no_cut():
    assert changes([scene(0), scene(0, (100, 100))]) == [Change.NONE, Change.NONE]


def shifted(picture, x, y=0.0, zoom=1.0):
    matrix = np.array([[zoom, 0, -x], [0, zoom, -y]])
    return cv2.warpAffine(picture, matrix, picture.shape[::-1], borderMode=cv2.BORDER_REFLECT)


MOVING = {
    "still": lambda p, n: p,
    "noise": lambda p, n: noisy(p, n),
    "sway": lambda p, n: shifted(p, 4 * np.sin(n / 5), 3 * np.sin(n / 7)),
    "pan": lambda p, n: shifted(p, 6 * n),
    "sudden pan": lambda p, n: shifted(p, 12 * max(0, n - 20)),
    "shake": lambda p, n: shifted(p, *np.random.default_rng(n).normal(0, 3, 2)),
    "zoom": lambda p, n: shifted(p, 0, 0, 1 + 0.02 * n),
    "flash": lambda p, n: cv2.add(p, 70 if n in (20, 21) else 0),
    "light": lambda p, n: cv2.multiply(p, 0.6 if n < 20 else 1.0),
}


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("what", ["scene", "face"])
def test_what_moves_is_no_cut(name, what):
    picture = scene(0) if what == "scene" else draw_face(240)[0]
    assert Change.SURE not in changes([MOVING[name](picture, number) for number in range(40)])


def test_a_face_elsewhere_before_the_same_wall_is_a_hint_at_least():
    wall = scene(0, (640, 360)) // 4
    face = draw_face(120)[0]
    pictures = []
    for number in range(20):
        pictures.append(wall.copy())
        x = 60 if number < 10 else 460
        pictures[-1][100:220, x : x + 120] = face
    found = changes(pictures)
    assert [number for number, change in enumerate(found) if change is not Change.NONE] == [10]
