"""One line for a whole study: runs done, epochs of the runs in hand, rate and time left."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from emotion.core.progress import counting
from emotion.study.plan import Run


class Progress:
    """How far the runs are; the time left goes by epochs.

    A run that is begun anew, because its process died, counts no epoch twice. The last epoch of a run counts when its
    file is there.

    Args:
        every: all runs of the study.
        todo: those that are not finished yet.
    """

    def __init__(self, every: Sequence[Run], todo: Sequence[Run]) -> None:
        self.runs, self.finished = len(every), len(every) - len(todo)
        self.total = sum(run.epochs for run in every)
        self.done = self.total - sum(run.epochs for run in todo)
        self._in_hand: dict[Path, tuple[int, int]] = {}  # run's file -> epochs done, of how many

    @property
    def title(self) -> str:
        """E.g. `study: 3/20 runs, 45/120 epochs in hand`."""
        said = f"study: {self.finished}/{self.runs} runs"
        if not self._in_hand:
            return said
        done, total = (sum(numbers) for numbers in zip(*self._in_hand.values(), strict=True))
        return f"{said}, {done}/{total} epochs in hand"

    def reach(self, run: Run, epoch: int) -> None:
        """Note that a run has finished an epoch, from 1."""
        before, total = self._in_hand.get(run.path, (0, run.epochs))
        after = max(before, min(epoch, total - 1))
        self._in_hand[run.path] = (after, total)
        self._advance(after - before)

    def finish(self, run: Run) -> None:
        """Note that a run's file is there."""
        self.finished += 1
        before, total = self._in_hand.pop(run.path, (0, run.epochs))
        self._advance(total - before)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Meanwhile the line is on stderr."""
        with counting(total=self.total, title=lambda: self.title, unit="epochs", done=self.done) as self._count:
            yield

    def _advance(self, epochs: int) -> None:
        for _ in range(epochs):
            self._count()
