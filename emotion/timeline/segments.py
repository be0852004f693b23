"""From the segments of a file to a transcript: what cannot be meant is refused, what is usual is fixed and noted.

| found | what is done |
|---|---|
| a time that is negative, no number or beyond 100 h; an end that is not after its start | refused, with its line |
| segments out of order | sorted by start, noted |
| a segment that begins at the end of the recording or later | refused: it belongs to another one |
| a segment that ends later than the recording | cut, noted |
| segments of one speaker that overlap | kept, noted; those of different speakers are usual |
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Final

from emotion.core.errors import EmotionError
from emotion.core.text import quoted, shortened
from emotion.corpus import cells
from emotion.timeline.names import clean_name
from emotion.timeline.timeline import SHORTEST, UNKNOWN, Turn, Word, check_times

MOST: Final = 100_000  # segments of a transcript


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a transcript as it stands in its file.

    Attributes:
        place: file and line, for messages.
        start: s.
        end: s.
        speaker: '' where none is named.
        text: '' where there is none.
        words: with their times, where the file has them.
        recording: to which of several it belongs, as the file says; '' where it says nothing.
        side: which part of the picture shows the speaker, see `corpus.sides`; '' where the file says nothing.
    """

    place: str
    start: float
    end: float
    speaker: str = ""
    text: str = ""
    words: tuple[Word, ...] = ()
    recording: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Who says what and when, as somebody else has found it.

    Attributes:
        kind: of the file, e.g. `SubRip (.srt)`.
        turns: rising by start, then end; speaker is '' where none is named, emotion is None.
        notes: what was fixed or passed over, one line each.
    """

    kind: str
    turns: tuple[Turn, ...]
    notes: tuple[str, ...] = ()

    @property
    def speakers(self) -> tuple[str, ...]:
        """Everybody who is named, in the order of their first turns."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns if turn.speaker))

    @property
    def has_text(self) -> bool:
        """Whether anything is said; RTTM knows only who speaks."""
        return any(turn.text for turn in self.turns)


@dataclass
class Source:
    """A file that is read as a transcript.

    Attributes:
        path: the file.
        text: what it holds.
        notes: what its reader has to say, one line each.
    """

    path: Path
    text: str
    notes: list[str] = field(default_factory=list)

    def wrong(self, line: int, found: str, expected: str) -> EmotionError:
        """The error for a line that cannot be read."""
        return EmotionError(f"{self.path}: line {line}: found {found}, expected {expected}; correct that line")


Read = Callable[[Source], Iterable[Segment]]


def transcript(
    source: Source, segments: Iterable[Segment], *, kind: str, duration: float | None, recording: str
) -> Transcript:
    """Check the segments of a file and put them in order.

    Args:
        source: the file.
        segments: as they stand there.
        kind: of the file, in words.
        duration: s of the recording; None = unknown, nothing is cut.
        recording: name of the recording's file: a transcript of several is read for this one.

    Raises:
        EmotionError: there is none, or one that cannot be meant; see above.
    """
    found: list[Segment] = []
    for segment in segments:
        if len(found) == MOST:
            raise EmotionError(
                f"{source.path}: has more than {MOST} segments, expected those of one recording; split it"
            )
        _check(segment)
        found.append(segment)
    if not found:
        raise EmotionError(
            f"{source.path}: {kind} without a segment, expected times with what is said or who speaks; "
            "correct it, or do without a transcript"
        )
    found = _of(found, recording, source.path)
    ordered = sorted(found, key=lambda segment: (segment.start, segment.end))
    moved = sum(one is not two for one, two in zip(found, ordered, strict=True))
    if moved:
        source.notes.append(f"{source.path}: segments out of order: {moved}; sorted by start")
    if duration is not None:
        ordered = _cut(ordered, duration, source)
    turns = tuple(map(_turn, ordered))
    _note_overlaps(turns, source)
    return Transcript(kind, turns, tuple(source.notes))


def note(source: Source, places: Sequence[str], found: str, done: str) -> None:
    """Note something that was met at several places, with the first of them."""
    if places:
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        source.notes.append(f"{places[0]}{more}: {found}; {done}")


def check_place(start: float, end: float, place: str, *, shortest: float = SHORTEST) -> None:
    """`check_times` of something that stands in a file, with what to do."""
    try:
        check_times(start, end, place, shortest=shortest)
    except EmotionError as error:
        raise EmotionError(f"{error}; correct its times, or remove it") from None


def _check(segment: Segment) -> None:
    check_place(segment.start, segment.end, segment.place)
    if len(segment.speaker) > cells.LONGEST:
        raise EmotionError(
            f"{segment.place}: speaker is {quoted(segment.speaker, most=40)}, expected a name of {cells.LONGEST} "
            "characters or fewer; is it what is said?"
        )


def _of(found: list[Segment], recording: str, path: Path) -> list[Segment]:
    """The segments of one recording, where the file has those of several."""
    several = list(dict.fromkeys(segment.recording for segment in found))
    if len(several) == 1:
        return found
    stem = PurePath(recording).stem.casefold()
    ours = [segment for segment in found if PurePath(segment.recording).stem.casefold() == stem]
    if not ours:
        listed = shortened(", ".join(map(quoted, several[:5])) + (", ..." if len(several) > 5 else ""))
        raise EmotionError(
            f"{path}: has segments of {len(several)} recordings ({listed}), none of them {quoted(recording)}; "
            "keep the lines of one, or name it as the recording"
        )
    return ours


def _cut(segments: Sequence[Segment], duration: float, source: Source) -> list[Segment]:
    late: list[str] = []
    kept: list[Segment] = []
    for segment in segments:
        if segment.start > duration - SHORTEST:
            raise EmotionError(
                f"{segment.place}: start is {segment.start:g} s, but the recording has {duration:g} s; "
                "is it the transcript of another recording?"
            )
        if segment.end > duration:
            late.append(segment.place)
            words = tuple(
                Word(min(word.start, duration), min(word.end, duration), word.text, word.probability)
                for word in segment.words
            )
            segment = replace(segment, end=duration, words=words)
        kept.append(segment)
    note(source, late, f"ends later than the recording ({duration:g} s)", "cut there")
    return kept


def _turn(segment: Segment) -> Turn:
    speaker = clean_name(segment.speaker)
    speaker = "" if speaker == UNKNOWN else speaker
    return Turn(
        start=segment.start,
        end=segment.end,
        speaker=speaker,
        speaker_from="transcript" if speaker else "",
        text=segment.text,
        words=segment.words,
        side=segment.side,
    )


def _note_overlaps(turns: Sequence[Turn], source: Source) -> None:
    count, ends = 0, dict[str, float]()
    for turn in turns:
        if turn.speaker:
            count += turn.start < ends.get(turn.speaker, 0.0)
            ends[turn.speaker] = max(turn.end, ends.get(turn.speaker, 0.0))
    if count:
        source.notes.append(f"{source.path}: segments that begin before the same speaker has ended: {count}; kept")
