"""What is seen: every face in one pass over the video, and what each does while somebody speaks.

pictures      . . . . . . . . . . . . . . . . . . . .      25 per second, whatever the file has, by their time stamps
spans               [--- somebody speaks ---]               known from listening, or from a transcript
examined      x         x   x   x   x   x           x      5 times a second in a span, once a second elsewhere
faces               [lower part, 112 px, of each   ]        judged at the end of the span, and then forgotten

Memory is that of a span, whatever the length of the recording.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.conversation.following import Follower, Track
from emotion.conversation.light_asd import FPS, SIDE
from emotion.conversation.talking import Clip, Judge, Signs, kind_of, motion, square
from emotion.conversation.words import Region
from emotion.core import memory
from emotion.core.errors import MediaError
from emotion.media.cropping import crop, inside
from emotion.media.detectors import Image, make_detector
from emotion.media.settings import SCORE
from emotion.media.tracks import blend
from emotion.media.video import Video

_EVERY: Final = 5  # pictures from one that is examined to the next, in a span
_SPARSE: Final = 25  # the same elsewhere
_MOST: Final = 4 * FPS  # pictures of a span that are judged, its middle
_LEAST: Final = 15  # of a short span, with some around it
_FACES: Final = 6  # that are judged at once, the largest: who speaks is hardly seen in the crowd behind
_TIDY: Final = 60 * FPS  # pictures after which freed memory is given back
_COARSE: Final = 24  # px, side of the copies by which shots are compared

Progress = Callable[[float, float], None]
"""Told how far we are and how far it goes, both in s; the second is 0 where it is not known."""


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One face in one shot.

    Attributes:
        shot: number of the shot.
        times: (n,) s, rising.
        boxes: (n, 4) left, top, right, bottom in fractions of the picture.
        score: mean of the detector's scores.
    """

    shot: int
    times: NDArray[np.float32]
    boxes: NDArray[np.float32]
    score: float


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A face during a span.

    Attributes:
        track: number of its track.
        share: of the examined pictures in which it was found.
        signs: of talking.
    """

    track: int
    share: float
    signs: Signs


@dataclass(frozen=True, slots=True)
class Shot:
    """From one cut to the next.

    Attributes:
        start: s.
        end: s.
        first: (24, 24) its first picture, coarsely.
        last: its last.
    """

    start: float
    end: float
    first: Image
    last: Image


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen.

    Attributes:
        tracks: of all faces.
        shots: rising.
        glimpses: for each span those who were seen in it.
        seconds: length of the video as far as it can be decoded.
        trouble: what is wrong with the video, '' = nothing.
    """

    tracks: tuple[FaceTrack, ...] = ()
    shots: tuple[Shot, ...] = ()
    glimpses: tuple[tuple[Glimpse, ...], ...] = ()
    seconds: float = 0.0
    trouble: str = ""


def watch(
    path: Path,
    *,
    spans: Sequence[Region],
    detector: str,
    judge: Judge,
    score: float = SCORE,
    progress: Progress = lambda done, total: None,
) -> Sight:
    """Watch a video.

    Args:
        path: whatever FFmpeg decodes.
        spans: in which somebody speaks, by their start.
        detector: see `make_detector`.
        judge: of the faces in a span.
        score: see `make_detector`.
        progress: told once a second of the recording.

    Raises:
        MediaError: no video that can be decoded; the message begins with the kind of problem.
    """
    with Video(path, crop=SIDE) as video:
        if video.still:
            raise MediaError(f"no video: {path} is a single picture")
        watcher = _Watcher(spans, detector, judge, score)
        for tick in itertools.count():
            picture = video.at(math.floor(tick / FPS * video.fps + 1e-6))
            if picture is not None:
                watcher.look(tick, picture.grey())
            elif video.over:
                break
            if tick % FPS == 0:
                progress(tick / FPS, video.length)
            if tick % _TIDY == 0:
                memory.give_back()
        if not watcher.looked:
            raise MediaError(video.end())
        reason = video.end()
        trouble = reason if reason.startswith("truncated") else ""
        return watcher.finish(tick, seconds=video.decoded / video.fps, trouble=trouble)


@dataclass(slots=True)
class _Span:
    """A span that is being watched: pictures `first` to before `last`."""

    number: int
    first: int
    last: int
    examined: int = 0
    found: dict[int, int] = field(default_factory=dict)  # track -> examined pictures in which it was found
    starts: dict[int, int] = field(default_factory=dict)  # track -> its first picture
    pictures: dict[int, list[Image]] = field(default_factory=dict)
    moved: dict[int, list[float]] = field(default_factory=dict)

    def add(self, track: int, number: int, face: Image, moved: Sequence[float]) -> None:
        """The next picture of a face; after a gap, in which others were larger, nothing more is taken."""
        first, pictures = self.starts.setdefault(track, number), self.pictures.setdefault(track, [])
        if number == first + len(pictures):
            pictures.append(face)
            self.moved.setdefault(track, []).extend(moved)


