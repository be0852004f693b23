"""Squares that stand still, follow who walks, and stay inside the picture."""

import numpy as np
import pytest

from emotion.media.cropping import crop, inside, place
from emotion.media.detectors import Box


def test_box_stands_still_while_the_face_nods():
    moving = [Box(100.0, 80 + 8 * np.sin(step), 50 + step % 3, 9.0) if step != 4 else None for step in range(10)]
    boxes = place(moving, np.arange(10) * 5, 48, fps=15)
    assert boxes.shape == (48, 3) and (boxes == boxes[0]).all()
    known = [box for box in moving if box]
    side = np.median([box.side for box in known])
    assert boxes[0, 2] == pytest.approx(side * 1.15)
    assert boxes[0, 1] + boxes[0, 2] / 2 == pytest.approx(np.median([box.y for box in known]))


def test_box_follows_a_face_that_walks():
    walk = [Box(60.0 + 20 * step, 80.0, 50.0, 9.0) for step in range(13)]
    boxes = place(walk, np.arange(13) * 5, 61, fps=15)
    centre = boxes[:, 0] + boxes[:, 2] / 2
    np.testing.assert_allclose(centre[15:-15], 60 + 4 * np.arange(61)[15:-15], atol=1)
    assert np.abs(np.diff(centre)).max() <= 4.001 and (boxes[:, 1:] == boxes[0, 1:]).all()


def test_boxes_stay_inside_and_crops_are_what_they_show():
    boxes = inside(np.array([[-5.0, 2.4, 30.0], [90.0, 70.0, 30.0], [3.0, 3.0, 500.0]]), height=80, width=100)
    assert boxes.tolist() == [[0, 2, 30], [70, 50, 30], [3, 0, 80]]
    pictures = list(np.random.default_rng(0).integers(0, 256, (3, 80, 100), dtype=np.uint8))
    clip = crop(pictures, boxes, size=10)
    assert clip.shape == (3, 10, 10) and clip.dtype == np.uint8
    naive = pictures[0][2:32, 0:30].reshape(10, 3, 10, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(clip[0], naive, atol=0.51)
