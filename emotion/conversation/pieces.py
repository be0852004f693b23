"""From words and regions of speech to pieces: what one person says without a pause.

regions     [--------------]      [------]        [-]
sentences   I do. Why would       I not?          Ah.
pieces      [---][---------]      [------]        [-]      all of a region belongs to one of its pieces

Who speaks is asked piece by piece; pieces of one speaker are merged to turns afterwards.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from emotion.conversation.words import Region, joined, sentences
from emotion.timeline.timeline import Word

_SHORT: Final = 0.5  # s: a shorter part of a sentence joins its neighbour
_FAR: Final = 1.0  # s from the nearest piece of a transcript: as it has it, nobody speaks there


@dataclass(frozen=True, slots=True)
class Piece:
    """What somebody says without a pause.

    Attributes:
        start: s.
        end: s, after the start.
        text: what is said, '' = not known.
        words: in order, none = not known.
        sentence: number of the sentence that it is a part of; -1 = it is none's.
        speaker: as the user's transcript has it, '' = not known.
    """

    start: float
    end: float
    text: str = ""
    words: tuple[Word, ...] = ()
    sentence: int = -1
    speaker: str = ""

    @property
    def span(self) -> Region:
        """Its time."""
        return Region(self.start, self.end)


def pieces(words: Sequence[Word], regions: Sequence[Region]) -> list[Piece]:
    """Cut words at the ends of sentences and in pauses; no word is lost or added.

    Args:
        words: rising.
        regions: of speech, rising, at least one where there are words.

    Returns:
        Rising and without overlap. Regions without words are left out. Words keep their times, as far as these lie
        in their piece.
    """
    groups = _groups(words, regions)
    for number, group in enumerate(groups):
        home = _home(groups, number)
        if home is not None:  # words whose times stray into a region that is another sentence's
            front = home < number
            home_words = groups[home].words
            groups[home].words[:] = home_words + group.words if front else group.words + home_words
            group.words.clear()
    made: list[Piece] = []
    filled = [group for group in groups if group.words]
    for place, alike in itertools.groupby(filled, key=lambda group: group.region):
        made += _within(regions[place], list(alike))
    return _without_short(made)


def bare_pieces(regions: Iterable[Region]) -> list[Piece]:
    """Of speech whose words are not known."""
    return [Piece(region.start, region.end) for region in regions]


def filled(said: Sequence[Piece], words: Iterable[Word]) -> tuple[list[Piece], int]:
    """Give words to the pieces of a transcript that says who speaks, but not what.

    A word goes to the piece that it overlaps most or is nearest to; of several alike to that of the word before.

    Args:
        said: by their start; they may overlap.
        words: rising by their start.

    Returns:
        The pieces with text and words, whose times lie within; and how many words are far from all of them, and left
        out.
    """
    held: list[list[Word]] = [[] for _ in said]
    near, coming, last, left = list[int](), 0, -1, 0
    for word in words:
        while coming < len(said) and said[coming].start - word.end <= _FAR:
            near.append(coming)
            coming += 1
        near = [number for number in near if word.start - said[number].end <= _FAR]
        inside = [(_overlap(said[number], word), number == last, -number) for number in near]
        if not inside or max(inside)[0] < -_FAR:
            left += 1
            continue
        last = -max(inside)[2]
        held[last].append(_inside(word, said[last].start, said[last].end))
    return [replace(piece, text=joined(own), words=tuple(own)) for piece, own in zip(said, held, strict=True)], left


def _overlap(piece: Piece, word: Word) -> float:
    """Seconds; below 0 by what lies between them."""
    return min(piece.end, word.end) - max(piece.start, word.start)


@dataclass(frozen=True, slots=True)
class _Group:
    """Words of one sentence in one region, by their numbers."""

    region: int
    sentence: int
    words: list[Word]

    @property
    def length(self) -> float:
        """Seconds."""
        return self.words[-1].end - self.words[0].start


def _groups(words: Sequence[Word], regions: Sequence[Region]) -> list[_Group]:
    groups: list[_Group] = []
    at = 0
    for number, sentence in enumerate(sentences(words)):
        for word in sentence:
            at = _nearest(word, regions, at)
            if not groups or (groups[-1].region, groups[-1].sentence) != (at, number):
                groups.append(_Group(at, number, []))
            groups[-1].words.append(word)
    return groups


def _nearest(word: Word, regions: Sequence[Region], earliest: int) -> int:
    """Number of the region that a word lies in or is nearest to; the order of words is kept."""
    best = earliest
    for number in range(earliest, len(regions)):
        if regions[number].distance(word.start, word.end) < regions[best].distance(word.start, word.end):
            best = number
        if regions[number].start > word.end:
            break
    return best


def _home(groups: Sequence[_Group], number: int) -> int | None:
    """Where the rest of a sentence is, of which only a short part is in a region beside another sentence."""
    group = groups[number]
    if not group.words or group.length >= _SHORT:
        return None
    for one, other in ((number - 1, number + 1), (number + 1, number - 1)):
        inside = 0 <= one < len(groups) and 0 <= other < len(groups)
        if inside and groups[one].sentence == group.sentence and groups[other].region == group.region:
            return one if groups[one].words else None
    return None


def _within(region: Region, groups: Sequence[_Group]) -> list[Piece]:
    """Share a region out among the sentences in it: the border lies between their words."""
    borders = [region.start]
    for one, other in itertools.pairwise(groups):
        middle = (one.words[-1].end + other.words[0].start) / 2
        borders.append(min(max(middle, borders[-1]), region.end))
    borders.append(region.end)
    made = []
    for group, (start, end) in zip(groups, itertools.pairwise(borders), strict=True):
        words = tuple(_inside(word, start, end) for word in group.words)
        made.append(Piece(start, end, joined(words), words, group.sentence))
    return made


def _inside(word: Word, start: float, end: float) -> Word:
    first = min(max(word.start, start), end)
    return replace(word, start=first, end=min(max(word.end, first), end))


def _without_short(made: Sequence[Piece]) -> list[Piece]:
    """Short parts of a sentence join a neighbour, and so do short sentences that no pause cuts off."""
    runs: list[list[Piece]] = []  # sentences rise: pieces that may not be joined now may not be joined later
    for piece in made:
        if runs and _gap(runs[-1][-1], piece) is not None:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return [piece for run in runs for piece in _without_short_in(run)]


def _without_short_in(done: list[Piece]) -> list[Piece]:
    while True:
        joins = [
            (piece.end - piece.start, gap, min(place, other))
            for place, piece in enumerate(done)
            if piece.end - piece.start < _SHORT
            for other in (place - 1, place + 1)
            if 0 <= other < len(done) and (gap := _gap(piece, done[other])) is not None
        ]
        if not joins:
            return done
        *_, place = min(joins)
        done[place : place + 2] = [_joined(done[place], done[place + 1])]


def _gap(piece: Piece, other: Piece) -> float | None:
    """Seconds between two pieces that may be joined, None for others."""
    gap = max(piece.start, other.start) - min(piece.end, other.end)
    return gap if piece.sentence == other.sentence or gap <= 0 else None


def _joined(one: Piece, other: Piece) -> Piece:
    longer = max(one, other, key=lambda piece: piece.end - piece.start)
    words = one.words + other.words
    return replace(one, end=other.end, text=joined(words), words=words, sentence=longer.sentence)
