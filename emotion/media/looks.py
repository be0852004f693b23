"""Which frames the detector sees: few of them while a face stays where it is, more where anything changes.

    examined     0 1 2 3 4 5 6 7 8 9 10     of which it is to be known where the faces are; here one moves after 6
    steady       x       x                  four on; the face is where it was, so it was there in between
    moved                  x   x x x x      elsewhere: half way, and between any two that differ
    none         x x x   x   x   x   x      where none was found, the next; where the last three have none, every second

The pictures are in memory, so it can go on first and back then. Where a face looks otherwise in between than at both
ends (hidden by a hand, turned away), it goes back, too.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from emotion.media.detectors import Box, Detector, Image
from emotion.media.search import Search
from emotion.media.tracks import blend, jump

_STRIDE: Final = 4  # examined frames from one that is looked at to the next, at most
_LOST: Final = 3  # looks without a face after which every second picture is enough
_LINES: Final = 16  # of a face that are compared
_CHANGES: Final = 2.0  # that a face may change in between, in those from first to last
_LEAST: Final = 8.0  # grey levels that it may always change
_STEADY: Final = 0.1  # jump up to which a face stays where it was


class Looks:
    """The faces of successive pictures.

    Args:
        detect: from `make_detector`.
    """

    def __init__(self, detect: Detector) -> None:
        self._search = Search(detect)
        self._pictures: list[Image] = []
        self._found: list[list[Box]] = []  # in the pictures up to the one that was looked at last

    def add(self, picture: Image) -> None:
        """The next picture (height, width) uint8 grey; it must not be changed before `finish`."""
        self._pictures.append(picture)
        if len(self._pictures) - len(self._found) >= self._stride():
            self._catch_up()

    def goes_on(self, picture: Image, before: Box | None) -> bool:
        """Whether one of the faces of the last picture, or the one `before` the first, is still where it was."""
        self._catch_up()
        known = self._found[-1] if self._found else [before] if before else []
        return self._search.goes_on(picture, known)

    def finish(self) -> list[list[Box]]:
        """The faces of each picture, in its px; then it begins anew."""
        self._catch_up()
        found, self._found, self._pictures = self._found, [], []
        return found

    def _stride(self) -> int:
        """Pictures from the last look to the next."""
        if self._found and self._found[-1]:
            return _STRIDE
        lately = self._found[-_LOST:]
        return min(_STRIDE, 1 if len(lately) < _LOST or any(lately) else 2)

    def _catch_up(self) -> None:
        """Up to the last picture."""
        first, last = len(self._found) - 1, len(self._pictures) - 1
        if first < last:
            self._found += [[]] * (last - first)
            self._look(last, max(first, 0))
            self._fill(max(first, 0), last)

    def _look(self, number: int, before: int) -> None:
        """Find the faces of a picture, which were known in one before, or are known to be there by now."""
        same = self._pictures[number] is self._pictures[before] and number != before  # one may be shown for long
        known = self._found[before]
        self._found[number] = known if same else self._search.faces(self._pictures[number], known)

    def _fill(self, first: int, last: int) -> None:
        """Find the faces of the pictures between two."""
        if last - first < 2 or not (self._found[first] or self._found[last]):
            return
        pairs = _pairs(self._found[first], self._found[last])
        if pairs and self._stands(pairs[0][0], first, last):
            for number in range(first + 1, last):
                weight = (number - first) / (last - first)
                self._found[number] = [blend(old, new, weight) for old, new in pairs]
            return
        middle = (first + last) // 2
        self._look(middle, first)
        self._fill(first, middle)
        self._fill(middle, last)

    def _stands(self, face: Box, first: int, last: int) -> bool:
        """Whether a face looks between two pictures about as it looks in them, so that nothing hid or turned it."""
        half, step = face.side / 2, max(1, int(face.side / _LINES))
        top, left = max(0, int(face.y - half)), max(0, int(face.x - half))
        rows, columns = slice(top, int(face.y + half), step), slice(left, int(face.x + half), step)
        one, *others, end = (np.ascontiguousarray(p[rows, columns]) for p in self._pictures[first : last + 1])
        usual = max(_CHANGES * cv2.norm(one, end, cv2.NORM_L1), _LEAST * one.size)
        return all(min(cv2.norm(one, p, cv2.NORM_L1), cv2.norm(p, end, cv2.NORM_L1)) <= usual for p in others)


def _pairs(old: Sequence[Box], new: Sequence[Box]) -> list[tuple[Box, Box]]:
    """Each face before and after, where all of them stay where they were; else nothing."""
    pairs = [(min(old, key=lambda box: jump(box, face)), face) for face in new] if old else []
    steady = all(jump(one, other) < _STEADY and one.roll == other.roll for one, other in pairs)
    return pairs if steady and len(old) == len(new) == len({id(one) for one, _ in pairs}) else []
