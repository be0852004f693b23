"""Progress of tasks of many steps each, of which several are in hand at once."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, TypeVar

from emotion.core.progress import counting

T = TypeVar("T")


class Tasks(Generic[T]):
    """How far the tasks are; the time left goes by steps.

    A task that is begun anew, because its process died, counts no step twice. The last step of a task counts when the
    task is finished.

    Args:
        title: what is being done, e.g. "study".
        kind: what the tasks are, e.g. "runs".
        unit: what their steps are, e.g. "epochs".
        steps: task -> how many, those of finished tasks included.
        todo: the tasks that are not finished yet.
    """

    def __init__(self, title: str, kind: str, unit: str, *, steps: Mapping[T, int], todo: Collection[T]) -> None:
        self._title, self._kind, self._unit = title, kind, unit
        self._steps, self._finished = steps, len(steps) - len(todo)
        self._done = sum(count for task, count in steps.items() if task not in todo)
        self._in_hand: dict[T, int] = {}  # task -> steps done

    @property
    def title(self) -> str:
        """E.g. `study: 3/20 runs, 45/120 epochs in hand`."""
        said = f"{self._title}: {self._finished}/{len(self._steps)} {self._kind}"
        if not self._in_hand:
            return said
        total = sum(self._steps[task] for task in self._in_hand)
        return f"{said}, {sum(self._in_hand.values())}/{total} {self._unit} in hand"

    def reach(self, task: T, step: int) -> None:
        """Note that a task has finished a step, from 1."""
        before = self._in_hand.get(task, 0)
        self._in_hand[task] = max(before, min(step, self._steps[task] - 1))
        self._advance(self._in_hand[task] - before)

    def finish(self, task: T) -> None:
        """Note that a task is finished."""
        self._finished += 1
        self._advance(self._steps[task] - self._in_hand.pop(task, 0))

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Meanwhile the line is on stderr."""
        total = sum(self._steps.values())
        with counting(total=total, title=lambda: self.title, unit=self._unit, done=self._done) as self._count:
            yield

    def _advance(self, steps: int) -> None:
        for _ in range(steps):
            self._count()
