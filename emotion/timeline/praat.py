"""Praat's TextGrid (.TextGrid), in and out: a tier for each speaker, and one with the emotions after each.

Praat reads a text file as a stream of numbers, strings in quotes and flags in <>, and passes over all other words and
what follows an exclamation mark; so the long and the short form are one. In a string a quote is written twice.
"""

import re
from collections.abc import Iterator
from typing import Final

from emotion.core.text import quoted
from emotion.timeline.segments import Segment, Source, note
from emotion.timeline.ticks import decimal, span, ticks
from emotion.timeline.tiers import EMOTION, WARNING, emotion_of, speaker_of, tiers_of, warning_of
from emotion.timeline.timeline import Timeline

_TOKEN = re.compile(r'"[^"]*(?:""[^"]*)*"|!.*|\S+')
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_NO_NUMBER = re.compile(r"[-+]?(?:nan|inf|infinity|undefined|--undefined--)", re.IGNORECASE)
NO_WORDS: Final = "(no words)"
"""Stands for an empty text: an interval without one is none."""


class _Tokens:
    """The numbers, strings and flags of a file, in order."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tokens = self._all()
        self.line = 1

    def _all(self) -> Iterator[str]:
        last, text = 0, self._source.text
        for found in _TOKEN.finditer(text):
            self.line += text.count("\n", last, found.start())
            last, token = found.start(), found[0]
            if _NO_NUMBER.fullmatch(token):
                raise self._source.wrong(self.line, quoted(token), "a number")
            if token.startswith('"') and (len(token) == 1 or not token.endswith('"')):
                raise self._source.wrong(self.line, "a quote without its end", 'text in quotes, "" for a quote in it')
            if token.startswith('"') or token in ("<exists>", "<absent>") or _NUMBER.fullmatch(token):
                yield token

    def _next(self, what: str) -> str:
        token = next(self._tokens, None)
        if token is None:
            raise self._source.wrong(self.line, "the end of the file", what)
        return token

    def string(self, what: str) -> str:
        """The next token, without its quotes."""
        token = self._next(what)
        if not token.startswith('"'):
            raise self._source.wrong(self.line, quoted(token, most=40), what)
        return token[1:-1].replace('""', '"')

    def number(self, what: str) -> float:
        """The next token."""
        token = self._next(what)
        if not _NUMBER.fullmatch(token):
            raise self._source.wrong(self.line, quoted(token, most=40), what)
        return float(token)

    def size(self, what: str) -> int:
        """The next token, a whole number."""
        number = self.number(what)
        if not (0 <= number < 1e9 and number.is_integer()):
            raise self._source.wrong(self.line, f"{number:g}", what)
        return int(number)

    def flag(self) -> bool:
        """The next token."""
        flag = self._next("<exists>")
        if not flag.startswith("<"):
            raise self._source.wrong(self.line, quoted(flag, most=40), "<exists>")
        return flag == "<exists>"

    def end(self) -> None:
        """Nothing follows."""
        token = next(self._tokens, None)
        if token is not None:
            raise self._source.wrong(self.line, quoted(token, most=40), "the end of the file after its last tier")


def read(source: Source) -> Iterator[Segment]:
    """The segments of a file: the intervals with a text, of all tiers but those of words, sounds and points.

    Raises:
        EmotionError: it is no TextGrid in Praat's long or short text form, or is damaged.
    """
    tokens = _Tokens(source)
    kind, grid = tokens.string('"ooTextFile"'), tokens.string('"TextGrid"')
    if not kind.startswith("ooTextFile") or grid != "TextGrid":
        raise source.wrong(1, quoted(f"{kind}, {grid}", most=60), "a TextGrid saved as text or short text")
    for what in ("start", "end"):
        tokens.number(f"the {what} of the recording")
    others: list[str] = []
    for _ in range(tokens.size("the number of tiers") if tokens.flag() else 0):
        yield from _tier(tokens, source, others)
    tokens.end()
    note(source, others, "holds points, words or sounds", "not read")


def _tier(tokens: _Tokens, source: Source, others: list[str]) -> Iterator[Segment]:
    line, kind, name = tokens.line, tokens.string("the class of a tier"), tokens.string("the name of a tier")
    if kind not in ("IntervalTier", "TextTier"):
        raise source.wrong(line, quoted(kind, most=40), '"IntervalTier" or "TextTier"')
    for what in ("start", "end"):
        tokens.number(f"the {what} of the tier")
    speaker = "" if kind == "TextTier" else speaker_of(name)
    if not speaker and not name.endswith((EMOTION, WARNING)):
        others.append(f"{source.path}: tier {quoted(name, most=60)}")
    for _ in range(tokens.size("the number of intervals or points")):
        start = tokens.number("the start of an interval, or a point")
        line = tokens.line
        end = tokens.number("the end of an interval") if kind == "IntervalTier" else start
        text = tokens.string("the text of an interval or point")
        if speaker and text.strip():
            said = "" if text == NO_WORDS else text
            yield Segment(f"{source.path}: line {line}", start, end, speaker, said)


def write(timeline: Timeline) -> str:
    """The text of a file, in the long form."""
    end = max([1, ticks(timeline.duration), *(span(turn)[1] for turn in timeline.turns)])
    tiers: list[tuple[str, list[tuple[int, int, str]]]] = []
    if timeline.warnings:
        tiers.append((WARNING, [(0, end, warning_of(timeline.warnings))]))
    for tier in tiers_of(timeline):
        tiers.append((tier.name, [(*span(turn), turn.text or NO_WORDS) for turn in tier.turns]))
        tiers.append((tier.name + EMOTION, [(*span(turn), emotion_of(turn)) for turn in tier.turns]))
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0.000", f"xmax = {decimal(end)}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, held) in enumerate(tiers, start=1):
        intervals = list(_without_gaps(held, end))
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f"        name = {_string(name)}"]
        lines += [
            "        xmin = 0.000",
            f"        xmax = {decimal(end)}",
            f"        intervals: size = {len(intervals)}",
        ]
        for place, (one, two, text) in enumerate(intervals, start=1):
            lines += [f"        intervals [{place}]:", f"            xmin = {decimal(one)}"]
            lines += [f"            xmax = {decimal(two)}", f"            text = {_string(text)}"]
    return "\n".join(lines) + "\n"


def _without_gaps(held: list[tuple[int, int, str]], end: int) -> Iterator[tuple[int, int, str]]:
    """Intervals in ms from 0 to the end; what lies between those that are held is empty."""
    last = 0
    for start, stop, text in held:
        if start > last:
            yield last, start, ""
        yield start, stop, text
        last = stop
    if last < end:
        yield last, end, ""


def _string(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
