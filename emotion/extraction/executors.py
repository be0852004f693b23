"""Who computes the shards: this process, processes or threads of this machine, or the actors of a Ray cluster.

The choice is made by the environment and is no part of the tracked settings: EMOTION_EXECUTOR=local (default) or ray,
EMOTION_WORKERS=number, EMOTION_PATIENCE=seconds. On a CPU it does not change a bit of the result: every worker computes
with one thread.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import partial

from emotion.core import environment, logs, processes
from emotion.core.errors import ABSENT, EmotionError
from emotion.core.processes import Lost
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.absent import MEDIUM, has
from emotion.extraction import engine, ray_cluster
from emotion.extraction.engine import Item, Job, Placed, Shard, compute, compute_whole

_SLOWEST = 20.0  # times real time: no decoder or encoder that works is slower
_threads = ExitStack()  # of a worker process: a context that nobody keeps would end at once


def choose() -> engine.Executor:
    """What runs a job's shards, as the environment says; EmotionError where it says something unknown."""
    if environment.executor() == "ray":
        return partial(ray_cluster.run, workers=environment.wanted_workers())
    return partial(run_local, workers=environment.workers(), patience=environment.patience())


def where_there_is_some(index: Index, modality: str, execute: engine.Executor) -> engine.Executor:
    """Who extracts; where the corpus lacks the modality, one that says so of every utterance and starts no worker."""
    if has(index, modality):
        return execute
    logs.info(f"{modality}: the corpus has no {MEDIUM[modality]}: nothing to do")
    return partial(_nothing, medium=MEDIUM[modality])


def _nothing(job: Job, shards: Sequence[Shard], *, medium: str) -> Iterator[tuple[int, list[Placed]]]:
    for number, rows in shards:
        yield number, [(place, Item(None, f"no {medium}: {ABSENT}")) for place in range(len(rows))]


def run_local(
    job: Job, shards: Sequence[Shard], *, workers: int, patience: float = 0.0
) -> Iterator[tuple[int, Iterable[Placed]]]:
    """Run on this machine: on a GPU in threads of this process, otherwise in processes.

    Args:
        job: what to do.
        shards: numbered rows.
        workers: processes, or threads on a GPU.
        patience: s that a shard may take besides what its length allows; a medium on which the decoder hangs, or that
            ends its process, then costs its own utterance. 0 = no limit: one worker, or one shard, needs no process.
    """
    if job.device != "cpu":
        # One encoder on the GPU; while one thread computes, the others read.
        with ThreadPoolExecutor(max(2, workers)) as pool:
            yield from _completed(pool, partial(compute_whole, job), shards, ahead=max(2, workers) + 1)
    elif not patience and (workers == 1 or len(shards) < 2):
        with job.one_thread():
            for number, rows in shards:
                yield number, compute(job, rows)
    else:
        yield from _in_processes(job, shards, workers=workers, patience=patience)


def _in_processes(
    job: Job, shards: Sequence[Shard], *, workers: int, patience: float
) -> Iterator[tuple[int, list[Placed]]]:
    """Where a worker died again and again or hung, the rows left of its shard are done alone: one row is lost only."""
    run = partial(processes.run, partial(compute, job), workers=workers, start=_start_worker, arguments=(job,))
    if patience:
        run = partial(run, limit=partial(_limit, patience=patience))
    left, bad = [dict.fromkeys(range(len(rows))) for _, rows in shards], []
    try:
        for task, found in run([rows for _, rows in shards]):
            if isinstance(found, Lost):
                bad.append(task)
            else:
                left[task].pop(found[0], None)  # a second worker gives again what the first one gave
                yield shards[task][0], [found]
        for task in bad:
            number, rows = shards[task]
            places = list(left[task])
            for row, found in run([[rows[place]] for place in places]):
                lost = isinstance(found, Lost)
                item = Item(None, f"{'too slow' if found.hung else 'crash'}: {found.why}") if lost else found[1]
                yield number, [(places[row], item)]
    except EmotionError as error:
        raise EmotionError(f"{job.what}: {str(error).removeprefix(f'{job.what}: ')}") from None


def _limit(rows: Sequence[Utterance], *, patience: float) -> float:
    return patience + _SLOWEST * sum(min(row.end - row.start, patience) for row in rows)


def _completed(
    pool: Executor, work: Callable[[Sequence[Utterance]], list[Placed]], shards: Sequence[Shard], *, ahead: int
) -> Iterator[tuple[int, list[Placed]]]:
    """Results as they are finished; at most `ahead` shards are on their way: memory does not grow with the corpus."""
    waiting = iter(shards)
    running: dict[Future[list[Placed]], int] = {}
    while True:
        for number, rows in itertools.islice(waiting, ahead - len(running)):
            running[pool.submit(work, rows)] = number
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future.result()


def _start_worker(job: Job) -> None:
    _threads.enter_context(job.one_thread())
