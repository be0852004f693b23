"""Looking for faces in successive pictures of one shot, in smaller copies of them and no more than is needed.

where faces were found before             where none was found
Haar     around them                               everywhere at 180 px height, then at 240 px
YuNet    everywhere, at the height and turned      the same, then once more in the next of the other ways: at 240 px
as they were found                        for small faces, or turned to either side
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from emotion.media.detectors import Box, Detector, Image, NearDetector, TurningDetector
from emotion.media.picture import shrunk
from emotion.media.tracks import jump

_HEIGHTS: Final = (180, 240)  # px, the picture is searched at these heights at most, the second for small faces
_WAYS: Final = ((160, 0.0), (240, 0.0), (160, 40.0), (160, -40.0))  # px; degrees clockwise, YuNet finds 30 around them
_WHOLE: Final = 8  # searches, 3 to 13 s, after which the whole picture is searched again
_SAME: Final = 0.5  # jump up to which a face is still where it was


class Search:
    """Finds faces; what it found before tells it where to look.

    Args:
        detect: from `make_detector`.
    """

    def __init__(self, detect: Detector) -> None:
        self._detect = detect
        self._near = detect.near if isinstance(detect, NearDetector) else None
        self._turned = detect.turned if isinstance(detect, TurningDetector) else None
        self._height = _HEIGHTS[0]  # at which the whole picture was searched
        self._whole = 0  # searches since then
        self._ways = list(_WAYS)  # first the one that found a face, then those that are next to be tried
        self._lost = False  # whether nothing was found in the picture before

    def faces(self, picture: Image, known: Sequence[Box]) -> list[Box]:
        """Faces of a picture (height, width) uint8 grey, in its px; `known` are those of the picture before."""
        if self._turned is not None:
            return self._in_two_ways(picture)
        self._whole += 1
        if self._near is not None and known and self._whole < _WHOLE:
            small, scale = shrunk(picture, self._height)
            found = self._near(small, [scaled(box, 1 / scale) for box in known])
            if len(found) == len(known):
                return [scaled(box, scale) for box in found]
        self._whole = 0
        for height in _HEIGHTS:
            self._height = height
            found = self._at(picture, height)
            if found or picture.shape[0] <= height:
                break
        return found

    def goes_on(self, picture: Image, known: Sequence[Box]) -> bool:
        """Whether one of the faces is still where it was; looked for near it, which is quick."""
        if not known:
            return False
        if self._near is None:
            now = self._at(picture, *self._ways[0]) if self._turned is not None else self._at(picture, self._height)
            return any(jump(old, new) < _SAME for old in known for new in now)
        small, scale = shrunk(picture, self._height)
        before = [scaled(box, 1 / scale) for box in known]
        return any(jump(old, new) < _SAME for old in before for new in self._near(small, before))

    def _in_two_ways(self, picture: Image) -> list[Box]:
        first, following, *others = self._ways
        # Where the frame before had none and the next way is another height, it stands for both: it costs more, too.
        ways = [following] if self._lost and first[1] == following[1] else [first, following]
        for way in ways:
            if found := self._at(picture, *way):
                self._ways, self._lost = [way, *(other for other in self._ways if other != way)], False
                return found
        self._ways, self._lost = [first, *others, following], True
        return []

    def _at(self, picture: Image, height: int, roll: float = 0.0) -> list[Box]:
        small, scale = shrunk(picture, height)
        found = self._turned(small, roll) if roll and self._turned is not None else self._detect(small)
        return [scaled(box, scale) for box in found]


def scaled(box: Box, scale: float) -> Box:
    """A box of a picture in one that is `scale` times as large."""
    return replace(box, x=box.x * scale, y=box.y * scale, side=box.side * scale)
