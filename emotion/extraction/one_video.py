"""One video, decoded once -> a face clip for each of its utterances."""

import heapq
import itertools
import math
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import MediaError
from emotion.corpus.containers import one_line
from emotion.corpus.sides import box_of
from emotion.extraction.engine import Item, Placed
from emotion.media.detectors import make_detector, sure_score
from emotion.media.faces import FaceTrack
from emotion.media.opening import blame
from emotion.media.picture import Image
from emotion.media.settings import Clips
from emotion.media.turning import LOOKED_AT, better_turn
from emotion.media.video import Video, frame_numbers

Span = tuple[float, float, str]  # start in s, end in s, side

_SLACK = 0.25  # s by which a picture may end before its sound
_NO_MEMORY = -4  # OpenCV's StsNoMem
_HELD = 64 << 20  # bytes of clips after which it is clear which way up the pictures are


def video_clips(path: Path, spans: Sequence[Span], how: Clips, *, max_seconds: float) -> Iterator[Placed]:
    """Decode one video once and cut the face clips of all its utterances, overlapping ones included.

    A video in which hardly a face is found is looked at again, upside down and on both sides, and turned where that is
    clearly better. Of a long video its beginning decides (64 MiB of clips), so that memory does not grow with it.

    Args:
        path: the video.
        spans: start (s), end (s) and side of each utterance.
        how: faces are found and cut out.
        max_seconds: s of an utterance that are read at most.

    Yields:
        The place of each span and its item, as they are finished: a clip (t, size, size) uint8, or None with the
        reason; its note is the track's quality.
    """
    places = defaultdict(list)
    for place, span in enumerate(spans):
        places[span].append(place)
    unique = list(places)
    for number, item in _clips(path, unique, how, max_seconds=max_seconds):
        yield from ((place, item) for place in places[unique[number]])


def _clips(path: Path, spans: Sequence[Span], how: Clips, *, max_seconds: float) -> Iterator[Placed]:
    """See `video_clips`, of spans that differ; after a fault, all that are left have its reason."""
    left = dict.fromkeys(range(len(spans)))
    try:
        for place, item in _upright(path, spans, how, max_seconds=max_seconds):
            left.pop(place)
            yield place, item
        return
    except MediaError as error:
        reason = str(error)
    except (cv2.error, av.FFmpegError) as error:
        if getattr(error, "code", 0) == _NO_MEMORY:
            raise MemoryError(str(error)) from None
        reason = f"undecodable video: {path} ({one_line(error)})"
    blame(path)
    yield from ((place, Item(None, reason)) for place in left)


def _upright(path: Path, spans: Sequence[Span], how: Clips, *, max_seconds: float) -> Iterator[Placed]:
    detect, (sure, clearly) = make_detector(how.detector, score=how.score), sure_score(how.detector)
    track = partial(FaceTrack, detect, size=how.size, every=how.detect_every, fallback=how.fallback)
    plan = partial(_pieces, spans=spans, fps=how.fps, max_seconds=max_seconds)
    kept, turns = _kept(how.size, [side for *_, side in spans]), 0
    with Video(path, crop=kept) as video:
        cut = _cut(video, plan(video), track, how)
        held, fault = _held(cut)
        if _evidence([item for _, item in held]) < sure:
            with Video(path, crop=kept) as again:
                pictures = _some_pictures(again, plan(again), before=video.decoded)
            turns = better_turn(pictures, detect, sure=sure, clearly=clearly)
        if not turns:
            while held:
                yield held.popleft()
            if fault is not None:
                raise fault
            yield from cut
            return
        cut.close()
        held.clear()
    with Video(path, crop=kept, turns=turns) as video:
        for place, item in _cut(video, plan(video), track, how):
            note = item.note | {"turned": 90 * turns} if item.note else item.note
            yield place, replace(item, note=note)


def _held(cut: Iterator[Placed]) -> tuple[deque[Placed], Exception | None]:
    """The first items: all, or so many that they are enough to see which way up the pictures are; and what ended them.

    A fault costs what comes after it, in a short video as in a long one.
    """
    held, size = deque[Placed](), 0
    try:
        for place, item in cut:
            held.append((place, item))
            size += 0 if item.values is None else item.values.nbytes
            if size >= _HELD:
                break
    except (MediaError, cv2.error, av.FFmpegError) as error:
        if getattr(error, "code", 0) == _NO_MEMORY:
            raise
        return held, error.with_traceback(None)
    return held, None


