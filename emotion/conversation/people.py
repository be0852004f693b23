"""Which tracks are one person: what can be said without recognising faces.

shots     |   a   |   b   |   a'  |   b'  |      a' begins as a ended: the same camera, so who sits there is the same
tracks    |  0 1  |   2   |  3 4  |   5   |
people    |  A B  |   C   |  A B  |   C   |

Within a shot, a face that comes back where it was lost is the same. A person who is seen from two cameras is two.
"""

import math
from collections.abc import Sequence
from typing import Final

from emotion.conversation.watch import FaceTrack, Shot, Sight
from emotion.media.shots import correlation

NOBODY: Final = -1

_FEWEST: Final = 3  # times that a face was found; fewer are taken for false ones
_SURE: Final = {"haar": 6.0, "yunet": 0.0}  # least mean score; false ones of the cascade have 4 to 6
_NEAR: Final = 1.0  # distance up to which a face in the same shot, or in the same picture, is the same
_GONE: Final = 60.0  # s after which somebody else may sit there, in the same shot
_ALIKE: Final = 0.8  # correlation of the last picture of a shot and the first of another by the same camera
_BACK: Final = 12  # shots that are looked back


def people(sight: Sight, *, detector: str) -> list[int]:
    """The person of each track, from 0 in order of appearance; NOBODY for what is hardly a face.

    Args:
        sight: what was seen.
        detector: `haar` or `yunet`.
    """
    persons = [NOBODY] * len(sight.tracks)
    known: list[list[int]] = []  # tracks of each person
    order = sorted(range(len(sight.tracks)), key=lambda number: float(sight.tracks[number].times[0]))
    for number in order:
        track = sight.tracks[number]
        if len(track.times) < _FEWEST or track.score < _SURE[detector]:
            continue
        ways = [(way, who) for who, tracks in enumerate(known) if (way := _way(sight, tracks, number)) < _NEAR]
        persons[number] = min(ways)[1] if ways else len(known)
        if not ways:
            known.append([])
        known[persons[number]].append(number)
    return persons


def _way(sight: Sight, tracks: Sequence[int], number: int) -> float:
    """How far a person's earlier tracks are from a new one; inf where it cannot be that person."""
    track, best = sight.tracks[number], math.inf
    for old in (sight.tracks[other] for other in reversed(tracks)):
        if old.times[-1] >= track.times[0]:
            return math.inf  # at two places at once
        if track.shot - old.shot > _BACK:
            break
        if old.shot == track.shot:
            goes_on = float(track.times[0] - old.times[-1]) <= _GONE
        else:
            goes_on = _same_camera(sight.shots[old.shot], sight.shots[track.shot])
        if goes_on:
            best = min(best, _distance(old, track))
    return best


def _same_camera(old: Shot, new: Shot) -> bool:
    return correlation(old.last, new.first) >= _ALIKE


def _distance(old: FaceTrack, new: FaceTrack) -> float:
    """From where a track ends to where another begins: in sides of the box and e-folds of size."""
    (left, top, right, bottom), (left2, top2, right2, bottom2) = old.boxes[-1].tolist(), new.boxes[0].tolist()
    width, height = math.sqrt((right - left) * (right2 - left2)), math.sqrt((bottom - top) * (bottom2 - top2))
    across, down = (left2 + right2 - left - right) / 2, (top2 + bottom2 - top - bottom) / 2
    if width <= 0 or height <= 0:
        return math.inf
    return math.hypot(across / width, down / height) + abs(math.log((right2 - left2) / (right - left)))