class _Watcher:
    def __init__(self, spans: Sequence[Region], detector: str, judge: Judge, score: float) -> None:
        self._kind = kind_of(detector)
        self._follower = Follower(make_detector(detector, score=score))
        self._judge = judge
        self._coming = sorted((_judged(span, number) for number, span in enumerate(spans)), key=lambda s: -s.first)
        self._active: list[_Span] = []
        self._glimpses: list[tuple[Glimpse, ...]] = [()] * len(spans)
        self._held: list[tuple[int, Image]] = []  # pictures since the last that was examined, that one included
        self._examined = -_SPARSE
        self._before: Image | None = None  # the picture before the one that is looked at
        self._last: Image | None = None  # the picture before those that are held, in the same shot
        self._shots: list[Shot] = []
        self._begin = (0, np.zeros((0, 0), np.uint8))  # of the shot
        self.looked = 0

    def look(self, tick: int, picture: Image) -> None:
        """The next picture, in grey."""
        if picture is not self._before:
            was_open = self._follower.open
            if self._follower.cut(picture) and self._before is not None:
                self._cut_out(was_open, tick, looked=False)
                self._end_shot(tick)
                self._last = None
                self._examined = -_SPARSE
        if not self.looked or self._examined < 0:
            self._begin = (tick, picture)
        self._before, self.looked = picture, self.looked + 1
        fresh = False
        while self._coming and self._coming[-1].first <= tick:
            self._active.append(self._coming.pop())
            fresh = True
        if fresh or tick - self._examined >= (_EVERY if self._active else _SPARSE) or self._examined < 0:
            self._examine(tick, picture)
        if self._active:
            self._held.append((tick, picture))
        else:
            self._last = None  # what moved since the span before says nothing

    def finish(self, tick: int, *, seconds: float, trouble: str) -> Sight:
        """After the last picture, the one before `tick`."""
        self._cut_out(self._follower.open, tick, looked=False)
        self._end_shot(tick)
        for span in self._active:
            self._end(span)
        assert self._before is not None
        height, width = self._before.shape
        tracks = tuple(_plain(track, height=height, width=width) for track in self._follower.tracks)
        return Sight(tracks, tuple(self._shots), tuple(self._glimpses), seconds, trouble)

    def _examine(self, tick: int, picture: Image) -> None:
        seen = self._follower.examine(tick / FPS, picture)
        self._cut_out(self._follower.open, tick)
        self._examined = tick
        for span in self._active:
            span.examined += 1
            for track in seen:
                span.found[track.number] = span.found.get(track.number, 0) + 1

    def _cut_out(self, tracks: Sequence[Track], tick: int, *, looked: bool = True) -> None:
        """Cut the faces out of the pictures that are held, those before `tick`.

        Where they are between two looks is interpolated; where `tick` was not looked at, they stay.
        """
        tracks = sorted(tracks, key=lambda track: -track.box.side)[:_FACES]
        for number, picture in self._held:
            spans = [span for span in self._active if span.first <= number < span.last]
            weight = (number - self._examined) / (tick - self._examined) if looked else 1.0
            for track in tracks if spans else ():
                if track.times[0] * FPS <= number + 0.5:
                    face, moved = self._face(track, weight, picture)
                    for span in spans:
                        span.add(track.number, number, face, moved)
            self._last = picture
        over = [span for span in self._active if span.last <= tick]
        self._active = [span for span in self._active if span.last > tick]
        self._held = []
        for span in over:
            self._end(span)

    def _face(self, track: Track, weight: float, picture: Image) -> tuple[Image, list[float]]:
        """(112, 112), and how the mouth has moved since the picture before."""
        box = blend(track.before, track.box, weight)
        height, width = picture.shape
        squares = inside(np.array([square(box, detector=self._kind)]), height=height, width=width)
        face = crop([picture], squares, size=SIDE)[0]
        if self._last is None or not self._judge.by_motion:
            return face, []
        return face, [motion(crop([self._last], squares, size=SIDE)[0], face)]

    def _end(self, span: _Span) -> None:
        """Judge the faces of a span and let go of them."""
        numbers = sorted(span.starts)
        clips = [Clip(span.starts[n], np.stack(span.pictures[n]), tuple(span.moved[n])) for n in numbers]
        self._glimpses[span.number] = tuple(
            Glimpse(number, span.found.get(number, 0) / max(1, span.examined), self._judge(clip))
            for number, clip in zip(numbers, clips, strict=True)
        )

    def _end_shot(self, tick: int) -> None:
        if self._before is not None:
            begin, first = self._begin
            self._shots.append(Shot(begin / FPS, tick / FPS, _coarse(first), _coarse(self._before)))


def _judged(span: Region, number: int) -> _Span:
    """The pictures of a span that are judged: its middle, and some around it where it is short."""
    middle = round((span.start + span.end) / 2 * FPS)
    count = min(max(round(span.length * FPS), _LEAST), _MOST)
    first = max(0, middle - count // 2)
    return _Span(number, first, first + count)


def _coarse(picture: Image) -> Image:
    return np.asarray(cv2.resize(picture, (_COARSE, _COARSE), interpolation=cv2.INTER_AREA), np.uint8)


def _plain(track: Track, *, height: int, width: int) -> FaceTrack:
    boxes = np.array([(box.x - box.side / 2, box.y - box.side / 2, box.side) for box in track.found])
    corners = np.column_stack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]) / (width, height, width, height)
    score = float(np.mean([box.score for box in track.found]))
    return FaceTrack(track.shot, np.array(track.times, np.float32), corners.clip(0, 1).astype(np.float32), score)
