"""One person's boxes among all that a detector found, and which frames show that person."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emotion.media.detectors import Box

_FAR: Final = 1.0  # jump between two examined frames from which on it is another face
_SPEED: Final = 2.0  # what that grows by per s in which no face is found
_BRIDGE: Final = 2.0  # s without the face that are still shown where it is in the same place before and after
_WHOLE: Final = 0.8  # share of the face's box that a crop must hold to show it


def follow(hits: Sequence[Sequence[Box]], *, before: Box | None = None) -> list[Box | None]:
    """One person's boxes among all of each examined frame: the path with the least jumps, of large and sure boxes.

    It goes on from the box `before` the first frame, where that is known. Gives one box or None per frame: boxes far
    from those before and after (false hits where the face was missed) become None.
    """
    steps = [list(frame) for frame in hits]
    filled = [step for step, frame in enumerate(steps) if frame]
    costs: list[float] = [0.0]
    previous = [] if before is None else [before]
    parents: dict[int, list[int]] = {}
    for step in filled:
        parents[step], new = [], []
        for box in steps[step]:
            ways = [cost + jump(old, box) for cost, old in zip(costs, previous, strict=False)] or [0.0]
            parents[step].append(int(np.argmin(ways)))
            new.append(min(ways) - 0.5 * math.log(box.side) - 0.1 * math.log1p(box.score))
        costs, previous = new, steps[step]
    path: list[Box | None] = [None] * len(steps)
    at = int(np.argmin(costs))
    for step in reversed(filled):
        path[step], at = steps[step][at], parents[step][at]
    return _without_outliers(path)


def jump(old: Box, new: Box) -> float:
    """How unlikely it is that both boxes are of the same face: in sides of the box and e-folds of size."""
    side = math.sqrt(old.side * new.side)
    return math.hypot(new.x - old.x, new.y - old.y) / side + abs(math.log(new.side / old.side))


def blend(old: Box, new: Box, weight: float) -> Box:
    """Between two boxes: 0 = the old one, 1 = the new one."""
    x, y, side = (a + weight * (b - a) for a, b in ((old.x, new.x), (old.y, new.y), (old.side, new.side)))
    return replace(new, x=x, y=y, side=side)


def _without_outliers(path: list[Box | None]) -> list[Box | None]:
    """Drop boxes far from the median of the five around them."""
    known = [(step, box) for step, box in enumerate(path) if box is not None]
    values = np.array([(box.x, box.y, box.side) for _, box in known])
    clean: list[Box | None] = [None] * len(path)
    for position, (step, box) in enumerate(known):
        x, y, side = np.median(values[max(0, position - 2) : position + 3], axis=0).tolist()
        if jump(Box(x, y, side, 0.0), box) < 1:
            clean[step] = box
    return clean


def one_person(path: Sequence[Box | None], *, step: float, before: Box | None = None) -> list[Box | None]:
    """Keep one person of a path within a shot, one box or None per examined frame: where it jumps, it is somebody else.

    `step` is the time in s from one examined frame to the next, `before` the last box of the person who was shown
    before the first frame in the same shot, where there is one: that person stays; of several new ones who is seen
    longest and largest.
    """
    people: list[list[int]] = []
    last: list[Box] = []
    seen: list[int] = []
    if before is not None:
        people, last, seen = [[]], [before], [-1]
    for number, box in enumerate(path):
        if box is None:
            continue
        ways = [
            jump(old, box) / (_FAR + _SPEED * step * (number - when - 1)) for old, when in zip(last, seen, strict=True)
        ]
        who = int(np.argmin(ways)) if ways and min(ways) < 1 else len(people)
        if who == len(people):
            people.append([])
            last.append(box)
            seen.append(number)
        people[who].append(number)
        last[who], seen[who] = box, number
    if not people:
        return list(path)
    sizes = [sum(box.side for number in person if (box := path[number]) is not None) for person in people]
    chosen = set(people[0] if before is not None and people[0] else people[int(np.argmax(sizes))])
    return [box if number in chosen else None for number, box in enumerate(path)]


def visible(
    track: Sequence[Box | None], boxes: NDArray[np.float64], *, every: int, fps: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which frames are delivered, and which of these were seen to show the whole face.

    A frame is as the examined frame next to it. Between two frames with the face those without it are delivered too,
    where they are short: a nod or a hand hides a face from the detector, and the box stands still meanwhile.

    Args:
        track: one box or None per examined frame.
        boxes: (t, 3) left, top, side in px, cut out of the frames.
        every: frames from one examined frame to the next.
        fps: frames per second.

    Returns:
        Two masks (t,); the second is within the first.
    """
    nearest = np.minimum((np.arange(len(boxes)) + every // 2) // every, len(track) - 1)
    delivered = np.array([box is not None for box in track])[nearest]
    hits = [number for number, box in enumerate(track) if box is not None]
    for one, other in itertools.pairwise(hits):
        if other - one == 1 or (other - one) * every / fps <= _BRIDGE:
            delivered[one * every : other * every] = True
    nothing = (math.nan, math.nan, math.nan)
    faces = np.array([nothing if box is None else (box.x, box.y, box.side) for box in track])[nearest]
    inside = np.ones(len(boxes))  # share of the face's square, (t,)
    for axis in (0, 1):
        first = np.maximum(faces[:, axis] - faces[:, 2] / 2, boxes[:, axis])
        last = np.minimum(faces[:, axis] + faces[:, 2] / 2, boxes[:, axis] + boxes[:, 2])
        inside *= np.maximum(last - first, 0) / faces[:, 2]
    return delivered, delivered & (inside >= _WHOLE)


def longest_gap(found: Sequence[bool]) -> int:
    """Length of the longest run without the face."""
    longest = run = 0
    for hit in found:
        run = 0 if hit else run + 1
        longest = max(longest, run)
    return longest
