"""WebVTT (.vtt), in and out.

1
00:00:03.200 --> 00:00:05.900
<v.happy Anna>There you are!</v>
<c.emotion>(looks and sounds most like happy, 62 %)</c>

The speaker is the cue's voice, and the emotion its class, so that a page can colour it: `::cue(.happy)`.
"""

import html
import re
from collections.abc import Iterator

from emotion.core.text import quoted
from emotion.timeline.segments import Segment, Source
from emotion.timeline.subtitles import ARROW, Cue, clock, in_words, lines_of, named, segments, times, warned
from emotion.timeline.ticks import span, ticks
from emotion.timeline.timeline import Timeline, Turn

_TAG = re.compile(r"<[^<>]*>")
_VOICE = re.compile(r"<v(?:\.[^\s.>]+)*(?:\s+([^<>]*))?>")
_OURS = re.compile(r"<c\.(?:emotion|warning)>[^<]*</c>")
_NO_CLASS = re.compile(r"\W+")


def read(source: Source) -> Iterator[Segment]:
    """The segments of a file; a cue with several voices is one segment of each.

    Raises:
        EmotionError: it does not begin as WebVTT does, or a line with times cannot be read.
    """
    lines = lines_of(source)
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise source.wrong(1, quoted(lines[0], most=80), "WEBVTT")
    voiced = list(_voices(_cues(source, lines)))
    if not any(speaker for _, speaker, _ in voiced):
        voiced = list(named([(cue, text) for cue, _, text in voiced]))
    yield from segments(source, voiced)


def write(timeline: Timeline) -> str:
    """The text of a file."""
    blocks = ["WEBVTT"]
    if warning := warned(timeline):
        end = clock(max(1, ticks(warning[0])), mark=".")
        blocks.append(f"00:00:00.000 {ARROW} {end}\n<c.warning>{_escaped(warning[1])}</c>")
    for number, turn in enumerate(timeline.turns, start=1):
        start, end = (clock(time, mark=".") for time in span(turn))
        blocks.append(f"{number}\n{start} {ARROW} {end}\n{_payload(turn)}")
    return "\n\n".join(blocks) + "\n"


def _payload(turn: Turn) -> str:
    colour = _NO_CLASS.sub("_", turn.emotion.label).strip("_") if turn.emotion else ""
    name = _escaped(turn.speaker).replace("\n", "&#10;")
    said = f"<v{'.' if colour else ''}{colour} {name}>{_escaped(turn.text)}</v>"
    emotion = in_words(turn)
    return said + (f"\n<c.emotion>{_escaped(emotion)}</c>" if emotion else "")


def _cues(source: Source, lines: list[str]) -> Iterator[Cue]:
    """What stands below a line with times, to the next blank line; all else is names, notes and styles."""
    held: tuple[int, float, float] | None = None
    text: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        found = times(source, number, line) if held is None or ARROW in line else None
        if held and (found or not line.strip()):
            yield Cue(*held, "\n".join(text))
            held, text = None, []
        if found:
            held = (number, *found)
        elif held:
            text.append(line)


def _voices(cues: Iterator[Cue]) -> Iterator[tuple[Cue, str, str]]:
    """Cue, speaker and text; what we add to a text is left out, and with it a cue that holds nothing else."""
    for cue in cues:
        text = _OURS.sub("", cue.text)
        if text != cue.text and not text.strip():
            continue
        parts: list[tuple[str, str]] = []
        speaker, last = "", 0
        for tag in _TAG.finditer(text):
            parts.append((speaker, text[last : tag.start()]))
            voice, last = _VOICE.fullmatch(tag[0]), tag.end()
            if voice:
                speaker = html.unescape(" ".join((voice[1] or "").split()))
                parts.append((speaker, ""))
            elif tag[0] == "</v>":
                speaker = ""
        parts.append((speaker, text[last:]))
        for name, said in _merged(parts):
            yield cue, name, html.unescape(said)


def _merged(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """One text of each voice, in the order of the voices; what no voice says is left out where it is nothing."""
    said: dict[str, str] = {}
    for speaker, text in parts:
        said[speaker] = said.get(speaker, "") + text
    return [(name, text) for name, text in said.items() if name or text.strip()] or [("", "")]


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)
