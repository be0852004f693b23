"""Who says each piece, by what is known of it.

In this order of trust:

transcript          the user's transcript names the speaker, or the user says that there is one only
sound channel       the sound channel that is the speaker's own
only face           the only face in the picture
talking face        the face that the network for active speakers finds talking, clearly more than any other
neighbouring turns  the face that talks right before or after, where the piece itself is not clear
mouth motion        the face whose mouth moves most; always unsure
nothing             no face, or every face is silent: somebody off screen; or there are no pictures
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from emotion.conversation.people import NOBODY
from emotion.conversation.pieces import Piece

USER: Final = "transcript"
CHANNEL: Final = "sound channel"
ONLY_FACE: Final = "only face"
TALKING: Final = "talking face"
NEIGHBOURS: Final = "neighbouring turns"
MOTION: Final = "mouth motion"
NOTHING: Final = "nothing"
UNKNOWN: Final = "speaker ?"

_SILENT: Final = 0.0  # score up to which a face is silent
_CLEARLY: Final = 1.0  # by which the best score must be above the next
_SEEN: Final = 0.3  # share of a piece in which a face must be seen
_ALWAYS: Final = 0.8  # the same for a face that is taken because it is the only one
_STILL: Final = 0.3  # times the usual motion of the mouth, below which somebody else may speak
_NEAR: Final = 1.0  # s up to which a piece is a neighbour


@dataclass(frozen=True, slots=True)
class Face:
    """A person who is seen during a piece.

    Attributes:
        person: number of the person.
        share: of the piece in which the face is seen.
        talking: score of the network, above 0 = it talks; nan = not known.
        motion: of the mouth; nan = not known.
    """

    person: int
    share: float
    talking: float = math.nan
    motion: float = math.nan


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who says a piece.

    Attributes:
        speaker: name, UNKNOWN where it is not known.
        speaker_from: what it was known by, one of the words above.
        unsure: whether it may well be somebody else.
        person: whose face is the speaker's, NOBODY = none that is known.
        off_screen: whether nobody in the picture says it.
    """

    speaker: str = UNKNOWN
    speaker_from: str = NOTHING
    unsure: bool = True
    person: int = NOBODY
    off_screen: bool = False


