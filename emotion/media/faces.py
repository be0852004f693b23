"""Finding one person's face and following it through an utterance, to a square grey clip.

    kept frames   0 1 2 3 4 5 6 7 8 9 ...      every frame at the clip's rate, the speaker's part of the picture only
    examined      x . . . . x . . . . ...      detector on a copy of 180 px height, and of 240 px where it finds nothing
    searched      all       near    near ...   around the faces of before; everywhere again when one is lost, and at
                                               times, because a new one may have come
    track         choose per examined frame the box that continues best (shortest path), drop outliers
    box           one square per stretch of 512 frames: the median of the track, enlarged by a margin, and turned so
                  that the eyes are level where the detector says how they lie

The box stands still: nods, shakes and leans carry emotion, and a box that follows the face would take them out of the
clip. Only where the face would leave the still box (somebody walks or sits down) does the centre move, as a mean over
2 s.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.errors import EmotionError
from emotion.media.cropping import crop, fixed_window, inside, place
from emotion.media.detectors import Box, Detector, Image, NearDetector

FALLBACKS: Final = ("none", "iemocap")

_HEIGHTS = (180, 240)  # px, the picture is searched at these heights at most, the second for small faces
_WHOLE = 24  # examined frames after which the whole picture is searched again
_STRETCH = 512  # frames that are held in memory and share one box
_LEVEL = 2.0  # degrees: a face that is turned by less is not turned back


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face was followed.

    Attributes:
        examined: frames that the detector saw.
        found: frames in which it found the face.
        gap: s, the longest time without it.
        score: mean of the detector's scores.
        box: mean left, top and side in px of the part of the picture that was given.
        roll: degrees by which the clip was turned back, counter-clockwise; its mean.
        fallback: whether nothing was found and the clip shows a fixed window instead.
    """

    examined: int
    found: int
    gap: float
    score: float
    box: tuple[float, float, float]
    roll: float = 0.0
    fallback: bool = False

    def note(self) -> dict[str, Any]:
        """JSON values for the cache; `roll` and `fallback` only where they say something."""
        note = asdict(self)
        return {name: value for name, value in note.items() if value or name not in ("roll", "fallback")}


class FaceTrack:
    """Collects an utterance's frames one by one; memory is bounded by 512 frames.

    Args:
        detect: from `make_detector`.
        size: px, side of the clip.
        every: the detector looks at every so many frames.
        fps: frames per second of what is added.
        fallback: what the clip shows where no face is found: `none` (there is no clip) or `iemocap` (the part of the
            picture in which that corpus's actors sit; only of halves of its shape, 360x480 px or another size of it).

    Raises:
        EmotionError: no such fallback.
    """

    def __init__(self, detect: Detector, *, size: int, every: int, fps: float, fallback: str = "none") -> None:
        if fallback not in FALLBACKS:
            raise EmotionError(f"face.fallback is {fallback!r}, expected one of {', '.join(FALLBACKS)}")
        self._detect, self._size, self._every, self._fps = detect, size, every, fps
        self._near = detect.near if isinstance(detect, NearDetector) else None
        self._fallback = fallback != "none"
        self._pictures: list[Image] = []
        self._hits: list[list[Box]] = []  # of the examined frames
        self._whole = 0  # examined frames since the whole picture was searched
        self._height = _HEIGHTS[0]  # at which it was
        self._last: Box | None = None  # of the stretch before
        self._clips: list[Image] = []
        self._spare: list[Image] = []  # what the fixed window shows before the first face
        self._tracks: list[Box | None] = []
        self._boxes: list[NDArray[np.float64]] = []
        self._rolls: list[float] = []  # of the stretches

    def add(self, picture: Image) -> None:
        """The next frame, the speaker's part of it in grey: (height, width) uint8."""
        if len(self._pictures) % self._every == 0:
            self._hits.append(self._search(picture))
        self._pictures.append(picture)
        if len(self._pictures) == _STRETCH:
            self._crop()

    def finish(self) -> tuple[Image | None, Quality]:
        """The clip (t, size, size) uint8, None where no face was found, and its quality.

        Where a whole first stretch (34 s at 15 fps) shows no face, the clip begins after it.
        """
        if self._pictures:
            self._crop()
        found = [box for box in self._tracks if box is not None]
        score = float(np.mean([box.score for box in found])) if found else 0.0
        mean = np.concatenate(self._boxes).mean(axis=0) if self._boxes else np.zeros(3)
        clips = self._clips or self._spare
        quality = Quality(
            examined=len(self._tracks),
            found=len(found),
            gap=longest_gap([box is not None for box in self._tracks]) * self._every / self._fps,
            score=round(score, 3),
            box=(round(float(mean[0]), 1), round(float(mean[1]), 1), round(float(mean[2]), 1)),
            roll=round(float(np.mean(self._rolls)), 1) if self._rolls else 0.0,
            fallback=bool(clips) and not self._clips,
        )
        return (np.concatenate(clips) if clips else None), quality

    def _search(self, picture: Image) -> list[Box]:
        """Faces in px of the picture, searched in a smaller copy of it."""
        known = self._hits[-1] if self._hits else []
        self._whole += 1
        if self._near is not None and known and self._whole < _WHOLE:
            small, scale = shrunk(picture, self._height)
            found = self._near(small, [_scaled(box, 1 / scale) for box in known])
            if len(found) == len(known):
                return [_scaled(box, scale) for box in found]
        self._whole = 0
        for self._height in _HEIGHTS:
            small, scale = shrunk(picture, self._height)
            found = self._detect(small)
            if found or picture.shape[0] <= self._height:
                break
        return [_scaled(box, scale) for box in found]

    def _crop(self) -> None:
        """Crop the frames held and let go of them."""
        track = follow(self._hits, before=self._last)
        self._tracks += track
        found = [box for box in track if box is not None]
        self._last = found[-1] if found else self._last
        height, width = self._pictures[0].shape
        if self._last is not None:
            frames = np.arange(len(track)) * self._every
            boxes = place(track if found else [self._last], frames, len(self._pictures), fps=self._fps)
            boxes = inside(boxes, height=height, width=width)
            roll = float(np.median([box.roll for box in found or [self._last]]))
            self._rolls.append(roll if abs(roll) >= _LEVEL else 0.0)
            self._boxes.append(boxes)
            self._clips.append(crop(self._pictures, boxes, size=self._size, roll=self._rolls[-1]))
        elif self._fallback and (window := fixed_window(height=height, width=width)) is not None:
            self._spare.append(crop(self._pictures, np.tile(window, (len(self._pictures), 1)), size=self._size))
        self._pictures, self._hits = [], []


