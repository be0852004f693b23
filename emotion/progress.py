"""Progress with a rate and the time left: a bar on a terminal, a line every few seconds elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

T = TypeVar("T")
_LINE_EVERY = 10.0  # s between lines when the output is not a terminal


class _Rate(ProgressColumn):
    """Units per second or minute."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        return Text(_speed(task.finished_speed or task.speed or 0, self.unit))


def track(items: Iterable[T], *, total: int, title: str, unit: str = "it", done: int = 0) -> Iterator[T]:
    """Yield the items and show how far we are on stderr.

    Args:
        items: what to go through.
        total: how many there are in all, those already `done` included.
        title: what is being done, e.g. "faces".
        unit: what is counted, e.g. "utterances".
        done: how many were finished by an earlier, interrupted run.
    """
    console = Console(stderr=True)
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(unit),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task(title, total=total, completed=done)
            for item in items:
                yield item
                progress.advance(task)
    else:
        yield from _lines(items, total=total, title=title, unit=unit, done=done)


def _lines(items: Iterable[T], *, total: int, title: str, unit: str, done: int) -> Iterator[T]:
    start = last = time.monotonic()
    for count, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= _LINE_EVERY or done + count == total:
            rate = count / max(now - start, 1e-9)
            left = (total - done - count) / max(rate, 1e-9)
            sys.stderr.write(f"{title}: {done + count}/{total} {unit}, {_speed(rate, unit)}, {left:.0f} s left\n")
            last = now


def _speed(rate: float, unit: str) -> str:
    """Rate in words; slow work is counted per minute."""
    return f"{rate:.1f} {unit}/s" if rate >= 1 else f"{60 * rate:.1f} {unit}/min"
