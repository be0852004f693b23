"""SubRip (.srt), in and out.

1
00:00:03,200 --> 00:00:05,900
[Anna]: There you are!
(looks and sounds most like happy, 62 %)

SRT knows no speakers: they stand in brackets, as whisperX writes them. What is read as markup elsewhere is written as
in HTML (`&lt;`), and so are the letters that end a name.
"""

import html
import re
from collections.abc import Iterator

from emotion.core.text import quoted
from emotion.timeline.segments import Segment, Source
from emotion.timeline.subtitles import Cue, clock, in_words, lines_of, named, segments, times, warned
from emotion.timeline.ticks import span, ticks
from emotion.timeline.timeline import Timeline

_TAG = re.compile(r"</?(?:i|b|u|s|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_OURS = re.compile(r"\((?:warning: .*|(?:looks and sounds|looks|sounds|reads) most like .*|speaker unsure)\)")
_MARKUP = (
    (re.compile(r"&(?=(?:amp|lt|gt|quot|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});)", re.IGNORECASE), "&amp;"),
    (re.compile(r"<(?=/?\s*[a-zA-Z])"), "&lt;"),
    (re.compile(r"\{(?=\\)"), "&#123;"),
    (re.compile("-->"), "--&gt;"),
)


def read(source: Source) -> Iterator[Segment]:
    """The segments of a file.

    Raises:
        EmotionError: a line with times cannot be read, or something stands before the first of them.
    """
    named_cues = named([(cue, text) for cue in _cues(source) if (text := _plain(cue.text)) is not None])
    for found in segments(source, named_cues):
        speaker, text = _unescaped(found.speaker), _unescaped(found.text)
        yield Segment(found.place, found.start, found.end, speaker, text)


def write(timeline: Timeline) -> str:
    """The text of a file."""
    cues = []
    if warning := warned(timeline):
        cues.append((0, max(1, ticks(warning[0])), _escaped(warning[1])))
    for turn in timeline.turns:
        name = _escaped(turn.speaker).replace("]", "&#93;").replace("\n", "&#10;")
        lines = [f"[{name}]: {_escaped(turn.text)}".rstrip(), _escaped(in_words(turn))]
        cues.append((*span(turn), "\n".join(filter(None, lines))))
    return "".join(
        f"{number}\n{clock(start, mark=',')} --> {clock(end, mark=',')}\n{text}\n\n"
        for number, (start, end, text) in enumerate(cues, start=1)
    )


def _cues(source: Source) -> Iterator[Cue]:
    """From one line with times to the next; the number before it is none of its text."""
    held: tuple[int, float, float] | None = None
    text: list[str] = []
    for number, line in enumerate(lines_of(source), start=1):
        found = times(source, number, line)
        if found is None:
            if held is None and line.strip() and not line.strip().isdecimal():
                raise source.wrong(number, quoted(line, most=80), "a number, then a line with times, then what is said")
            text.append(line)
            continue
        if held:
            yield Cue(*held, _joined(text, numbered=True))
        held, text = (number, *found), []
    if held:
        yield Cue(*held, _joined(text, numbered=False))


def _joined(lines: list[str], *, numbered: bool) -> str:
    """The lines without blank ones; of a cue that another follows without that one's number."""
    if numbered and lines and lines[-1].strip().isdecimal() and (len(lines) == 1 or not lines[-2].strip()):
        lines = lines[:-1]
    return "\n".join(line for line in lines if line.strip())


def _plain(text: str) -> str | None:
    """The text without markup and without what we add; None where nothing else was there."""
    lines = text.split("\n")
    kept = [line for line in lines if not _OURS.fullmatch(line)]
    if lines != [""] and not kept:
        return None
    return _TAG.sub("", "\n".join(kept))


def _escaped(text: str) -> str:
    for pattern, entity in _MARKUP:
        text = pattern.sub(entity, text)
    return text


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text)
