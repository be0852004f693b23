"""Work spread over processes of this machine: one thread each, no orphans; a worker that dies or hangs costs its task.

parent   task 3 -> worker A        each worker has a pipe of its own: no lock is shared,
         task 4 -> worker B        so a `kill -9` of any process can hold up no other
         <- (3, "told", how far it is)            as often as the task calls `tell`
         <- (3, result)  or its parts, one by one
         <- Lost(3, why) where A died or went over the time limit; a new A takes its place
"""

import contextlib
import math
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from emotion.core import interrupts, logs
from emotion.core.errors import EmotionError

_CONTEXT = multiprocessing.get_context("spawn")  # a fork would copy locks of torch's and FFmpeg's threads


@dataclass(frozen=True, slots=True)
class Lost:
    """A task that gave no result.

    Attributes:
        why: `not finished after ... s`, or how its workers ended.
        hung: it went over its time limit; else its workers died by themselves or were killed, `TRIES` times.
    """

    why: str
    hung: bool


_parent: list[Connection] = []  # of a worker process: its pipe
TRIES = 3
"""Workers that may die over a task, or while they start, one after the other: then the task itself is at fault."""


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    ready: bool = False
    task: int | None = None
    since: float = 0.0


def run(
    work: Callable[[Any], Any],
    tasks: Sequence[Any],
    *,
    workers: int,
    start: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
    limit: Callable[[Any], float] | None = None,
    told: Callable[[int, Any], None] | None = None,
) -> Iterator[tuple[int, Any]]:
    """Do the tasks in worker processes; give the results as they are finished.

    Args:
        work: a module's function of one task; what it raises is raised here. Where it gives an iterator, that one's
            parts come one by one: memory does not grow with the task.
        tasks: picklable; each worker has one at a time, so memory does not grow with their number.
        workers: how many processes.
        start: a module's function that prepares each worker; what it raises is raised here.
        arguments: of `start`.
        limit: seconds that a task may take, by task, from its beginning or its last part; None = no limit.
        told: called here with a task's number and what the task gave to `tell`.

    Yields:
        Number of the task and its result, or each part of it, or `Lost` where its workers died or it took too long.
        After a death all its parts come again.

    Raises:
        EmotionError: workers die while they start.
    """
    pool = _Pool(work, tasks, start, arguments, limit, told)
    try:
        while pool.unfinished:
            pool.grow(workers)
            yield from pool.results()
    finally:
        pool.close()


def tell(content: object) -> None:
    """Say from within a task of a worker process how far it is; `told` of `run` hears it in the parent.

    Args:
        content: small and picklable.
    """
    _parent[0].send(("told", content))


def inside() -> bool:
    """Whether this is a worker process: it may start none of its own."""
    return bool(_parent)


