"""A still, shaded drawing of a face that a Haar cascade takes for one."""

import cv2
import numpy as np
import pytest

needs_haar = pytest.mark.skipif(not hasattr(cv2, "CascadeClassifier"), reason="OpenCV 5 has no cascades")


def draw_face(height, *, at=(0.5, 0.5)):
    """A grey picture (height, height) uint8 with one face, and the face's centre (x, y) in px."""
    size = 480
    picture = np.full((size, size), 90, dtype=np.uint8)
    x, y = int(at[0] * size), int(at[1] * size)

    def ellipse(dx, dy, rx, ry, grey):
        cv2.ellipse(picture, (x + dx, y + dy), (rx, ry), 0, 0, 360, grey, -1, cv2.LINE_AA)

    ellipse(0, -25, 108, 140, 45)  # hair
    ellipse(0, 0, 92, 122, 200)
    for side in (-1, 1):
        ellipse(side * 38, -28, 27, 17, 140)  # socket
        ellipse(side * 38, -26, 17, 8, 235)
        ellipse(side * 38, -26, 8, 8, 30)
        ellipse(side * 38, -52, 26, 6, 60)  # brow
        ellipse(side * 48, 26, 22, 16, 212)  # cheek
    ellipse(0, 8, 9, 32, 222)  # nose
    ellipse(-8, 36, 5, 4, 110)
    ellipse(8, 36, 5, 4, 110)
    ellipse(0, 68, 34, 11, 90)  # mouth
    picture = cv2.GaussianBlur(picture, (0, 0), 3)
    scaled = cv2.resize(picture, (height, height), interpolation=cv2.INTER_AREA)
    return scaled, (at[0] * height, at[1] * height)
