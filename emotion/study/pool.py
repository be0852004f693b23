"""Runs spread over processes: one thread each, no orphans, every finished run on disk at once."""

import contextlib
import io
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

import torch

from emotion import params
from emotion.errors import EmotionError
from emotion.study.folds import Fold
from emotion.study.plan import Run
from emotion.study.run import Worker

_worker: list[Worker] = []  # of this process
_ON_GPU = 2  # processes; each has a CUDA context of its own there


def usual_workers() -> int:
    """`EMOTION_WORKERS`, else one process per usable core, or two where a GPU does the work."""
    cores = params.workers()
    return min(cores, _ON_GPU) if torch.cuda.is_available() and not params.wanted_workers() else cores


def train_all(
    todo: Sequence[Run], folds: Mapping[str, Fold], features: Mapping[str, Path], *, workers: int
) -> Iterator[Run]:
    """Train the runs and yield each when its file is there, in whatever order they finish.

    Args:
        todo: the runs.
        folds: by name.
        features: modality -> cache.
        workers: processes; 1 = none but this one. Does not change a result.

    Raises:
        EmotionError: a run cannot be trained, or a process died.
    """
    if workers == 1 or len(todo) < 2:
        threads = torch.get_num_threads()
        try:
            _start(folds, features)
            for run in todo:
                yield _train(run)
        finally:
            torch.set_num_threads(threads)
            _worker.clear()
        return
    context = get_context("spawn")
    ended, end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        min(workers, len(todo)),
        mp_context=context,
        initializer=_start_process,
        initargs=(dict(folds), dict(features), ended),
    )
    try:
        for future in as_completed([pool.submit(_train, run) for run in todo]):
            yield future.result()
    except BrokenProcessPool:
        raise EmotionError(
            "study: a worker process died (out of memory?); run the same command again to continue; --workers 1 needs "
            "less memory"
        ) from None
    except BaseException:
        end.close()  # runs that are not finished are given up at once
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _start(folds: Mapping[str, Fold], features: Mapping[str, Path]) -> None:
    torch.set_num_threads(1)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])  # imports seconds' worth, which no run's time should hold
    _worker[:] = [Worker(folds, features)]


def _start_process(folds: Mapping[str, Fold], features: Mapping[str, Path], ended: connection.Connection) -> None:
    """Ctrl-C is the parent's to handle; a process ends with its parent, however that ends, or when told so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None
    threading.Thread(target=_exit_with, args=(parent.sentinel, ended), daemon=True).start()
    _start(folds, features)


def _exit_with(*ends: int | connection.Connection) -> None:
    connection.wait(ends)
    os._exit(1)


def _train(run: Run) -> Run:
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # the study has one progress line for all runs
            _worker[0].train(run)
    except RuntimeError as error:
        if "out of memory" not in str(error):
            raise
        raise EmotionError(f"{run}: the GPU is out of memory; lower --workers and run again to continue") from None
    return run
