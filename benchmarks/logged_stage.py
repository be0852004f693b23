"""Run a stage while its workers write down every utterance that they begin: `benchmarks.faults` uses it.

`python -m benchmarks.logged_stage STAGE LOG`
"""

import os
import runpy
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from emotion.corpus.utterance import Utterance
from emotion.extraction import executors
from emotion.extraction.engine import Executor, Job, Placed, Shard


@dataclass
class Logged:
    """A job that adds a line to a file for each utterance that it begins."""

    job: Job
    log: Path

    def __post_init__(self) -> None:
        self.what, self.device = self.job.what, self.job.device

    def __call__(self, rows: Sequence[Utterance]) -> Iterable[Placed]:
        """See `engine.Job`."""
        self._write(self.log, "".join(f"{row.utterance}\n" for row in rows))
        self._write(self.log.with_suffix(".shards"), f"{len(rows)}\n")
        return self.job(rows)

    @staticmethod
    def _write(path: Path, text: str) -> None:
        """Append in one call: never half a shard."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, text.encode())
        os.close(descriptor)

    def one_thread(self) -> AbstractContextManager[None]:
        """See `engine.Job`."""
        return self.job.one_thread()


def main() -> None:
    """Put the log between the executor and the job, and run the stage."""
    stage, log = sys.argv[1], Path(sys.argv[2])
    choose = executors.choose

    def choose_logged() -> Executor:
        execute = choose()

        def run(job: Job, shards: Sequence[Shard]) -> Iterable[tuple[int, Iterable[Placed]]]:
            return execute(Logged(job, log), shards)

        return run

    executors.choose = choose_logged
    runpy.run_module(f"stages.{stage}", run_name="__main__")


if __name__ == "__main__":
    main()
