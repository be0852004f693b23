"""A fixed number of frames out of clips of any length."""

import numpy as np
import pytest

from emotion.core.errors import EmotionError, MediaError
from emotion.corpus.utterance import Utterance
from emotion.media.clips import open_reader, read_clip
from emotion.store.cache import Cache
from emotion.store.writer import CacheWriter


@pytest.fixture
def cache(tmp_path):
    path = tmp_path / "faces.h5"
    ids = ["short", "exact", "long", "none"]
    with CacheWriter(path, ids=ids, shape=(4, 4), dtype="uint8", attributes={}, scratch=tmp_path / "s") as writer:
        for length in (3, 8, 100):
            writer.append(np.repeat(np.arange(length, dtype=np.uint8), 16).reshape(length, 4, 4))
        writer.append(None, "no face found: in none of 3 frames")
    with Cache(path) as opened:
        yield opened


def test_frames_are_spread_evenly(cache):
    assert read_clip(cache, "short", frames=8)[:, 0, 0].tolist() == [0, 0, 0, 1, 1, 2, 2, 2]
    assert read_clip(cache, "exact", frames=8)[:, 0, 0].tolist() == list(range(8))
    long = read_clip(cache, "long", frames=16)
    assert long.shape == (16, 4, 4) and long.dtype == np.uint8
    expected = (np.arange(16) + 0.5) * 100 / 16
    assert np.abs(long[:, 0, 0] - expected).max() <= 1 and (np.diff(long[:, 0, 0].astype(int)) >= 6).all()


def test_missing(cache):
    with pytest.raises(MediaError, match=r"^no face found: in none"):
        read_clip(cache, "none", frames=8)
    with pytest.raises(EmotionError, match="unknown is not"):
        read_clip(cache, "unknown", frames=8)


def test_reader(cache):
    row = Utterance("exact", "d", 0, "s", 0.5, 1.0, "", "train", "", "", "", "left")
    assert open_reader(cache.path, frames=2)(row)[:, 0, 0].tolist() == [2, 6]
