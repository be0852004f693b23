"""Drawn faces: movements show where they should, and Haar finds every face."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion.corpus.synthetic.expression import Pose
from emotion.corpus.synthetic.face import Painter
from emotion.corpus.synthetic.portrait import CENTRE, HEIGHT, WIDTH, prepare


@pytest.fixture(scope="module")
def painter():
    return Painter(prepare(1, "F"))


def changed(painter, pose):
    """Where a pose changes the resting picture, (HEIGHT, WIDTH) bool."""
    rest = painter.draw(Pose()).copy()
    return np.abs(painter.draw(pose).astype(int) - rest).max(axis=2) > 25


@pytest.mark.parametrize(
    ("pose", "rows"),
    [
        (Pose(inner=-6.0), (-45, -5)),
        (Pose(outer=5.0), (-45, -5)),
        (Pose(lid=0.0), (-30, 0)),
        (Pose(corner=6.0), (20, 55)),
        (Pose(corner=-6.0), (20, 55)),
    ],
)
def test_features_move_in_their_place(painter, pose, rows):
    where = np.flatnonzero(changed(painter, pose).any(axis=1)) - CENTRE[1]
    assert rows[0] <= where.min() and where.max() <= rows[1]
    assert changed(painter, pose).sum() > 80


def test_picture_is_uint8_and_repeatable(painter):
    pose = Pose(corner=5.0, cheek=1.0, open=0.4, x=3.3, roll=2.0)
    first = painter.draw(pose).copy()
    painter.draw(Pose(frown=1.0))
    assert first.shape == (HEIGHT, WIDTH, 3) and first.dtype == np.uint8
    assert np.array_equal(first, Painter(prepare(1, "F")).draw(pose))


def test_head_moves_by_the_given_pixels(painter):
    """The iris, darkest spot of the left eye, moves with the head; the wall at the rim stays."""
    box = (slice(92, 132), slice(60, 92))
    still, moved = painter.draw(Pose()).copy(), painter.draw(Pose(x=6.0, y=-5.0)).copy()
    shift, _ = cv2.phaseCorrelate(
        *(np.float32(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[box]) for image in (still, moved))
    )
    assert np.allclose(shift, (6.0, -5.0), atol=1.0)
    assert np.array_equal(still[:, :2], moved[:, :2])


@pytest.mark.slow
@pytest.mark.parametrize(
    "pose",
    [
        Pose(),
        Pose(corner=8, cheek=1, open=0.8, y=7, pitch=5, roll=3, x=-5, yaw=-3, inner=5, outer=5),
        Pose(inner=-7, frown=1, press=1, corner=-2, lid=0.0, x=6, yaw=5, scale=0.06, pitch=3),
        Pose(inner=7, outer=-4, corner=-7, lid=0.3, y=8, pitch=6),
    ],
    ids=["rest", "laugh", "scowl", "grief"],
)
def test_haar_finds_extreme_poses_of_every_actor(pose):
    detector = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml"))
    for session in range(1, 6):
        for gender in "FM":
            picture = cv2.cvtColor(Painter(prepare(session, gender)).draw(pose), cv2.COLOR_BGR2GRAY)
            half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            assert len(detector.detectMultiScale(half, 1.1, 3, minSize=(30, 30))) == 1, (session, gender)
