"""Shards on a Ray cluster: one actor per core, or per GPU where the cluster has some; each keeps its encoder.

Where nodes come and go: an actor that dies with its node gives its shard back, and as many actors are started as the
cluster has room for. Media and fitted encoders are read by the nodes themselves, from the same folder as here (a shared
file system). `RAY_ADDRESS` names an existing cluster; without it one is started on this machine.
"""

import contextlib
import logging
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Utterance
from emotion.extraction.engine import Job, Placed, Shard, compute_whole

_TRIES = 3  # of one shard, or to start an actor: what fails so often is at fault itself
_LOOK = 2.0  # s between two looks at what the cluster has room for
_CONNECT = 10.0  # s to reach an existing cluster
_PATIENCE = 60.0  # s without any actor before a line says so


def run(job: Job, shards: Sequence[Shard], *, workers: int) -> Iterator[tuple[int, list[Placed]]]:
    """Compute the shards; see `emotion.extraction.engine.Executor`.

    `workers` is the number of actors; 0 = as many as the cluster has cores, or GPUs where it has some.

    Raises:
        EmotionError: Ray is not installed or the cluster cannot be reached, or a shard fails again and again.
    """
    if not shards:
        return
    ray = _connected()
    try:
        with contextlib.closing(_Pool(ray, job, shards, workers=workers)) as pool:
            while pool.unfinished:
                yield from pool.finished()
    finally:
        ray.shutdown()


def has_gpu() -> bool:
    """Whether the cluster has a GPU: all shards then run on GPUs, since other processors round differently."""
    ray = _connected()
    return bool(ray.cluster_resources().get("GPU", 0))


class Worker:
    """The actor: takes the job once and does shards one after the other."""

    def __init__(self, job: Job, folder: str) -> None:
        os.chdir(folder)  # paths are relative to the project, also in what is stored as a reason
        self.job = job
        self._threads = contextlib.ExitStack()  # kept: the context would end with it
        self._threads.enter_context(job.one_thread())

    def ready(self) -> None:
        """Answers as soon as the actor has found a place."""

    def work(self, rows: Sequence[Utterance]) -> list[Placed]:
        """One shard."""
        return compute_whole(self.job, rows)


class _Pool:
    """Actors, what they are at, and what is still to be done."""

    def __init__(self, ray: Any, job: Job, shards: Sequence[Shard], *, workers: int) -> None:  # noqa: ANN401 - untyped
        self.ray, self.what, self.workers = ray, job.what, workers
        self.unit = "GPU" if job.device.startswith("cuda") else "CPU"
        self.job = ray.put(job)
        self.actor = ray.remote(num_cpus=1, num_gpus=int(self.unit == "GPU"), max_restarts=0)(Worker)
        self.todo = list(reversed(shards))
        self.running: dict[Any, tuple[Any, Shard | None]] = {}  # answer that will come -> actor and its shard
        self.tries: Counter[int] = Counter()
        self.failed_starts = 0  # one after the other
        errors = ray.exceptions
        # Its node is gone, it was killed, or its results were on a node that is gone.
        self.losses = (errors.RayActorError, errors.NodeDiedError, errors.OutOfMemoryError, errors.ObjectLostError)
        self.seen = time.monotonic()

    @property
    def unfinished(self) -> bool:
        """Whether there are shards to do, or on their way."""
        return bool(self.todo) or any(shard is not None for _, shard in self.running.values())

    def finished(self) -> Iterator[tuple[int, list[Placed]]]:
        """Start actors where there is room, wait a little, and yield what has come."""
        self._grow()
        answers, _ = self.ray.wait(list(self.running), timeout=_LOOK) if self.running else ([], None)
        came = False
        for answer in answers:
            actor, shard = self.running.pop(answer)
            try:
                items = self.ray.get(answer)
            except self.losses as error:
                self._again(shard, error)
                continue
            except self.ray.exceptions.RayTaskError as error:
                raise (error.cause if isinstance(error.cause, EmotionError) else error) from None
            came, self.failed_starts = True, 0
            self._next(actor)
            if shard is not None:
                yield shard[0], items
        self._complain(came)

    def _grow(self) -> None:
        """One actor per core or GPU of the nodes that are there now."""
        room = self.workers or int(self.ray.cluster_resources().get(self.unit, 0))
        for _ in range(min(room, len(self.running) + len(self.todo)) - len(self.running)):
            actor = self.actor.remote(self.job, str(os.getcwd()))  # noqa: PTH109 - plain text for the other side
            self.running[actor.ready.remote()] = actor, None

    def _next(self, actor: Any) -> None:  # noqa: ANN401 - untyped
        if self.todo:
            shard = self.todo.pop()
            self.running[actor.work.remote(shard[1])] = actor, shard
        else:
            self.ray.kill(actor)

    def _again(self, shard: Shard | None, error: Exception) -> None:
        """Put a lost shard back; where it was an actor that could not start, another one is started."""
        if shard is None:
            self.failed_starts += getattr(error, "_actor_init_failed", False)  # and not lost with its node
            if self.failed_starts == _TRIES:
                cause = str(error).strip().splitlines()[-1]
                raise EmotionError(
                    f"{self.what}: {_TRIES} workers could not start ({cause}); every node needs the same checkout and "
                    "environment at the same path, see docs/cluster.md"
                )
            return
        self.tries[shard[0]] += 1
        if self.tries[shard[0]] == _TRIES:
            raise EmotionError(
                f"{self.what}: {_TRIES} workers died over the utterances from {shard[1][0].utterance} on (out of "
                "memory?); run again to continue, with fewer workers per node"
            )
        self.todo.append(shard)

    def _complain(self, came: bool) -> None:
        """Say so where nothing has come for a while and no actor works."""
        if came or any(shard is not None for _, shard in self.running.values()):
            self.seen = time.monotonic()
        elif time.monotonic() - self.seen > _PATIENCE:
            logs.info(f"{self.what}: waiting for a node with a free {self.unit}; `ray status` shows the cluster")
            self.seen = time.monotonic()

    def close(self) -> None:
        """End the actors."""
        for actor, _ in self.running.values():
            self.ray.kill(actor)


def _connected() -> Any:  # noqa: ANN401 - untyped, and not always installed
    """The ray module, connected to the cluster."""
    try:
        import ray
    except ImportError:
        raise EmotionError("EMOTION_EXECUTOR=ray needs Ray, which is not installed: pip install -e '.[ray]'") from None
    if not ray.is_initialized():
        _check_reachable(os.environ.get("RAY_ADDRESS", ""))
        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR)  # RAY_ADDRESS names an existing cluster
        except (ConnectionError, ValueError, RuntimeError) as error:
            where = os.environ.get("RAY_ADDRESS", "a new cluster")
            cause = " ".join(str(error).split())[:200]
            raise EmotionError(f"cannot reach {where} ({cause}); start it with `ray start --head`") from None
    return ray


def _check_reachable(address: str) -> None:
    """Raise EmotionError where nobody listens at host:port; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT).close()
    except OSError as error:
        raise EmotionError(
            f"RAY_ADDRESS is {address!r}, but nobody answers there ({error}); start the cluster with `ray start --head`"
        ) from None