class _Pool:
    """The workers, what they are at and what is still to be done."""

    def __init__(
        self,
        work: Callable[[Any], Any],
        tasks: Sequence[Any],
        start: Callable[..., None] | None,
        arguments: tuple[Any, ...],
        limit: Callable[[Any], float] | None,
        told: Callable[[int, Any], None] | None,
    ) -> None:
        self.arguments = (work, start, arguments)
        self.tasks, self.limit, self.told = tasks, limit, told
        self.waiting = deque(range(len(tasks)))
        self.workers: list[_Worker] = []
        self.deaths: Counter[int] = Counter()  # by task
        self.failed_starts = 0  # one after the other

    @property
    def unfinished(self) -> bool:
        """Whether there are tasks to do, or on their way."""
        return bool(self.waiting) or any(worker.task is not None for worker in self.workers)

    def grow(self, most: int) -> None:
        """Start workers for what waits, and give each idle one a task."""
        busy = sum(worker.task is not None for worker in self.workers)
        while len(self.workers) < min(most, busy + len(self.waiting)):
            ours, theirs = _CONTEXT.Pipe()
            process = _CONTEXT.Process(target=_main, args=(theirs, *self.arguments), daemon=True)
            process.start()
            theirs.close()
            self.workers.append(_Worker(process, ours))
        for worker in self.workers:
            if worker.task is None and self.waiting:
                worker.task, worker.since = self.waiting.popleft(), time.monotonic()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has died: seen when we wait
                    worker.pipe.send(self.tasks[worker.task])

    def results(self) -> Iterator[tuple[int, Any]]:
        """Wait until something happens; yield what has come."""
        busy = [worker for worker in self.workers if worker.task is not None]
        ready = wait([worker.pipe for worker in busy], timeout=self._patience(busy))
        for worker in busy:
            if worker.pipe in ready:
                yield from self._receive(worker)
            elif worker.ready and time.monotonic() >= worker.since + self._limit(worker):
                why = f"not finished after {self._limit(worker):.0f} s"
                yield self._remove(worker), Lost(why, hung=True)

    def _limit(self, worker: _Worker) -> float:
        return math.inf if self.limit is None or worker.task is None else self.limit(self.tasks[worker.task])

    def _patience(self, busy: Sequence[_Worker]) -> float | None:
        ends = [worker.since + self._limit(worker) for worker in busy if worker.ready]
        soonest = min(ends, default=math.inf)
        return None if math.isinf(soonest) else max(0.0, soonest - time.monotonic())

    def _receive(self, worker: _Worker) -> Iterator[tuple[int, Any]]:
        """What a worker sent, or that it died."""
        assert worker.task is not None
        try:
            kind, content = worker.pipe.recv()
        except (EOFError, OSError):
            lost = self._died(worker)
            yield from [] if lost is None else [lost]
            return
        if kind == "error":
            raise content
        if kind == "ready":
            worker.ready, worker.since, self.failed_starts = True, time.monotonic(), 0
            return
        if kind == "told":
            if self.told is not None:
                self.told(worker.task, content)
            return
        if kind == "part":
            yield worker.task, content
            worker.since = time.monotonic()  # what the consumer needs is not the worker's
            return
        number, worker.task = worker.task, None
        if kind == "result":
            yield number, content

    def _died(self, worker: _Worker) -> tuple[int, Lost] | None:
        worker.process.join()
        why, started = _ending(worker.process.exitcode), worker.ready
        number = self._remove(worker)
        if not started:
            self.failed_starts += 1
            if self.failed_starts == TRIES:
                raise EmotionError(f"{TRIES} worker processes died while they started: {why}")
        else:
            self.deaths[number] += 1
            if self.deaths[number] == TRIES:
                return number, Lost(why, hung=False)
        self.waiting.appendleft(number)
        return None

    def _remove(self, worker: _Worker) -> int:
        assert worker.task is not None
        self.workers.remove(worker)
        _end(worker)
        return worker.task

    def close(self) -> None:
        """End all workers: after Ctrl-C, a full disk or a consumer that stops nobody waits for tasks in flight."""
        for worker in self.workers:
            worker.pipe.close()  # an idle worker leaves by itself
        for worker in self.workers:
            _end(worker)


def _end(worker: _Worker) -> None:
    worker.pipe.close()
    if worker.task is None:
        worker.process.join(2.0)
    worker.process.kill()
    worker.process.join()
    worker.process.close()


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return f"its process was killed by {name}{' (out of memory?)' if -code == signal.SIGKILL else ''}"
    return f"its process ended with exit code {code}"


def _main(
    pipe: Connection, work: Callable[[Any], Any], start: Callable[..., None] | None, arguments: tuple[Any, ...]
) -> None:
    """A worker: Ctrl-C is the parent's to handle; it ends with its parent, however that ends."""
    interrupts.ignore()
    logs.start()
    _parent[:] = [pipe]
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_exit_with, args=(parent.sentinel,), daemon=True).start()
    with contextlib.suppress(OSError, EOFError):  # the parent has closed the pipe: it wants no more
        try:
            if start is not None:
                start(*arguments)
        except Exception as error:
            return _send(pipe, "error", error)
        _send(pipe, "ready", None)
        while True:
            task = pipe.recv()
            for kind, content in _answers(work, task):
                _send(pipe, kind, content)


def _answers(work: Callable[[Any], Any], task: object) -> Iterator[tuple[str, object]]:
    try:
        answer = work(task)
        if isinstance(answer, Iterator):
            yield from (("part", part) for part in answer)
            yield "end", None
        else:
            yield "result", answer
    except Exception as error:
        yield "error", error


def _send(pipe: Connection, kind: str, content: object) -> None:
    try:
        pipe.send((kind, content))
    except (pickle.PicklingError, TypeError, AttributeError) as error:  # libraries raise what cannot be sent
        pipe.send(("error", RuntimeError(f"{type(content).__name__}: {content} ({error})")))


def _exit_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
