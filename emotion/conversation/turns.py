"""From pieces, each with its speaker, to turns: what one person says until somebody else does."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from emotion.conversation.people import NOBODY
from emotion.conversation.pieces import Piece
from emotion.conversation.speakers import UNKNOWN, Verdict
from emotion.conversation.watch import FaceTrack
from emotion.conversation.words import joined
from emotion.timeline.timeline import Word

Corners = tuple[float, float, float, float]

_PAUSE: Final = 1.5  # s within a turn
_HESITATION: Final = 0.6  # s within a sentence, where who speaks is not sure
_LONGEST: Final = 20.0  # s of a turn that is merged from sentences
_SENTENCE: Final = 30.0  # s of one that is merged within a sentence
_AROUND: Final = 1.0  # s around a turn in which its face is looked for, where it is not seen within


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """What one person says until somebody else does, or for a long time.

    Attributes:
        start: s.
        end: s, after the start.
        text: what is said, '' = not known.
        words: with their times, none = not known.
        speaker: name; `speaker ?` where it is not known.
        speaker_from: what the speaker was known by, see `speakers`.
        unsure: whether it may well be somebody else.
        person: number of the person whose face is the speaker's, -1 = none that is known.
        off_screen: whether nobody in the picture says it.
        face: left, top, right, bottom in fractions of the picture, where that face is seen most of the turn; None =
            it is not seen.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...]
    speaker: str
    speaker_from: str
    unsure: bool
    person: int = NOBODY
    off_screen: bool = False
    face: Corners | None = None


def turns(
    said: Sequence[Piece],
    verdicts: Sequence[Verdict],
    *,
    merge: bool,
    tracks: Sequence[FaceTrack] = (),
    persons: Sequence[int] = (),
) -> list[SpokenTurn]:
    """Turns, rising.

    Args:
        said: the pieces, by their start.
        verdicts: who says each.
        merge: neighbouring pieces of one speaker to one turn; else each is a turn.
        tracks: of all faces.
        persons: who each track is.
    """
    groups: list[list[int]] = []
    for number in range(len(said)):
        if merge and groups and _goes_on(said, verdicts, groups[-1], number):
            groups[-1].append(number)
        else:
            groups.append([number])
    return [_turn([said[n] for n in group], [verdicts[n] for n in group], tracks, persons) for group in groups]


def _goes_on(said: Sequence[Piece], verdicts: Sequence[Verdict], group: Sequence[int], number: int) -> bool:
    before, after = said[group[-1]], said[number]
    if verdicts[group[-1]].speaker != verdicts[number].speaker:
        return False
    pause, whole = after.start - before.end, after.sentence >= 0 and after.sentence == before.sentence
    if after.end - said[group[0]].start > (_SENTENCE if whole else _LONGEST):
        return False
    if verdicts[number].speaker == UNKNOWN or verdicts[group[-1]].unsure or verdicts[number].unsure:
        return whole and pause <= _HESITATION
    return pause <= _PAUSE


def _turn(
    said: Sequence[Piece], verdicts: Sequence[Verdict], tracks: Sequence[FaceTrack], persons: Sequence[int]
) -> SpokenTurn:
    lengths: Counter[Verdict] = Counter()
    for piece, verdict in zip(said, verdicts, strict=True):
        lengths[verdict] += round(1e6 * (piece.end - piece.start))
    unsure = sum(length for verdict, length in lengths.items() if verdict.unsure)
    main = max(lengths, key=lambda verdict: (not verdict.unsure, verdict.person != NOBODY, lengths[verdict]))
    start, end = said[0].start, max(piece.end for piece in said)
    words = tuple(word for piece in said for word in piece.words)
    text = said[0].text if len(said) == 1 else joined(words) or " ".join(piece.text for piece in said if piece.text)
    return SpokenTurn(
        start=start,
        end=end,
        text=text,
        words=words,
        speaker=main.speaker,
        speaker_from=main.speaker_from,
        unsure=2 * unsure >= lengths.total(),
        person=main.person,
        off_screen=main.off_screen,
        face=face_of(main.person, start, end, tracks=tracks, persons=persons),
    )


def face_of(
    person: int, start: float, end: float, *, tracks: Sequence[FaceTrack], persons: Sequence[int]
) -> Corners | None:
    """Where a person's face is in a stretch of time: the median box in the shot that shows it most.

    Args:
        person: number.
        start: s.
        end: s.
        tracks: of all faces.
        persons: who each track is.
    """
    if person == NOBODY:
        return None
    own = [
        track
        for track, who in zip(tracks, persons, strict=True)
        if who == person and track.times[0] <= end + _AROUND and track.times[-1] >= start - _AROUND
    ]
    for around in (0.0, _AROUND):
        parts = [track.boxes[(track.times >= start - around) & (track.times <= end + around)] for track in own]
        longest = max(parts, key=len, default=np.zeros((0, 4)))
        if len(longest):
            left, top, right, bottom = np.median(longest, axis=0).tolist()
            return (round(left, 4), round(top, 4), round(right, 4), round(bottom, 4))
    return None
