"""Kill every command at random moments, go on, and compare the bytes: `python -m benchmarks.kills`.

A small project (24 utterances). Each command is killed with all its processes (SIGKILL) at a random moment and
run again, until it has finished; then from the start, until there were enough kills. Then one worker process at a
time is killed while its command goes on. After every finish the outputs must have the bytes of an
undisturbed run. `benchmarks.kills_of_dvc` does the same to `dvc repro` and to queued experiments.
"""

import contextlib
import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.console import Console
from rich.table import Table

from benchmarks import forked, small_project
from benchmarks.record import read, record
from benchmarks.small_project import JOBS, Job
from emotion.core import logs
from emotion.core.progress import track

COLUMNS = ("kills", "killed_at_work", "finishes", "same_bytes", "worker_kills", "wrong")


def main(
    kills: Annotated[int, typer.Option(help="Of whole commands, shared by all.")] = 260,
    workers: Annotated[int, typer.Option(help="Of single workers, shared by the commands that have some.")] = 60,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
    only: Annotated[str, typer.Option(help="Commands, with commas: the others keep the rows they have.")] = "",
) -> None:
    """Measure, print a table, write benchmarks/results.json; exit with 1 where anything was wrong."""
    logs.start()
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "project"
        forked.preload()
        small_project.make(folder)
        os.environ |= small_project.environment(folder, workers=2)
        known = [job.name for job in JOBS]
        chosen = only.split(",") if only else known
        if not set(chosen) <= set(known):
            raise typer.BadParameter(f"found {only}, expected some of {','.join(known)}", param_hint="--only")
        teams = [name for name in chosen if name in ("faces", "study") or name.startswith("extract")]
        rows: dict[str, dict[str, Any]] = read().get("kills", {}).get("commands", {}) if only else {}
        for job in JOBS:
            victim = Victim(folder, job)
            if job.name in chosen and kills:
                rows[job.name] = victim.suffer(kills // len(chosen), rng)
            if job.name in teams and workers:
                row = rows.setdefault(job.name, {"wrong": []})
                before = [] if kills else row["wrong"]
                row |= victim.lose_workers(workers // len(teams), rng)
                row["wrong"] = before + row["wrong"]
            record("kills", {"commands": rows})
    table = Table("command", *(name.replace("_", " ") for name in COLUMNS))
    for job_name, row in rows.items():
        table.add_row(job_name, *(str(row.get(name, "")) for name in COLUMNS))
    Console().print(table)
    wrong = [f"{name}: {line}" for name, row in rows.items() for line in row["wrong"]]
    Console().print("\n".join([*wrong, f"{len(wrong)} wrong; `kills` in benchmarks/results.json"]), markup=False)
    raise typer.Exit(bool(wrong))


class Victim:
    """One command, after those before it have finished."""

    def __init__(self, folder: Path, job: Job) -> None:
        self.folder, self.job, self.said = folder, job, folder.parent / "said"
        begun = time.monotonic()
        code = forked.ended(forked.start(folder, job, said=self.said))
        if code:
            raise RuntimeError(f"{job.name} ends with {code}: {self.said.read_text('utf-8', errors='replace')}")
        self.seconds = time.monotonic() - begun
        self.good = small_project.content(folder, job.outs)
        self.wrong: list[str] = []
        self.finishes = self.same = 0
        self.resumed = False

    def suffer(self, kills: int, rng: random.Random) -> dict[str, Any]:
        """Kill the command so many times."""
        done = working = 0
        self._clear()
        for _ in track(range(kills), total=kills, title=f"kill {self.job.name}", unit="kills"):
            while True:
                process = forked.start(self.folder, self.job, said=self.said)
                self._wait(process, self.seconds * 1.05 * rng.random())
                working += bool(psutil.Process(process).children()) if psutil.pid_exists(process) else 0
                with contextlib.suppress(ProcessLookupError):  # it has just begun, or ended
                    os.killpg(process, signal.SIGKILL)
                code = forked.ended(process)
                if code == -signal.SIGKILL:
                    self.resumed = True
                    break
                self._finished(code)
            done += 1
        self._finished(forked.ended(forked.start(self.folder, self.job, said=self.said)))
        small_project.restore(self.folder, self.job.outs, self.good)
        return {"kills": done, "killed_at_work": working, "finishes": self.finishes} | {
            "same_bytes": self.same,
            "wrong": self.wrong,
        }

    def lose_workers(self, kills: int, rng: random.Random) -> dict[str, Any]:
        """Kill single workers while the command goes on; it should finish all the same."""
        done = 0
        for _ in track(range(4 * kills), total=4 * kills, title=f"workers of {self.job.name}", unit="tries"):
            self._clear()
            process = forked.start(self.folder, self.job, said=self.said)
            time.sleep(self.seconds * rng.random())
            below = [child for child in psutil.Process(process).children() if "spawn_main" in " ".join(child.cmdline())]
            if below:
                rng.choice(below).kill()
                done += 1
            self._finished(forked.ended(process))
            if done == kills:
                break
        small_project.restore(self.folder, self.job.outs, self.good)
        return {"worker_kills": done, "wrong": self.wrong}

    def _wait(self, process: int, seconds: float) -> None:
        """Wait, no longer than it runs; the machine may be faster now than when the command was timed."""
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds:
            if os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self.seconds = self.seconds if self.resumed else (self.seconds + passed) / 2
                return
            time.sleep(0.005)

    def _finished(self, code: int) -> None:
        """Compare; the next run begins from the start."""
        self.finishes += 1
        now = small_project.content(self.folder, self.job.outs)
        self.same += code == 0 and now == self.good
        if code or now != self.good:
            names = [name for name in self.good | now if self.good.get(name) != now.get(name)]
            text = self.said.read_text("utf-8", errors="replace")[-300:]
            self.wrong.append(f"ends with {code}, other bytes in {names[:3]}: {text!r}")
        self._clear()

    def _clear(self) -> None:
        self.resumed = False
        small_project.restore(self.folder, self.job.outs, {})
        if self.job.kept:
            shutil.rmtree(self.folder / self.job.kept, ignore_errors=True)


if __name__ == "__main__":
    typer.run(main)
