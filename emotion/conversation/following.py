"""Following every face of a video at once, through one shot after the other.

examined      x . . . . x . . . . x            the detector looks at every so many pictures
searched      all       near      near         around the faces of before; everywhere at times, as new ones may come
tracks        A-------------------|            a face that is lost for longer than a second, or a cut, ends its track
                  B----------------...
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from emotion.media.detectors import Box, Detector, Image, NearDetector
from emotion.media.picture import shrunk
from emotion.media.search import scaled
from emotion.media.shots import Change, Shots
from emotion.media.tracks import blend, jump

_HEIGHTS: Final = (240, 360)  # px, the picture is searched at these heights at most, the second for small faces
_WHOLE: Final = 5.0  # s after which the whole picture is searched again
_AGAIN: Final = 1.0  # s, the same where a face was lost, or none is known
_PATIENCE: Final = 1.0  # s for which a face that is not found is taken to be where it was
_FAR: Final = 1.0  # jump between two examined pictures from which on it is another face
_NEAR: Final = 0.5  # jump up to which it is where it was
_STEADY: Final = 0.25  # jump up to which a box is smoothed, because it is the detector that trembles
_SMOOTH: Final = 0.4  # weight of the new box then


@dataclass(slots=True, eq=False)
class Track:
    """One face in one shot, while it is followed.

    Attributes:
        number: of the track, from 0.
        shot: number of the shot, from 0.
        box: where it is now, smoothed; px of the picture.
        before: where it was when the picture was examined the time before.
        times: s, when it was found.
        found: what was found then.
    """

    number: int
    shot: int
    box: Box
    before: Box
    times: list[float]
    found: list[Box]

    def see(self, time: float, box: Box) -> None:
        """It was found again."""
        self.before = self.box
        weight = _SMOOTH if jump(self.box, box) < _STEADY else 1.0
        self.box = blend(self.box, box, weight)
        self.times.append(time)
        self.found.append(box)


class Follower:
    """Follows all faces through the pictures of a video.

    Args:
        detect: from `make_detector`.

    Attributes:
        tracks: all so far.
        open: those that go on.
        shot: number of the shot.
    """

    def __init__(self, detect: Detector) -> None:
        self._detect = detect
        self._near = detect.near if isinstance(detect, NearDetector) else None
        self._shots = Shots()
        self._height = _HEIGHTS[0]  # at which faces were found
        self._searched = -math.inf  # s, when the whole picture was
        self.tracks: list[Track] = []
        self.open: list[Track] = []
        self.shot = 0

    def cut(self, picture: Image) -> bool:
        """Whether the next picture, grey, begins a new shot; all tracks then end."""
        change = self._shots.look(picture)
        if change is Change.NONE or (change is Change.PERHAPS and self._goes_on(picture)):
            return False
        self._shots.begin()
        self.shot += 1
        self.open, self._searched = [], -math.inf
        return True

    def examine(self, time: float, picture: Image) -> list[Track]:
        """Look for the faces in a picture.

        Args:
            time: s, rising.
            picture: (height, width) uint8 grey.

        Returns:
            The tracks whose face was found in it.
        """
        found = without_doubles(self._search(time, picture))
        pairs = sorted(
            (distance, number, place)
            for number, track in enumerate(self.open)
            for place, box in enumerate(found)
            if (distance := jump(track.box, box)) < _FAR
        )
        seen, taken = list[Track](), set[int]()
        for _, number, place in pairs:
            track = self.open[number]
            if place not in taken and track not in seen:
                track.see(time, found[place])
                seen.append(track)
                taken.add(place)
        for place, box in enumerate(found):
            if place not in taken:
                self.tracks.append(Track(len(self.tracks), self.shot, box, box, [time], [box]))
                seen.append(self.tracks[-1])
        for track in self.open:
            if track not in seen:
                track.before = track.box
        self.open = [track for track in self.open if time - track.times[-1] <= _PATIENCE]
        self.open += [track for track in seen if track not in self.open]
        return seen

    def _search(self, time: float, picture: Image) -> list[Box]:
        """Faces in px of the picture."""
        since = time - self._searched
        known = [track.box for track in self.open]
        if self._near is not None and known and since < _WHOLE:
            small, scale = shrunk(picture, self._height)
            found = self._near(small, [scaled(box, 1 / scale) for box in known])
            if len(found) == len(known) or since < _AGAIN:
                return [scaled(box, scale) for box in found]
        if not known and since < _AGAIN:
            return []
        self._searched = time
        for self._height in _HEIGHTS:
            small, scale = shrunk(picture, self._height)
            found = self._detect(small)
            if found or picture.shape[0] <= self._height:
                break
        return [scaled(box, scale) for box in found]

    def _goes_on(self, picture: Image) -> bool:
        """Whether a face is still where it was: then it is the picture's content that changed, not the shot."""
        if not self.open:
            return False
        small, scale = shrunk(picture, self._height)
        known = [scaled(track.box, 1 / scale) for track in self.open]
        now = self._near(small, known) if self._near is not None else self._detect(small)
        return any(jump(old, new) < _NEAR for old in known for new in now)


def without_doubles(boxes: Sequence[Box]) -> list[Box]:
    """Of boxes whose centre lies in another one only the surer."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.score):
        if all(max(abs(box.x - other.x), abs(box.y - other.y)) > max(box.side, other.side) / 2 for other in kept):
            kept.append(box)
    return kept
