"""Turns of a film without sound: each face, a few seconds at a time."""

import math
from collections.abc import Sequence
from typing import Final

from emotion.conversation.people import NOBODY
from emotion.conversation.speakers import ONLY_FACE
from emotion.conversation.turns import SpokenTurn, face_of
from emotion.conversation.watch import FaceTrack

_LONGEST: Final = 5.0  # s
_SHORTEST: Final = 0.5  # s


def silent_turns(tracks: Sequence[FaceTrack], persons: Sequence[int]) -> list[SpokenTurn]:
    """A turn for every stretch of a face, in parts of equal length; those of two faces overlap.

    Args:
        tracks: of all faces.
        persons: who each track is.
    """
    names: dict[int, str] = {}
    made = []
    for track, person in sorted(zip(tracks, persons, strict=True), key=lambda pair: float(pair[0].times[0])):
        start, end = float(track.times[0]), float(track.times[-1])
        if person == NOBODY or end - start < _SHORTEST:
            continue
        names.setdefault(person, f"speaker {len(names) + 1}")
        count = math.ceil((end - start) / _LONGEST)
        for part in range(count):
            first, last = (start + (end - start) * edge / count for edge in (part, part + 1))
            made.append(
                SpokenTurn(
                    start=round(first, 3),
                    end=round(last, 3),
                    text="",
                    words=(),
                    speaker=names[person],
                    speaker_from=ONLY_FACE,
                    unsure=False,
                    person=person,
                    face=face_of(person, first, last, tracks=tracks, persons=persons),
                )
            )
    return sorted(made, key=lambda turn: (turn.start, turn.speaker))
