"""Times in whole milliseconds, as all files have them."""

import math

from emotion.timeline.timeline import Turn


def ticks(seconds: float) -> int:
    """The nearest millisecond; a half goes up, so that a turn of 1 ms keeps its length wherever it begins."""
    return math.floor(seconds * 1000 + 0.5)


def span(turn: Turn) -> tuple[int, int]:
    """Start and end of a turn in ms, the end after the start."""
    start = ticks(turn.start)
    return start, max(ticks(turn.end), start + 1)


def decimal(milliseconds: int) -> str:
    """A time as s with three digits after the point."""
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
