"""What SRT and WebVTT share: their times, who speaks where the text says it, and an emotion in words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from emotion.core.text import quoted
from emotion.timeline.segments import Segment, Source
from emotion.timeline.timeline import Timeline, Turn

ARROW: Final = "-->"
_CLOCK = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?")
_ALMOST = re.compile(r"\s*\d{1,2}:\d{2}:\d{2}\b.*\d{1,2}:\d{2}:\d{2}\b")  # two times, but no arrow
_EXPECTED = "times such as 00:00:01,000 --> 00:00:02,500"
_BRACKET = re.compile(r"\[([^\]\n]+)\]:\s*(.*)", re.DOTALL)  # as whisperX writes
_COLON = re.compile(r"([^\s:\[\]][^:\[\]\n]{0,59}):\s+(.*)", re.DOTALL)  # as meetings are written down
_FEWEST = 3  # cues by which a name with a colon can be told from a sentence with one
_WARNED = 5.0  # s that the cue with the warnings is shown


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown for a while.

    Attributes:
        line: number of the line with its times.
        start: s.
        end: s.
        text: its lines.
    """

    line: int
    start: float
    end: float
    text: str


def lines_of(source: Source) -> list[str]:
    """The lines of a file; characters that only Python counts as line ends are none."""
    return source.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def times(source: Source, number: int, line: str) -> tuple[float, float] | None:
    """Start and end in s of a line with times; None for other lines.

    Raises:
        EmotionError: it looks like one and is none.
    """
    if ARROW not in line and not _ALMOST.match(line):
        return None
    found = _TIMES.fullmatch(line)
    if found is None:
        raise source.wrong(number, quoted(line, most=80), _EXPECTED)
    one, two = found.groups()[:4], found.groups()[4:]
    for _, minutes, seconds, _ in (one, two):
        if int(minutes) > 59 or int(seconds) > 59:
            raise source.wrong(number, quoted(line, most=80), f"{_EXPECTED}, minutes and seconds below 60")
    return _seconds(*one), _seconds(*two)


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    return (3_600_000 * int(hours or 0) + 60_000 * int(minutes) + 1000 * int(seconds) + int(f"{fraction:0<3}")) / 1000


def clock(milliseconds: int, *, mark: str) -> str:
    """A time as `hh:mm:ss.fff`.

    Args:
        milliseconds: the time.
        mark: before the milliseconds.
    """
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{mark}{rest:03d}"


def named(cues: Sequence[tuple[Cue, str]]) -> Iterator[tuple[Cue, str, str]]:
    """Cue, speaker and text of cues whose text may begin with a name: `[NAME]: ...`, or `NAME: ...` in all of them."""
    plain = [text for _, text in cues if text.strip()]
    colons = len(plain) >= _FEWEST and all(_BRACKET.match(text) or _COLON.match(text) for text in plain)
    for cue, text in cues:
        found = _BRACKET.match(text) or (_COLON.match(text) if colons else None)
        yield (cue, found[1].strip(), found[2]) if found else (cue, "", text)


def segments(source: Source, cues: Iterable[tuple[Cue, str, str]]) -> Iterator[Segment]:
    """Segments of cues with speaker and text."""
    for cue, speaker, text in cues:
        yield Segment(f"{source.path}: line {cue.line}", cue.start, cue.end, speaker, text)


def in_words(turn: Turn) -> str:
    """The emotion of a turn for people who read along, '' where there is nothing to say of it."""
    said = []
    if turn.emotion is not None:
        chance = turn.emotion.probabilities[turn.emotion.label]
        unsure = ", unsure" if "emotion" in turn.unsure else ""
        said.append(f"{senses(turn)} most like {turn.emotion.label}, {100 * chance:.0f} %{unsure}")
    if "speaker" in turn.unsure:
        said.append("speaker unsure")
    return f"({'; '.join(said)})" if said else ""


def senses(turn: Turn) -> str:
    """By what the emotion was told: nobody looks or sounds like anything where no face or no sound was used."""
    used = [verb for modality, verb in (("face", "looks"), ("audio", "sounds")) if modality not in turn.absent]
    return " and ".join(used) or "reads"


def warned(timeline: Timeline) -> tuple[float, str] | None:
    """Until when (s) the warnings are shown, and what they say; None where there are none."""
    if not timeline.warnings:
        return None
    return min(_WARNED, timeline.duration), f"(warning: {'; '.join(timeline.warnings)})"
