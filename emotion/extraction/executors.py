"""Who computes the shards: this process, processes or threads of this machine, or the actors of a Ray cluster.

The choice is made by the environment and is no part of the tracked settings: EMOTION_EXECUTOR=local (default) or ray,
EMOTION_WORKERS=number. On a CPU it does not change a bit of the result: every worker computes with one thread.
"""

import itertools
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import active_children, connection, get_context, parent_process

from emotion import params
from emotion.corpus.utterance import Utterance
from emotion.errors import EmotionError
from emotion.extraction import engine, ray_cluster
from emotion.extraction.engine import Item, Job, Shard, compute


def choose() -> engine.Executor:
    """What runs a job's shards, as the environment says.

    Raises:
        EmotionError: it says something unknown.
    """
    if params.executor() == "ray":
        return partial(ray_cluster.run, workers=params.wanted_workers())
    return partial(run_local, workers=params.workers())


def run_local(job: Job, shards: Sequence[Shard], *, workers: int) -> Iterator[tuple[int, list[Item]]]:
    """Run on this machine: on a GPU in threads of this process, otherwise in processes; few shards right here."""
    if job.device == "cuda":
        # One encoder on the GPU; while one thread computes, the others read.
        with ThreadPoolExecutor(max(2, workers)) as pool:
            yield from _completed(pool, partial(compute, job), shards, ahead=max(2, workers) + 1)
    elif workers == 1 or len(shards) < 2:
        with job.one_thread():
            for number, rows in shards:
                yield number, compute(job, rows)
    else:
        yield from _in_processes(job, shards, workers=min(workers, len(shards)))


def _in_processes(job: Job, shards: Sequence[Shard], *, workers: int) -> Iterator[tuple[int, list[Item]]]:
    others = set(active_children())
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(job,))
    try:
        yield from _completed(pool, _work, shards, ahead=workers + 1)
    except BrokenProcessPool:
        raise EmotionError(
            f"{job.what}: a worker process died (out of memory?); run again to continue; "
            "EMOTION_WORKERS=1 needs less memory"
        ) from None
    except BaseException:  # Ctrl-C, a full disk, a consumer that stops: nobody waits for the shards in flight
        for child in set(active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _completed(
    pool: Executor, work: Callable[[Sequence[Utterance]], list[Item]], shards: Sequence[Shard], *, ahead: int
) -> Iterator[tuple[int, list[Item]]]:
    """Results as they are finished; at most `ahead` shards are on their way: memory does not grow with the corpus."""
    waiting = iter(shards)
    running: dict[Future[list[Item]], int] = {}
    while True:
        for number, rows in itertools.islice(waiting, ahead - len(running)):
            running[pool.submit(work, rows)] = number
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future.result()


_job: Job  # of a worker process


def _start_worker(job: Job) -> None:
    """Take the job; Ctrl-C is the parent's to handle; no orphans when the parent is killed."""
    global _job
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _job = job
    job.one_thread().__enter__()
    parent = parent_process()
    assert parent is not None
    threading.Thread(target=_exit_with, args=(parent.sentinel,), daemon=True).start()


def _exit_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _work(rows: Sequence[Utterance]) -> list[Item]:
    return compute(_job, rows)
