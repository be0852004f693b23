"""Progress with a rate and the time left: a bar on a terminal, a line every few seconds elsewhere."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from emotion.core import logs

T = TypeVar("T")
_LINE_EVERY = 10.0  # s between lines when the output is not a terminal


class _Rate(ProgressColumn):
    """Units per second or minute."""

    def __init__(self, unit: str, *, table_column: Column) -> None:
        super().__init__(table_column)
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
    with counting(total=total, title=lambda: title, unit=unit, done=done) as advance:
        for item in items:
            yield item
            advance()


@contextmanager
def counting(*, total: int, title: Callable[[], str], unit: str, done: int = 0) -> Iterator[Callable[[], None]]:
    """Show how far we are; for work that is no loop over what is counted. Call what is given after each unit.

    Args:
        total: see `track`.
        title: what is being done, asked for after each unit.
        unit: see `track`.
        done: see `track`.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(total=total, title=title, unit=unit, done=done)
        return
    texts = (MofNCompleteColumn, partial(_Rate, unit), TimeRemainingColumn)
    whole = [text(table_column=Column(no_wrap=True)) for text in texts]  # in a narrow terminal the bar alone shrinks
    with Progress(
        TextColumn("{task.description}"), BarColumn(), *whole, console=console, disable=not logs.shown()
    ) as progress:
        task = progress.add_task(title(), total=total, completed=done)

        def advance() -> None:
            progress.update(task, advance=1, description=title())

        yield advance


def _lines(*, total: int, title: Callable[[], str], unit: str, done: int) -> Callable[[], None]:
    start = last = time.monotonic()
    count = 0

    def advance() -> None:
        nonlocal count, last
        count += 1
        now = time.monotonic()
        if now - last >= _LINE_EVERY or done + count == total:
            rate = count / max(now - start, 1e-9)
            left = (total - done - count) / max(rate, 1e-9)
            logs.info(f"{title()}: {done + count}/{total} {unit}, {_speed(rate, unit)}, {left:.0f} s left")
            last = now

    return advance


def _speed(rate: float, unit: str) -> str:
    """Rate in words; slow work is counted per minute."""
    return f"{rate:.1f} {unit}/s" if rate >= 1 else f"{60 * rate:.1f} {unit}/min"
