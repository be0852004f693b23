"""Face clips out of the clip cache that the faces stage writes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import MediaError
from emotion.corpus.utterance import Utterance
from emotion.store.cache import Cache


def read_clip(cache: Cache, utterance_id: str, *, frames: int) -> NDArray[np.uint8]:
    """Frames of an utterance, evenly spread over its whole length: (frames, size, size[, 3]) uint8.

    The clip is cut into `frames` equal parts and the frame in the middle of each is taken; a shorter clip repeats
    frames.

    Raises:
        MediaError: the utterance has no clip; the message is the reason that the faces stage noted.
    """
    row = cache.row(utterance_id)
    clip = cache[row]
    if len(clip) == 0:
        raise MediaError(cache.reason[row])
    positions = ((np.arange(frames) + 0.5) * len(clip) / frames).astype(np.int64)
    picked: NDArray[np.uint8] = clip[positions]
    return picked


def open_reader(path: Path, *, frames: int) -> Callable[[Utterance], NDArray[np.uint8]]:
    """What reads an utterance's face clip: `read_clip` from the clip cache's file, which stays open, unchecked."""
    return partial(_read, Cache(path), frames=frames)


def _read(cache: Cache, row: Utterance, *, frames: int) -> NDArray[np.uint8]:
    return read_clip(cache, row.utterance, frames=frames)
