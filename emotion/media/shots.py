"""Where a new shot begins: the picture changes much more than it did just before, and not only in brightness.

    changes, grey levels   0.4 0.5 0.4 0.6 | 9.1 | 0.5 ...     mean difference of two successive pictures
                                           cut

A cut between two pictures with the same background changes little, a gesture in front of the camera much. So a change
that stands out is only a hint; it is sure where the pictures have nothing in common, and otherwise the face decides.
"""

import math
from collections import deque
from enum import Enum
from typing import Final

import cv2
import numpy as np

from emotion.media.picture import Image

_LINES: Final = 48  # of a picture that are compared, at least
_BEFORE: Final = 5  # changes that a new one is compared with
_LEAST: Final = 3.0  # grey levels, that a cut changes
_TIMES: Final = 4.0  # that a cut changes more than the pictures before did
_STILL: Final = 0.5  # grey levels: noise of a picture that stands still
_FIRST: Final = 1.5  # grey levels, assumed before the first change is known
_COARSE: Final = 24  # px, side of the copies of which the correlation is taken
_ALIKE: Final = 0.5  # correlation below which two pictures have nothing in common


class Change(Enum):
    """From one picture to the next: the same shot, perhaps a new one, surely a new one."""

    NONE = 0
    PERHAPS = 1
    SURE = 2


class Shots:
    """Looks at the pictures of one utterance, one after the other."""

    def __init__(self) -> None:
        self._picture: Image | None = None
        self._lines: Image | None = None
        self._changes: deque[float] = deque(maxlen=_BEFORE)

    def look(self, picture: Image) -> Change:
        """Compare a picture (height, width) uint8 with the one before."""
        step = max(1, picture.shape[0] // _LINES)
        lines = np.ascontiguousarray(picture[step // 2 :: step, step // 2 :: step])
        before, self._lines = self._lines, lines
        old, self._picture = self._picture, picture
        if before is None or old is None or before.shape != lines.shape:
            return Change.NONE
        change = float(cv2.norm(before, lines, cv2.NORM_L1)) / lines.size
        usual = sum(self._changes) / len(self._changes) if self._changes else _FIRST
        if change < max(_LEAST, _TIMES * max(usual, _STILL)):
            self._changes.append(change)
            return Change.NONE
        if correlation(old, picture) < _ALIKE:
            return Change.SURE
        self._changes.append(change)  # where it goes on, it is a camera that moves
        return Change.PERHAPS

    def begin(self) -> None:
        """A new shot has begun: what was usual in the one before says nothing about it."""
        self._changes.clear()


def correlation(old: Image, new: Image) -> float:
    """Of two pictures, -1 to 1, coarsely; a lamp or a flash changes brightness and contrast, which do not count."""
    a, b = (cv2.resize(x, (_COARSE, _COARSE), interpolation=cv2.INTER_AREA).astype(np.float64) for x in (old, new))
    a, b = a - a.mean(), b - b.mean()
    norm = math.sqrt(float((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0 else 1.0
