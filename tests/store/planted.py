"""A small whole cache to damage."""

import numpy as np

from emotion.store.trained import Training, digest
from emotion.store.writer import CacheWriter

IDS = [f"u{i}" for i in range(6)]


def plant(folder, *, name="a.h5", trained_on=None, ids=IDS, reason="no audio: x.wav", **more):
    """Every third item is missing."""
    path = folder / name
    attributes = {"modality": "audio", "settings": "{}", "index": "abc"}
    arguments = {"ids": ids, "shape": (2,), "dtype": "float32", "attributes": attributes} | more
    training = None if trained_on is None else Training(frozenset(trained_on))
    with CacheWriter(path, scratch=folder / "scratch", training=training, **arguments) as cache:
        for i in range(len(ids)):
            values = np.full((1 + i % 2, 2), i, np.float32)
            cache.append(values if i % 3 else None, "" if i % 3 else reason, {"n": i})
    return path


def digests(count):
    return [digest(f"u{i}") for i in range(count)]
