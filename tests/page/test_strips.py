"""Strips of faces, grey and in colour."""

import cv2
import numpy as np
import pytest

from emotion.corpus.utterance import Index
from emotion.page.pictures import Strips
from emotion.store.writer import CacheWriter


@pytest.mark.parametrize("shape", [(16, 16), (16, 16, 3)])
def test_a_strip_shows_the_clip(tmp_path, shape):
    how = {"attributes": {"index": "digest"}, "scratch": tmp_path / "scratch"}
    with CacheWriter(tmp_path / "faces.h5", ids=["a"], shape=shape, dtype="uint8", **how) as writer:
        clip = np.full((20, *shape), 90, np.uint8)
        clip[10:, ..., 0] += 100  # of a clip in colour the red
        writer.append(clip)
    strips = Strips(tmp_path / "faces.h5", Index((), ("happy",), "planted", "digest"))
    assert strips.size == 16
    picture = cv2.imdecode(np.frombuffer(strips.jpeg("a"), np.uint8), cv2.IMREAD_COLOR)
    strips.close()
    assert picture.shape == (16, 8 * 16, 3)
    if len(shape) == 3:
        np.testing.assert_allclose(picture[8, 8], (90, 90, 90), atol=8)
        np.testing.assert_allclose(picture[8, 100], (90, 90, 190), atol=25)  # blue, green, red
