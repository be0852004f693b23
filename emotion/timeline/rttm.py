"""RTTM (.rttm), in: who speaks when, without what is said, as tools for diarization write it.

SPEAKER talk 1 3.20 2.70 <NA> <NA> anna <NA> <NA>
type    file   start s, length s   speaker
"""

from collections.abc import Iterator
from typing import Final

from emotion.core.text import quoted
from emotion.timeline.segments import Segment, Source, note
from emotion.timeline.subtitles import lines_of

KINDS: Final = frozenset(
    {"SPEAKER", "SPKR-INFO", "LEXEME", "NON-LEX", "NON-SPEECH", "SEGMENT", "NOSCORE", "NO_RT_METADATA"}
    | {"FILLER", "EDIT", "IP", "SU", "CB", "A/P"}
)
FEWEST: Final = 8  # fields to the speaker
_NOBODY = "<NA>"


def read(source: Source) -> Iterator[Segment]:
    """The segments of a file; its lines of other types are passed over.

    Raises:
        EmotionError: a line cannot be read.
    """
    others = []
    for number, line in enumerate(lines_of(source), start=1):
        fields = line.split()
        if not fields or line.lstrip().startswith(";;"):
            continue
        if fields[0] not in KINDS:
            raise source.wrong(number, quoted(line, most=80), f"a type such as {', '.join(sorted(KINDS)[-3:])} first")
        place = f"{source.path}: line {number}"
        if fields[0] != "SPEAKER":
            others.append(place)
            continue
        if len(fields) < FEWEST:
            expected = "SPEAKER file channel start length <NA> <NA> name <NA> <NA>"
            raise source.wrong(number, f"{len(fields)} fields", f"{expected}")
        start, length = (_number(source, number, fields[3], "start"), _number(source, number, fields[4], "length"))
        speaker = "" if fields[7] == _NOBODY else fields[7]
        yield Segment(place, start, round(start + length, 6), speaker, recording=fields[1])
    note(source, others, "of another type than SPEAKER", "passed over")


def _number(source: Source, line: int, text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise source.wrong(line, f"{what} {quoted(text, most=40)}", "seconds such as 12.5") from None
