"""Kill every extraction at random moments, go on, and see what it cost: `python -m benchmarks.faults`.

Each stage's own command (on the data of the last `dvc repro`) is killed with its workers by SIGKILL at a random moment
and run again, until it has finished; then from the start again, until there were enough kills. After every finish the
file is compared with that of an uninterrupted run. Every worker writes down what it begins, so what a kill costs is
known to the utterance: at most a shard per worker, and one that was on its way to the disk.
"""

import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.record import record
from benchmarks.workspace import ROOT, Workspace
from emotion.core.progress import track
from emotion.store.journal import Journal

OUTS = {"faces": "data/faces.h5"} | {
    f"extract_{name}": f"data/features/{name}.h5" for name in ("audio", "text", "face")
}
WORKERS = 2
COLUMNS = ("kills", "killed_in_work", "finishes", "same_bytes", "mean_lost", "most_lost", "may_be_lost", "utterances")


def main(
    kills: Annotated[int, typer.Option(help="In all, shared by the four extractions.")] = 60,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
) -> None:
    """Measure, print a table, write benchmarks/results.json; exit with 1 where a file differs or more was lost."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        rows = {}
        for number, stage in enumerate(OUTS):
            share = (kills * (number + 1)) // len(OUTS) - (kills * number) // len(OUTS)
            rows[stage] = Extraction(Path(folder) / stage, stage).suffer(share, rng)
    record("faults", {"workers": WORKERS, "stages": rows})
    table = Table("stage", *(name.replace("_", " ") for name in COLUMNS))
    for stage, row in rows.items():
        table.add_row(stage, *(str(row[name]) for name in COLUMNS))
    console = Console()
    console.print(table)
    console.print("lost = utterances that were begun and had to be done again; `faults` in benchmarks/results.json")
    if any(row["same_bytes"] != row["finishes"] or row["most_lost"] > row["may_be_lost"] for row in rows.values()):
        raise typer.Exit(1)


class Extraction:
    """One stage in a folder of its own."""

    def __init__(self, folder: Path, stage: str) -> None:
        self.folder, self.stage, self.out, self.log = folder, stage, folder / OUTS[stage], folder / "log"
        self.errors = folder / "stderr"
        work = Workspace(folder, environment={"EMOTION_WORKERS": str(WORKERS)})
        self.environment = work.environment
        shutil.copy(ROOT / "params.yaml", folder)
        (folder / "benchmarks").symlink_to(ROOT / "benchmarks")
        (folder / "models").symlink_to(ROOT / "models")
        if stage == "faces":
            self.out.unlink()  # the link to the file of the last run
        start = time.monotonic()
        self._start().wait()
        self.seconds = time.monotonic() - start
        self.whole, self.utterances = self.out.read_bytes(), len(self._begun())
        sizes = [int(line) for line in self.log.with_suffix(".shards").read_text("utf-8").split()]
        self.bound = (WORKERS + 1) * max(sizes)  # one shard in each worker's hands, one on its way to the disk
        self._clear()

    def suffer(self, kills: int, rng: random.Random) -> dict[str, Any]:
        """Kill so many times; see the module."""
        lost: list[int] = []
        finishes = same = 0
        for _ in track(range(kills), total=kills, title=f"kill {self.stage}", unit="kills"):
            while (found := self._run_until_killed(rng)) is None:
                finishes, same = finishes + 1, same + self._finished()
            lost.append(found)
        assert self._start().wait() == 0
        finishes, same = finishes + 1, same + self._finished()
        return {
            "kills": kills,
            "killed_in_work": sum(1 for count in lost if count > 0),
            "finishes": finishes,
            "same_bytes": same,
            "mean_lost": round(sum(lost) / len(lost), 1),
            "most_lost": max(lost),
            "may_be_lost": self.bound,
            "utterances": self.utterances,
        }

    def _run_until_killed(self, rng: random.Random) -> int | None:
        """Run, and kill at a random moment -> utterances that were begun and are not on disk; None = it was faster.

        One kill in five is at any time, start and end included; the others are while the workers are at work.
        """
        process = self._start()
        if rng.random() < 0.2:
            moment, target = self.seconds * rng.random(), math.inf
        else:
            moment, target = math.inf, len(self._begun()) + rng.uniform(0, self.utterances)
        start = time.monotonic()
        while process.poll() is None and time.monotonic() - start < moment and len(self._begun()) < target:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.3))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return len(set(self._begun()) - self._kept())
        if process.returncode:
            raise RuntimeError(f"{self.stage} failed: {self.errors.read_text('utf-8')[-2000:]}")
        return None

    def _finished(self) -> bool:
        """Whether the file has the bytes of the uninterrupted run; the next run begins from the start."""
        same = self.out.read_bytes() == self.whole
        self._clear()
        return same

    def _kept(self) -> set[str]:
        """Utterances in the journal, or all of them where the file is in place."""
        if self.out.exists():
            return set(self._begun())
        ids = [line.split(",")[0] for line in (self.folder / "data/index.csv").read_text("utf-8").splitlines()[1:]]
        kept: set[str] = set()
        for path in (self.folder / ".cache").rglob("*.journal"):
            copy = shutil.copy(path, self.folder / "copy.journal")  # opening one cuts off its torn end
            with closing(Journal(Path(copy))) as journal:
                kept |= {ids[meta["i"]] for meta in journal.metas}
        return kept

    def _begun(self) -> list[str]:
        return self.log.read_text("utf-8").split() if self.log.exists() else []

    def _clear(self) -> None:
        for path in (self.out, self.log, self.log.with_suffix(".shards"), self.out.with_suffix(".md")):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder / ".cache", ignore_errors=True)

    def _start(self) -> "subprocess.Popen[bytes]":
        with self.errors.open("wb") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "benchmarks.logged_stage", self.stage, str(self.log)],
                cwd=self.folder,
                env=self.environment,
                stderr=errors,
                start_new_session=True,
            )


if __name__ == "__main__":
    typer.run(main)
