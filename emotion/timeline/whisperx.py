"""JSON as whisperX writes it, in; Whisper's own and our `timeline.json` have the same segments.

{"segments": [{"start": 3.2, "end": 5.9, "text": "There you are!", "speaker": "SPEAKER_00",
               "words": [{"word": "There", "start": 3.2, "end": 3.5, "score": 0.9}, ...]}]}

A word without times (whisperX cannot align numbers) gets an equal share of the time between its neighbours. A score
that is no probability is left out.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from emotion.core.errors import EmotionError
from emotion.core.objects import read_object
from emotion.core.text import quoted
from emotion.timeline.names import one_line
from emotion.timeline.segments import Segment, Source, check_place
from emotion.timeline.timeline import Word

LARGEST: Final = 64 << 20  # bytes of a file
_EXPECTED = 'expected "segments" with start, end, text and speaker, as whisperX writes them'


def read(source: Source) -> Iterator[Segment]:
    """The segments of a file.

    Raises:
        EmotionError: it is no JSON, has no segments, or a value cannot be used.
    """
    content = read_object(source.path, remedy=_EXPECTED, most=LARGEST)
    found = content.get("segments")
    if not isinstance(found, list):
        raise EmotionError(f"{source.path}: has {quoted(list(content), most=80)}, {_EXPECTED}")
    for number, segment in enumerate(found, start=1):
        place = f"{source.path}: segment {number}"
        if not isinstance(segment, Mapping):
            raise EmotionError(f"{place} is {quoted(segment, most=40)}, {_EXPECTED}")
        yield _segment(segment, place)


def _segment(segment: Mapping[str, Any], place: str) -> Segment:
    start, end = (_time(segment.get(key), f"{place}: {key}") for key in ("start", "end"))
    given = segment.get("words") or []
    if not isinstance(given, list) or not all(isinstance(word, Mapping) for word in given):
        raise EmotionError(f"{place}: words are {quoted(given, most=40)}, expected a list of word, start and end")
    words = [word for word in given if one_line(_text(word.get("word", word.get("text")), f"{place}: word"))]
    speaker = _speaker(segment.get("speaker"), place)
    if not speaker:
        voices = Counter(_speaker(word.get("speaker"), place) for word in words)
        speaker = voices.most_common(1)[0][0] if voices else ""
    return Segment(
        place,
        start,
        end,
        speaker,
        _text(segment.get("text", " ".join(map(_said, words))), f"{place}: text"),
        tuple(_words(words, start, end, place)),
    )


def _words(words: Sequence[Mapping[str, Any]], start: float, end: float, place: str) -> Iterator[Word]:
    spans = [
        [
            None
            if word.get(key) is None
            else _time(word[key], f"{place}: {key} of word {quoted(_said(word), most=40)}")
            for key in ("start", "end")
        ]
        for word in words
    ]
    for word, (begin, finish) in zip(words, _filled(spans, start, end), strict=True):
        check_place(begin, finish, f"{place}: word {quoted(_said(word), most=40)}", shortest=0.0)
        score = word.get("score", word.get("probability"))
        known = isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1
        yield Word(begin, finish, _said(word), float(score) if known else None)


def _filled(spans: list[list[float | None]], start: float, end: float) -> list[tuple[float, float]]:
    """Times of all words: those that have none share what is between the neighbours that have some.

    Args:
        spans: start and end of each word in s, None where the file has none.
        start: s, of the segment.
        end: s, of the segment.
    """
    flat = [time for span in spans for time in span]
    known = [number for number, time in enumerate(flat) if time is not None]
    filled = list(flat)
    for one, two in zip([-1, *known], [*known, len(flat)], strict=True):
        before = start if one < 0 else flat[one]
        after = end if two == len(flat) else flat[two]
        assert before is not None and after is not None
        after = max(before, after)
        for number in range(one + 1, two):
            filled[number] = before + (after - before) * _share(number, one, two)
    times = [time for time in filled if time is not None]
    return list(zip(times[::2], times[1::2], strict=True))


def _share(number: int, one: int, two: int) -> float:
    """How far an unknown time is from the known one before (0) to the one after (1); the words lie side by side."""
    # Times of even number are starts, those of odd number ends: an end and the next start are one moment.
    steps, first = (two + 1) // 2 - (one + 1) // 2, (one + 1) // 2
    return ((number + 1) // 2 - first) / steps if steps else 0.0


def _time(value: object, place: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            time = float(value)
        except OverflowError:
            time = math.inf
        if math.isfinite(time):
            return time
    raise EmotionError(f"{place} is {quoted(value, most=40)}, expected seconds such as 12.5; correct it")


def _text(value: object, place: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise EmotionError(f"{place} is {quoted(value, most=40)}, expected text; correct it")
    return value


def _said(word: Mapping[str, Any]) -> str:
    return one_line(str(word.get("word", word.get("text"))))


def _speaker(value: object, place: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(value, f"{place}: speaker")