def shrunk(picture: Image, height: int) -> tuple[Image, float]:
    """A copy of at most that height in px, and how many times smaller it is.

    Whole pixels are averaged as far as that goes, the rest is interpolated: five times as fast as averaging parts of
    pixels.
    """
    scale = max(1.0, picture.shape[0] / height)
    for part, how in ((math.floor(scale), cv2.INTER_AREA), (scale / math.floor(scale), cv2.INTER_LINEAR)):
        if part > 1:
            size = (max(1, round(picture.shape[1] / part)), max(1, round(picture.shape[0] / part)))
            picture = np.asarray(cv2.resize(picture, size, interpolation=how), dtype=np.uint8)
    return picture, scale


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.x * scale, box.y * scale, box.side * scale, box.score, box.roll)


def follow(hits: Sequence[Sequence[Box]], *, before: Box | None = None) -> list[Box | None]:
    """One person's boxes among all that were found: the path with the least jumps, preferring large and sure boxes.

    Args:
        hits: boxes of each examined frame.
        before: the box of that person before the first frame, where it is known.

    Returns:
        One box or None per frame; boxes far from those before and after (false hits where the face was missed) become
        None.
    """
    steps = [list(frame) for frame in hits]
    filled = [step for step, frame in enumerate(steps) if frame]
    costs: list[float] = [0.0]
    previous = [] if before is None else [before]
    parents: dict[int, list[int]] = {}
    for step in filled:
        parents[step], new = [], []
        for box in steps[step]:
            ways = [cost + _jump(old, box) for cost, old in zip(costs, previous, strict=False)] or [0.0]
            parents[step].append(int(np.argmin(ways)))
            new.append(min(ways) - 0.5 * math.log(box.side) - 0.1 * math.log1p(box.score))
        costs, previous = new, steps[step]
    path: list[Box | None] = [None] * len(steps)
    at = int(np.argmin(costs))
    for step in reversed(filled):
        path[step], at = steps[step][at], parents[step][at]
    return _without_outliers(path)


def _jump(old: Box, new: Box) -> float:
    """How unlikely it is that both are the same face, in sides of the box and e-folds of size."""
    side = math.sqrt(old.side * new.side)
    return math.hypot(new.x - old.x, new.y - old.y) / side + abs(math.log(new.side / old.side))


def _without_outliers(path: list[Box | None]) -> list[Box | None]:
    """Drop boxes far from the median of the five around them."""
    known = [(step, box) for step, box in enumerate(path) if box is not None]
    values = np.array([(box.x, box.y, box.side) for _, box in known])
    clean: list[Box | None] = [None] * len(path)
    for position, (step, box) in enumerate(known):
        x, y, side = np.median(values[max(0, position - 2) : position + 3], axis=0).tolist()
        if _jump(Box(x, y, side, 0.0), box) < 1:
            clean[step] = box
    return clean


def longest_gap(found: Sequence[bool]) -> int:
    """Length of the longest run without the face."""
    longest = run = 0
    for hit in found:
        run = 0 if hit else run + 1
        longest = max(longest, run)
    return longest
