"""Finding one person's face and following it through an utterance, to a square grey clip.

    kept frames   0 1 2 3 4 5 6 7 8 9 ...      every frame at the clip's rate, the speaker's part of the picture only
    examined      x . . . . x . . . . ...      detector on a copy of at most 240 px height
    track         choose per examined frame the box that continues best (shortest path), drop outliers
    box           one square per stretch of 512 frames: the median of the track, enlarged by a margin

The box stands still: nods, shakes and leans carry emotion, and a box that follows the face would take them out of the
clip. Only where the face would leave the still box (somebody walks or sits down) does the centre move, as a mean over
2 s.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.errors import EmotionError

Image = NDArray[np.uint8]

_HEIGHT = 240  # px, the picture is searched at this height at most
_SMALLEST = 24  # px at that height, side of the smallest face looked for
_MARGIN = 1.15  # side of the crop in sides of the detector's box, which reaches from brows to chin
_STRETCH = 512  # frames that are held in memory and share one box
_WANDER = 0.25  # in sides of the box: where the face strays further than this from its median, the crop moves with it
_SMOOTH = 2.0  # s, mean over which a moving crop's centre is taken


@dataclass(frozen=True, slots=True)
class Box:
    """A face as the detector sees it: centre and side in px, score (higher is surer)."""

    x: float
    y: float
    side: float
    score: float


Detector = Callable[[Image], list[Box]]


def make_detector(name: str) -> Detector:
    """A function from a grey picture (height, width) uint8 to the faces in it.

    Args:
        name: `haar` (Viola and Jones' cascade `alt2`, bundled with OpenCV; score = neighbouring hits) or the path of a
            YuNet model for `cv2.FaceDetectorYN`.

    Raises:
        EmotionError: no such detector or file.
    """
    if name == "haar":
        cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_alt2.xml"))
        return partial(_haar, cascade)
    if not name.endswith(".onnx") or not Path(name).is_file():
        raise EmotionError(f"face.detector is {name!r}, expected haar or the path of an existing YuNet .onnx file")
    try:
        return partial(_yunet, cv2.FaceDetectorYN.create(name, "", (320, 320)))
    except cv2.error as error:
        raise EmotionError(f"{name}: not a YuNet model ({error.err})") from None


def _haar(cascade: "cv2.CascadeClassifier", picture: Image) -> list[Box]:
    boxes, hits = cascade.detectMultiScale2(picture, 1.1, 3, minSize=(_SMALLEST, _SMALLEST))
    return [
        Box(float(x + w / 2), float(y + h / 2), float(w), float(n)) for (x, y, w, h), n in zip(boxes, hits, strict=True)
    ]


def _yunet(model: "cv2.FaceDetectorYN", picture: Image) -> list[Box]:
    model.setInputSize(picture.shape[::-1])
    _, rows = model.detect(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    rows = [] if rows is None else rows
    # YuNet's boxes are upright and reach over the forehead; the square of their width is the Haar box's
    return [Box(float(r[0] + r[2] / 2), float(r[1] + 0.55 * r[3]), float(r[2]), float(r[14])) for r in rows]


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face was followed.

    Attributes:
        examined: frames that the detector saw.
        found: frames in which it found the face.
        gap: s, the longest time without it.
        score: mean of the detector's scores.
        box: mean left, top and side in px of the part of the picture that was given.
    """

    examined: int
    found: int
    gap: float
    score: float
    box: tuple[float, float, float]


class FaceTrack:
    """Collects an utterance's frames one by one; memory is bounded by 512 frames.

    Args:
        detect: from `make_detector`.
        size: px, side of the clip.
        every: the detector looks at every so many frames.
        fps: frames per second of what is added.
    """

    def __init__(self, detect: Detector, *, size: int, every: int, fps: float) -> None:
        self._detect, self._size, self._every, self._fps = detect, size, every, fps
        self._pictures: list[Image] = []
        self._hits: list[list[Box]] = []  # of the examined frames
        self._last: Box | None = None  # of the stretch before
        self._clips: list[Image] = []
        self._tracks: list[Box | None] = []
        self._boxes: list[NDArray[np.float64]] = []

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
        quality = Quality(
            examined=len(self._tracks),
            found=len(found),
            gap=longest_gap([box is not None for box in self._tracks]) * self._every / self._fps,
            score=round(score, 3),
            box=(round(float(mean[0]), 1), round(float(mean[1]), 1), round(float(mean[2]), 1)),
        )
        return (np.concatenate(self._clips) if self._clips else None), quality

    def _search(self, picture: Image) -> list[Box]:
        """Faces in px of the picture, searched in a smaller copy of it."""
        scale = max(1.0, picture.shape[0] / _HEIGHT)
        if scale > 1:
            small = (max(1, round(picture.shape[1] / scale)), max(1, round(picture.shape[0] / scale)))
            picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        return [Box(box.x * scale, box.y * scale, box.side * scale, box.score) for box in self._detect(picture)]

    def _crop(self) -> None:
        """Crop the frames held and let go of them."""
        track = follow(self._hits, before=self._last)
        self._tracks += track
        found = [box for box in track if box is not None]
        self._last = found[-1] if found else self._last
        if self._last is not None:
            height, width = self._pictures[0].shape
            frames = np.arange(len(track)) * self._every
            boxes = place(track if found else [self._last], frames, len(self._pictures), fps=self._fps)
            boxes = inside(boxes, height=height, width=width)
            self._boxes.append(boxes)
            self._clips.append(crop(self._pictures, boxes, size=self._size))
        self._pictures, self._hits = [], []


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


def place(track: Sequence[Box | None], examined: NDArray[np.int64], count: int, *, fps: float) -> NDArray[np.float64]:
    """The square to crop from each frame.

    Args:
        track: box or None per examined frame, at least one box.
        examined: their frame numbers; only as many as there are boxes in `track` are used.
        count: frames.
        fps: frames per second.

    Returns:
        (count, 3) left, top, side in px; the same for all frames unless the face strays.
    """
    known = [(int(frame), box) for frame, box in zip(examined, track, strict=False) if box is not None]
    values = np.array([(box.x, box.y, box.side) for _, box in known])
    middle = np.median(values, axis=0)
    side = middle[2]
    centres = np.tile(middle[:2], (count, 1))
    if np.abs(values[:, :2] - middle[:2]).max() > _WANDER * side:
        frames = [frame for frame, _ in known]
        reach = round(_SMOOTH * fps / 2)
        for axis in (0, 1):
            moving = np.interp(np.arange(count), frames, values[:, axis])
            weights = np.full(2 * reach + 1, 1 / (2 * reach + 1))
            centres[:, axis] = np.convolve(np.pad(moving, reach, mode="edge"), weights, mode="valid")
    crop_side = side * _MARGIN
    return np.column_stack([centres - crop_side / 2, np.full(count, crop_side)])


def inside(boxes: NDArray[np.float64], *, height: int, width: int) -> NDArray[np.float64]:
    """Whole-pixel squares, pushed into the picture (and made smaller where they are larger than it)."""
    side = np.clip(np.round(boxes[:, 2]), 1, min(height, width))
    left = np.clip(np.round(boxes[:, 0]), 0, width - side)
    top = np.clip(np.round(boxes[:, 1]), 0, height - side)
    return np.column_stack([left, top, side])


def crop(pictures: Sequence[Image], boxes: NDArray[np.float64], *, size: int) -> Image:
    """Cut out and resize: (t, size, size) uint8."""
    clip = np.empty((len(pictures), size, size), dtype=np.uint8)
    for out, picture, (left, top, side) in zip(clip, pictures, boxes.astype(int), strict=True):
        how = cv2.INTER_AREA if side >= size else cv2.INTER_LINEAR
        cv2.resize(picture[top : top + side, left : left + side], (size, size), dst=out, interpolation=how)
    return clip


def longest_gap(found: Sequence[bool]) -> int:
    """Length of the longest run without the face."""
    longest = run = 0
    for hit in found:
        run = 0 if hit else run + 1
        longest = max(longest, run)
    return longest
