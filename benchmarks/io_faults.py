"""Let every change of a file fail, one after the other, and see what is lost: `python -m benchmarks.io_faults`.

A small project (24 utterances) has the results of an earlier run. Then one command after the other is run again with
other seeds, and its n-th write fails: because the disk is full (ENOSPC, from then on), because the disk is broken (EIO,
once) or because too many files are open (EMFILE, from then on). A library that is loaded before all others does that
(benchmarks/io_faults.c). Each time: the command must end with one line and no traceback; every output must be whole,
that of the earlier run or the new one; and the same command, run again, must give the bytes of an undisturbed run.
"""

import ctypes
import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import forked, small_project
from benchmarks.record import record
from benchmarks.small_project import JOBS, Job
from emotion.core import logs
from emotion.core.progress import track

SPACE, OPEN, ORDER = 1, 2, 4
KINDS = {
    "ENOSPC": (errno.ENOSPC, SPACE, True),
    "EIO": (errno.EIO, SPACE | ORDER, False),
    "EMFILE": (errno.EMFILE, OPEN, True),
}
"""Number of the error, which calls fail, and whether all after the first fail too."""
_PRELOADED = "EMOTION_IO_FAULTS"


@dataclass(frozen=True)
class Ending:
    """How a command ended: exit code, what it said, how many changes of files it made."""

    code: int
    said: str
    changes: int


def main(
    most: Annotated[int, typer.Option(help="Failures per command and kind; all of them where there are fewer.")] = 30,
    only: Annotated[str, typer.Option(help="Commands, with commas; all by default.")] = "",
    kinds: Annotated[str, typer.Option(help="Kinds of failure, with commas.")] = ",".join(KINDS),
) -> None:
    """Measure, print a table, write benchmarks/results.json if it is of everything; exit with 1 where any was wrong."""
    if _PRELOADED not in os.environ:
        raise typer.Exit(_preloaded())
    logs.start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "project"
        jobs, some = [job for job in JOBS if not only or job.name in only.split(",")], kinds.split(",")
        rows, wrong = _suffer(folder, most, jobs, some)
    table = Table("command", *some, "wrong")
    for job, row in rows.items():
        table.add_row(job, *(f"{row[kind]['failures']} of {row[kind]['changes']}" for kind in some), str(row["wrong"]))
    console = Console()
    console.print(table)
    for line in wrong:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    where = "recorded in benchmarks/results.json" if _is_all(jobs, some) else "not recorded: it is of some only"
    console.print(f"{len(wrong)} wrong; {where}")
    raise typer.Exit(bool(wrong))


def _is_all(jobs: list[Job], kinds: list[str]) -> bool:
    return len(jobs) == len(JOBS) and len(kinds) == len(KINDS)


def _preloaded() -> int:
    """Run this benchmark again with the library loaded before all others."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "io_faults.so"
        source = Path(__file__).with_suffix(".c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
        environment = os.environ | {"LD_PRELOAD": str(library), _PRELOADED: "1"}
        command = [sys.executable, "-m", "benchmarks.io_faults", *sys.argv[1:]]
        return subprocess.run(command, env=environment, check=False).returncode


def _suffer(folder: Path, most: int, jobs: list[Job], kinds: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Rows of the table, and everything that was wrong."""
    forked.preload()
    small_project.make(folder)
    os.environ |= small_project.environment(folder, workers=1) | {"EMOTION_PATIENCE": "0"}
    before: dict[str, dict[str, bytes]] = {}
    for seed in (2, 1):  # the earlier run, then what an undisturbed run gives; each command from results of seed 1
        for job in JOBS:
            small_project.set_params(folder, seed=seed)
            ended = _run(folder, job)
            assert ended.code == 0, f"{job.name}: {ended.said}"
            if seed == 2:
                before[job.name] = small_project.content(folder, job.outs)
    rows: dict[str, Any] = {}
    wrong: list[str] = []
    for job in jobs:
        rows[job.name] = {"wrong": -len(wrong)}
        good = small_project.content(folder, job.outs)
        for kind in kinds:
            rows[job.name][kind] = _fail_everywhere(folder, job, kind, most, before[job.name], good, wrong)
        rows[job.name]["wrong"] += len(wrong)
        if _is_all(jobs, kinds):
            record("io_faults", {"commands": rows, "wrong": wrong})
        small_project.restore(folder, job.outs, good)
    return rows, wrong


def _fail_everywhere(
    folder: Path, job: Job, kind: str, most: int, before: dict[str, bytes], good: dict[str, bytes], wrong: list[str]
) -> dict[str, int]:
    small_project.restore(folder, job.outs, before)
    changes = _run(folder, job, kind=kind).changes
    step = max(1.0, changes / most)
    places = sorted({1 + int(step * number) for number in range(min(most, changes))} | {changes})
    for place in track(places, total=len(places), title=f"{job.name} {kind}", unit="failures"):
        small_project.restore(folder, job.outs, before)
        ended = _run(folder, job, kind=kind, place=place)
        problems = list(_problems(folder, job, ended, before, good))
        again = _run(folder, job)
        if again.code or small_project.content(folder, job.outs) != good:
            problems.append(f"run again, it ends with {again.code} or other bytes: {again.said[-300:]}")
        wrong += [f"{job.name}, {kind} at change {place}: {problem}" for problem in problems]
    return {"changes": changes, "failures": len(places)}


def _problems(folder: Path, job: Job, ended: Ending, before: dict[str, bytes], good: dict[str, bytes]) -> Iterator[str]:
    lines = [line for line in ended.said.splitlines() if line.startswith("error: ")]
    if "Traceback" in ended.said or ended.code not in (0, 1) or (ended.code == 1 and len(lines) != 1):
        yield f"ends with {ended.code} and says {ended.said[-600:]!r}"
    if ended.code == 1 and lines and ended.said.splitlines()[-1] != lines[0]:
        yield f"says something after its error: {ended.said[-300:]!r}"
    now = small_project.content(folder, job.outs)
    for name in before:
        if now.get(name) not in (before[name], good.get(name)):
            yield f"{name} is neither the earlier one nor the new one"
    if ended.code == 0 and now != good:
        yield "ends with 0, but its outputs are not those of an undisturbed run"


def _run(folder: Path, job: Job, *, kind: str = "", place: int = 0) -> Ending:
    """Run a command; with a kind its changes of files are counted, with a place that one fails."""
    said, counted = folder.parent / "said", folder.parent / "counted"
    library = ctypes.CDLL(None)

    def arm() -> None:
        if kind:
            number, kinds, lasting = KINDS[kind]
            library.io_faults_arm(f"{folder}/".encode(), place, number, kinds, int(lasting))

    def count() -> None:
        counted.write_text(str(library.io_faults_count()), encoding="utf-8")

    counted.unlink(missing_ok=True)
    code = forked.ended(forked.start(folder, job, said=said, before=arm, after=count))
    changes = int(counted.read_text("utf-8")) if counted.exists() else 0
    return Ending(code, said.read_text("utf-8", errors="replace"), changes)


if __name__ == "__main__":
    typer.run(main)
