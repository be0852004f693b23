"""Words to sentences and to text, and the stretches of a recording in which somebody speaks."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from emotion.timeline.timeline import Word

_ENDS: Final = frozenset(".?!…。？！")
_CLOSING: Final = "\"'”’)]»」"
_TITLES: Final = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "vs.", "sr.", "jr."})
_UNSPACED: Final = ("THAI", "LAO", "KHMER", "MYANMAR")  # scripts of narrow letters that are written without spaces


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of time, e.g. one in which somebody speaks.

    Attributes:
        start: s.
        end: s, after the start.
    """

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start

    def distance(self, start: float, end: float) -> float:
        """Seconds between it and another stretch; below 0 by as much as they overlap."""
        return max(self.start - end, start - self.end)


def sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Cut words at the ends of sentences; titles such as `Mr.` end none."""
    held: list[Word] = []
    for word in words:
        held.append(word)
        bare = word.text.rstrip(_CLOSING)
        if bare and bare[-1] in _ENDS and bare.lower() not in _TITLES:
            yield held
            held = []
    if held:
        yield held


def joined(words: Sequence[Word]) -> str:
    """The text; with spaces between words, but not in scripts that have none."""
    text = ""
    for word in words:
        spaced = text and word.text and not (_unspaced(text[-1]) and _unspaced(word.text[0]))
        text += f" {word.text}" if spaced else word.text
    return text


def _unspaced(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF" or unicodedata.name(char, "").startswith(_UNSPACED)
