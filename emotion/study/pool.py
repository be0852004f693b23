"""Runs spread over processes: one thread each, no orphans, every finished run on disk at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import torch

from emotion.core import environment, processes
from emotion.core.errors import EmotionError
from emotion.study.folds import Fold
from emotion.study.plan import Run
from emotion.study.run import Worker

_worker: list[Worker] = []  # of this process
_ON_GPU = 2  # processes; each has a CUDA context of its own there


def usual_workers() -> int:
    """`EMOTION_WORKERS`, else one process per usable core, or two where a GPU does the work."""
    cores = environment.workers()
    return min(cores, _ON_GPU) if torch.cuda.is_available() and not environment.wanted_workers() else cores


def train_all(
    todo: Sequence[Run],
    folds: Mapping[str, Fold],
    features: Mapping[str, Path],
    *,
    workers: int,
    told: Callable[[Run, int], None],
) -> Iterator[Run]:
    """Train the runs and yield each when its file is there, in whatever order they finish.

    Args:
        todo: the runs.
        folds: by name.
        features: modality -> cache.
        workers: processes; 1 = none but this one. Does not change a result.
        told: called here with a run and its epoch, from 1, when that is trained.

    Raises:
        EmotionError: a run cannot be trained, or a process died.
    """
    if workers == 1 or len(todo) < 2:
        threads = torch.get_num_threads()
        try:
            _start(folds, features, told)
            for run in todo:
                yield _train(run)
        finally:
            torch.set_num_threads(threads)
            _worker.clear()
        return
    finished = processes.run(
        _train,
        todo,
        workers=workers,
        start=_start,
        arguments=(dict(folds), dict(features), _tell),
        told=lambda place, epoch: told(todo[place], epoch),
    )
    for place, found in finished:
        if isinstance(found, processes.Lost):
            raise EmotionError(
                f"{todo[place]}: {found.why}; run the same command again to continue; --workers 1 needs less memory"
            )
        yield found


def _tell(_: Run, epoch: int) -> None:
    processes.tell(epoch)


def _start(folds: Mapping[str, Fold], features: Mapping[str, Path], told: Callable[[Run, int], None]) -> None:
    torch.set_num_threads(1)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])  # imports seconds' worth, which no run's time should hold
    _worker[:] = [Worker(folds, features, told)]


def _train(run: Run) -> Run:
    try:
        _worker[0].train(run)
    except RuntimeError as error:
        if "out of memory" not in str(error):
            raise
        raise EmotionError(f"{run}: the GPU is out of memory; lower --workers and run again to continue") from None
    return run