def _kept(size: int, sides: Sequence[str]) -> int:
    """Side in px of what is cut out of a whole picture, so that what is cut out of its smallest box has that `size`."""
    boxes = [box for side in sides if (box := box_of(side)) is not None]
    return math.ceil(size / min((min(r - l, b - t) for l, t, r, b in boxes), default=1.0))  # noqa: E741


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is read of an utterance: numbers of frames; `limited` = it would be longer than may be read."""

    start: float
    end: float
    side: str
    limited: bool
    frames: NDArray[np.int64]


def _pieces(video: Video, *, spans: Sequence[Span], fps: float, max_seconds: float) -> list[_Piece]:
    pieces = []
    for start, end, side in spans:
        last = min(end, max(0.0, start) + max_seconds)
        frames = frame_numbers(start, last, video_fps=video.fps, fps=fps)
        pieces.append(_Piece(start, last, side, last < end, frames[:1] * 0 if video.still else frames))
    return pieces


def _cut(
    video: Video, pieces: Sequence[_Piece], new_track: Callable[..., FaceTrack], how: Clips
) -> Generator[Placed, None, None]:
    """One pass over the video; every utterance has a track of its own, from its first frame to its last."""
    rgb = how.colour == "rgb"
    wanted = heapq.merge(*(zip(piece.frames, itertools.repeat(place)) for place, piece in enumerate(pieces)))
    tracks: dict[int, FaceTrack] = {}
    left = dict.fromkeys(range(len(pieces)))
    for number, users in itertools.groupby(wanted, key=itemgetter(0)):
        picture = video.at(int(number))
        if video.over:
            break
        for _, place in users:
            piece = pieces[place]
            if picture is not None:
                if place not in tracks:
                    known = {"fallback": "none"} if box_of(piece.side) else {}  # nobody's usual place is in a box
                    tracks[place] = new_track(fps=min(how.fps, video.fps), **known)
                luma, narrow = picture.luma(piece.side)
                tracks[place].add(luma, picture.rgb(piece.side) if rgb else None, narrow=narrow)
            if number == piece.frames[-1] and place in tracks:
                left.pop(place)
                yield place, _finish(tracks.pop(place), piece, limited=piece.limited)
    seconds = video.decoded / video.fps
    for place, unfinished in tracks.items():  # the video ended within them
        piece = pieces[place]
        missing = piece.end - seconds  # sound and picture of a good file do not end at once
        left.pop(place)
        yield place, _finish(unfinished, piece, cut=missing > min(_SLACK, (piece.end - piece.start) / 2))
    for place in left:
        yield place, Item(None, video.end(pieces[place].start, pieces[place].end))


def _finish(face: FaceTrack, piece: _Piece, **remarks: bool) -> Item:
    clip, quality = face.finish()
    note = quality.note() | {name: True for name, holds in remarks.items() if holds}
    if clip is None:
        times = f"{piece.start:g}-{piece.end:g} s"
        return Item(None, f"no face found: in none of {quality.examined} frames of {times}", note)
    return Item(clip, "", note)


def _evidence(items: Sequence[Item]) -> float:
    """Mean score of the examined frames, 0 for those without a face; infinite where nothing could be examined."""
    notes = [item.note for item in items if item.note]
    examined = sum(note["examined"] for note in notes)
    return sum(note["score"] * note["found"] for note in notes) / examined if examined else math.inf


def _some_pictures(video: Video, pieces: Sequence[_Piece], *, before: int) -> list[Image]:
    """A few whole pictures, spread over what the utterances show before a frame."""
    numbers = np.unique(np.concatenate([piece.frames for piece in pieces]))
    numbers = numbers[numbers < before]
    places = (np.arange(LOOKED_AT) + 0.5) * len(numbers) / LOOKED_AT
    return [picture.grey() for _, picture in video.frames(np.unique(numbers[places.astype(np.int64)]))]
