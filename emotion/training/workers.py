"""Trainings spread over processes: one thread each, no orphans, each result on disk as soon as it is there."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import torch

from emotion.core import environment, processes
from emotion.core.errors import EmotionError

Run = TypeVar("Run")
Told = Callable[[Any, int], None]
_ON_GPU = 2  # processes; each has a CUDA context of its own there


class Trainer(Protocol):
    """Trains runs one after the other."""

    def train(self, run: Any) -> None:  # noqa: ANN401
        """Train a run and write its file."""


_trainer: list[Trainer] = []  # of this process


def usual_workers() -> int:
    """`EMOTION_WORKERS`, else one process per usable core, or two where a GPU does the work."""
    cores = environment.workers()
    return min(cores, _ON_GPU) if torch.cuda.is_available() and not environment.wanted_workers() else cores


def train_all(runs: Sequence[Run], make: Callable[[Told], Trainer], *, workers: int, told: Told) -> Iterator[Run]:
    """Train the runs and yield each when its file is there, in whatever order they finish.

    Args:
        runs: picklable; messages name them as `str` does.
        make: picklable; a process's trainer, given what to call with a run and its epoch, from 1.
        workers: processes; 1 = none but this one. Does not change a result.
        told: called here with a run and its epoch, from 1, when that is trained.

    Raises:
        EmotionError: a run cannot be trained, or a process died.
    """
    if workers == 1 or len(runs) < 2:
        threads = torch.get_num_threads()
        try:
            _start(make, told)
            yield from map(_train, runs)
        finally:
            torch.set_num_threads(threads)
            _trainer.clear()
        return
    finished = processes.run(
        _train,
        runs,
        workers=workers,
        start=_start,
        arguments=(make, _tell),
        told=lambda place, epoch: told(runs[place], epoch),
    )
    for place, found in finished:
        if isinstance(found, processes.Lost):
            raise EmotionError(
                f"{runs[place]}: {found.why}; run the same command again to continue; --workers 1 needs less memory"
            )
        yield found


def _tell(_: object, epoch: int) -> None:
    processes.tell(epoch)


def _start(make: Callable[[Told], Trainer], told: Told) -> None:
    torch.set_num_threads(1)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])  # imports seconds' worth, which no run's time should hold
    _trainer[:] = [make(told)]


def _train(run: Run) -> Run:
    try:
        _trainer[0].train(run)
    except RuntimeError as error:
        if "out of memory" not in str(error):
            raise
        raise EmotionError(f"{run}: the GPU is out of memory; lower --workers and run again to continue") from None
    return run