def verdicts(
    said: Sequence[Piece],
    faces: Sequence[Sequence[Face]],
    *,
    channels: Sequence[int | None] | None = None,
    pictured: bool = True,
    alone: bool = False,
    speakers: int | None = None,
) -> list[Verdict]:
    """Who says each piece.

    Args:
        said: the pieces, by their start.
        faces: who is seen in each.
        channels: the channel that speaks in each piece, None = it is not clear; None = channels say nothing here.
        pictured: whether there are pictures at all.
        alone: whether one person only is seen in the whole recording, and nobody can have been overlooked.
        speakers: how many speak, as the user knows; None = not known.
    """
    moving = sorted(face.motion for seen in faces for face in seen if not math.isnan(face.motion))
    usual = moving[3 * len(moving) // 4] if moving else 0.0
    by_face = [_by_face(seen, alone=alone, usual=usual) if pictured else Verdict() for seen in faces]
    by_face = _asked_around(said, faces, by_face)
    names = [
        piece.speaker or ("" if channels is None or channels[number] is None else f"\0{channels[number]}")
        for number, piece in enumerate(said)
    ]
    made = _named(names, faces, by_face)
    if speakers == 1:
        made = [_only(piece, verdict) for piece, verdict in zip(said, made, strict=True)]
    elif speakers is not None:
        made = _at_most(made, said, speakers)
    return _numbered(made)


def _by_face(seen: Sequence[Face], *, alone: bool, usual: float) -> Verdict:
    """By the faces in the picture only; the person's number stands for the name.

    Args:
        seen: during the piece.
        alone: see `verdicts`.
        usual: motion of a mouth in the recording, its upper quartile.
    """
    visible = [face for face in seen if face.share >= _SEEN]
    if not visible:
        return Verdict(off_screen=True)
    judged = sorted((face for face in visible if not math.isnan(face.talking)), key=lambda face: -face.talking)
    if judged:
        best, rest = judged[0], judged[1:]
        if best.talking <= _SILENT:
            return Verdict(off_screen=True)
        clear = not rest or best.talking - rest[0].talking >= _CLEARLY
        how = ONLY_FACE if len(visible) == 1 else TALKING
        return Verdict(_name(best.person), how, unsure=not clear, person=best.person)
    if len(visible) == 1:
        face = visible[0]
        sure = alone and face.share >= _ALWAYS and face.motion >= _STILL * usual
        return Verdict(_name(face.person), ONLY_FACE, not sure, face.person)
    moving = max(visible, key=lambda face: -math.inf if math.isnan(face.motion) else face.motion)
    if math.isnan(moving.motion):
        return Verdict()
    return Verdict(_name(moving.person), MOTION, unsure=True, person=moving.person)


def _asked_around(said: Sequence[Piece], faces: Sequence[Sequence[Face]], made: Sequence[Verdict]) -> list[Verdict]:
    """Where a piece is not clear, its sure neighbours are asked; they count double within one sentence.

    A face that is seen and silent in the piece itself is not taken.
    """
    asked = list(made)
    for number, verdict in enumerate(made):
        if not verdict.unsure:
            continue
        votes: Counter[int] = Counter()
        for other in (number - 1, number + 1):
            if not (0 <= other < len(said)) or made[other].unsure:
                continue
            near = max(said[number].start, said[other].start) - min(said[number].end, said[other].end) <= _NEAR
            whole = said[number].sentence >= 0 and said[number].sentence == said[other].sentence
            person = made[other].person
            if (near or whole) and _possible(faces[number], person):
                votes[person] += 2 if whole else 1
        if votes:
            person, count = votes.most_common(1)[0]
            if list(votes.values()).count(count) == 1:  # two that disagree say nothing
                asked[number] = Verdict(_name(person), NEIGHBOURS, unsure=count < 2, person=person)
    return asked


def _possible(seen: Sequence[Face], person: int) -> bool:
    """Whether a person may say the piece, as far as the network sees: not silent, and not clearly less than another."""
    scores = {face.person: face.talking for face in seen if not math.isnan(face.talking)}
    if person not in scores:
        return not scores or max(scores.values()) <= _SILENT
    return scores[person] > max(_SILENT, max(scores.values()) - _CLEARLY)


def _named(names: Sequence[str], faces: Sequence[Sequence[Face]], by_face: Sequence[Verdict]) -> list[Verdict]:
    """What the user or the channels say goes first; whose face it is, the pieces of the same speaker say together."""
    owner = _owners(names, faces)
    named = {person: name for name, person in owner.items()}
    made = []
    for name, seen, verdict in zip(names, faces, by_face, strict=True):
        if name:
            there = any(face.person == owner.get(name) for face in seen)
            how = CHANNEL if name.startswith("\0") else USER
            made.append(Verdict(name, how, unsure=False, person=owner[name] if there else NOBODY))
        else:
            made.append(replace(verdict, speaker=named.get(verdict.person, verdict.speaker)))
    return made


def _owners(names: Sequence[str], faces: Sequence[Sequence[Face]]) -> Mapping[str, int]:
    """The person of each named speaker: whose face talks most while that speaker does, more than at other times."""
    measure = "talking" if any(not math.isnan(face.talking) for seen in faces for face in seen) else "motion"
    sums: dict[tuple[str, int], list[float]] = defaultdict(list)
    for name, seen in zip(names, faces, strict=True):
        for face in seen:
            value = getattr(face, measure)
            if name and face.share >= _SEEN and not math.isnan(value):
                sums[name, face.person].append(value)
    means = {key: sum(values) / len(values) for key, values in sums.items()}
    gains = {}
    for (name, person), mean in means.items():
        others = [value for (other, same), value in means.items() if same == person and other != name]
        rivals = [value for (same, other), value in means.items() if same == name and other != person]
        gains[name, person] = mean - max([*others, *rivals, 0.0 if measure == "talking" else -math.inf])
    owner: dict[str, int] = {}
    for (name, person), gain in sorted(gains.items(), key=lambda item: -item[1]):
        if gain > 0 and name not in owner and person not in owner.values():
            owner[name] = person
    return owner


def _at_most(made: Sequence[Verdict], said: Sequence[Piece], speakers: int) -> list[Verdict]:
    """No more speakers than the user says: those who speak longest."""
    spoken: Counter[str] = Counter()
    for piece, verdict in zip(said, made, strict=True):
        if verdict.speaker != UNKNOWN:
            spoken[verdict.speaker] += round(1000 * (piece.end - piece.start)) * (1 if verdict.unsure else 1000)
    kept = {name for name, _ in spoken.most_common(speakers)} | {UNKNOWN}
    return [verdict if verdict.speaker in kept else Verdict() for verdict in made]


def _only(piece: Piece, verdict: Verdict) -> Verdict:
    """By somebody who is the only speaker."""
    return verdict if piece.speaker else replace(verdict, speaker="\0", speaker_from=USER, unsure=False)


def _name(person: int) -> str:
    """Of a person whose name is not known yet."""
    return f"\0face {person}"


def _numbered(made: Sequence[Verdict]) -> list[Verdict]:
    """Speakers without a name of the user's become `speaker 1`, `speaker 2`, ... in the order in which they speak."""
    names: dict[str, str] = {UNKNOWN: UNKNOWN}
    own = {verdict.speaker for verdict in made if not verdict.speaker.startswith("\0")}
    free = (f"speaker {number}" for number in range(1, len(made) + len(own) + 1))
    for verdict in made:
        if verdict.speaker.startswith("\0") and verdict.speaker not in names:
            names[verdict.speaker] = next(name for name in free if name not in own)
    return [replace(verdict, speaker=names.get(verdict.speaker, verdict.speaker)) for verdict in made]
