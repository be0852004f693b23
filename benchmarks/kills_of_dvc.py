"""Kill `dvc repro` and queued experiments at random moments, go on, compare: `python -m benchmarks.kills_of_dvc`.

A clone of this repository has the small project's corpus. `dvc repro` is killed with its whole process group and run
again until it has finished. Then an experiment is queued, the queue's worker and the experiment are killed, and the
same experiment is run again. Whatever was killed, outputs and scores must be those of an undisturbed run.
"""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console

from benchmarks import small_project
from benchmarks.record import record
from benchmarks.small_project import JOBS, ROOT
from emotion.core import logs
from emotion.core.progress import track

OUTS = tuple(out for job in JOBS if job.module.startswith("stages.") for out in job.outs)


def main(
    kills: Annotated[int, typer.Option(help="Of `dvc repro`.")] = 24,
    queued: Annotated[int, typer.Option(help="Of queued experiments.")] = 6,
    seed: Annotated[int, typer.Option(help="Of the moments.")] = 0,
) -> None:
    """Measure, print, write benchmarks/results.json; exit with 1 where anything was wrong."""
    logs.start()
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        project = Project(Path(name).resolve() / "project")
        found = project.repro(kills, rng) | project.queue(queued, rng)
    record("kills_of_dvc", found)
    Console().print(found)
    raise typer.Exit(bool(found["wrong_repro"] or found["wrong_queued"]))


class Project:
    """A clone with the small project's corpus, its results and the time that they took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        made = folder.parent / "made"
        small_project.make(made)
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        for key, value in (("user.name", "Kills"), ("user.email", "kills@example.org")):
            subprocess.run(["git", "config", key, value], cwd=folder, check=True)
        shutil.copytree(made / "data" / "raw" / "table", folder / "data" / "raw" / "table")
        shutil.copy(made / "params.yaml", folder)
        self.variables = {**os.environ, "HF_HUB_OFFLINE": "1", "EMOTION_WORKERS": "2"}
        self.variables.pop("PYTHONPATH", None)
        self.clear()
        subprocess.run(["git", "commit", "--quiet", "-am", "small"], cwd=folder, check=True)
        begun = time.monotonic()
        assert self.run("repro").wait() == 0, (folder / "said").read_text("utf-8")
        self.seconds, self.good = time.monotonic() - begun, small_project.content(folder, OUTS)
        subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
        subprocess.run(["git", "commit", "--quiet", "-m", "results"], cwd=folder, check=True)

    def run(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start a command of DVC in a process group of its own."""
        with (self.folder / "said").open("wb") as said:
            return subprocess.Popen(
                ["dvc", *words], cwd=self.folder, env=self.variables, stdout=said, stderr=said, start_new_session=True
            )

    def clear(self) -> None:
        """Forget results and unfinished work, DVC's own included."""
        for name in (*OUTS, "dvc.lock", ".cache", ".dvc/cache", ".dvc/tmp", ".code"):
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def repro(self, kills: int, rng: random.Random) -> dict[str, object]:
        """Kill `dvc repro` so many times."""
        wrong: list[str] = []
        finishes = 0
        self.clear()
        for _ in track(range(kills), total=kills, title="kill dvc repro", unit="kills"):
            process = self.run("repro")
            time.sleep(self.seconds * 0.6 * rng.random())
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            else:
                finishes += 1
                wrong += self._compared(process.returncode)
                self.clear()
        wrong += self._compared(self.run("repro").wait())
        subprocess.run(["git", "checkout", "--quiet", "--", "."], cwd=self.folder, check=True)
        return {"repro_kills": kills, "repro_finishes": finishes + 1, "wrong_repro": wrong}

    def _compared(self, code: int) -> list[str]:
        now = small_project.content(self.folder, OUTS)
        names = [name for name in self.good | now if self.good.get(name) != now.get(name)]
        text = (self.folder / "said").read_text("utf-8", errors="replace")[-300:]
        return [f"ends with {code}, other bytes in {names[:3]}: {text!r}"] if code or names else []

    def queue(self, kills: int, rng: random.Random) -> dict[str, object]:
        """Kill the worker of a queue with its experiment, then run the same experiment."""
        wrong: list[str] = []
        assert self.run("exp", "run", "-S", "lr=0.01").wait() == 0
        good = self._scores()
        for _ in track(range(kills), total=kills, title="kill queued experiments", unit="kills"):
            self._forget()
            assert self.run("exp", "run", "--queue", "-S", "lr=0.01").wait() == 0
            self.run("queue", "start").wait()
            time.sleep(rng.uniform(3, 25))
            for process in psutil.process_iter():
                if process.pid != os.getpid() and self._is_ours(process):
                    process.kill()
            self.run("queue", "remove", "--all").wait()
            self._forget()
            code = self.run("exp", "run", "-S", "lr=0.01").wait()
            if code or self._scores() != good:
                said = (self.folder / "said").read_text("utf-8", errors="replace")
                wrong.append(f"ends with {code}, or with other scores: {said[-300:]!r}")
        return {"queued_kills": kills, "wrong_queued": wrong}

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return str(self.folder) in process.cwd() or str(self.folder) in " ".join(process.cmdline())
        except psutil.Error:
            return False

    def _forget(self) -> None:
        """The workspace as it was committed, and nothing to restore an experiment from."""
        shutil.rmtree(self.folder / ".dvc" / "cache" / "runs", ignore_errors=True)
        subprocess.run(["git", "checkout", "--quiet", "--", "."], cwd=self.folder, check=True)

    def _scores(self) -> str:
        return (self.folder / "metrics" / "metrics.json").read_text("utf-8")


if __name__ == "__main__":
    typer.run(main)
