"""Hostile files over all readers: `python -m benchmarks.fuzz [--files 2000] [--seed 0] [--only tables,video]`.

Good small files of every kind are damaged (`benchmarks.fuzzing`), and each is read by the product's own function in a
worker process with limits of memory and time. A file may be read, or refused by one printable line. Everything else is
a fault: another exception, a line that could move the cursor or fill the screen, a process that dies, a minute without
an end, 3 GiB. The same seed gives the same files.
"""

import contextlib
import io
import os
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.fuzzing.crafted import hostile
from benchmarks.fuzzing.readers import READERS, flaw
from emotion.core import logs, processes
from emotion.core.errors import EmotionError
from emotion.core.progress import track

SECONDS, GIB = 60.0, 3.0  # limits of time, and of memory beyond what the libraries themselves take


@dataclass(frozen=True)
class Task:
    """One hostile file: the reader's name, its number, the folder of good files, and the seed.

    Negative numbers are the good files as they are: they must be read.
    """

    reader: str
    number: int
    good: str
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What came of it: `read`, `refused` or `fault`, why, s, and the process's peak in MB."""

    kind: str
    why: str
    seconds: float
    peak: float


def main(
    files: Annotated[int, typer.Option(help="How many.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of everything.")] = 0,
    only: Annotated[str, typer.Option(help="Some readers, with commas.")] = "",
    keep: Annotated[Path | None, typer.Option(help="Folder for what failed.")] = None,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Read them all, print a table, write benchmarks/results.json; exit with 1 on faults."""
    names = only.split(",") if only else list(READERS)
    logs.start("error")
    with tempfile.TemporaryDirectory() as folder:
        found = list(campaign(names, files, seed, Path(folder), workers=workers, keep=keep))
    rows = summarised(found)
    table = Table("reader", "files", "read", "refused", "faults", "slowest s", "peak MB")
    for name, row in rows.items():
        table.add_row(name, *(str(value) for value in row.values()))
    console = Console(soft_wrap=True)
    console.print(table)
    faults = [(task, outcome) for task, outcome in found if outcome.kind == "fault"]
    for task, outcome in faults:
        console.print(f"FAULT {task.reader} {task.number}: {outcome.why}", markup=False, highlight=False)
    if not only:
        from benchmarks.record import RESULTS, record  # loads torch, which workers should not

        record(
            "fuzz",
            {"files": sum(row["files"] for row in rows.values()), "seed": seed, "faults": len(faults), "readers": rows},
        )
        console.print(f"written to {RESULTS.name}")
    if faults:
        raise typer.Exit(1)


def campaign(
    names: Sequence[str], files: int, seed: int, folder: Path, *, workers: int = 1, keep: Path | None = None
) -> Iterator[tuple[Task, Outcome]]:
    """Make the files and have them read.

    Args:
        names: of `READERS`.
        files: how many, shared by the readers' weights.
        seed: of everything.
        folder: an empty one, for the good files.
        workers: processes.
        keep: folder for the files that failed; None = they are not kept.

    Yields:
        Each file and what came of it, in the order in which they end.
    """
    tasks = []
    total = sum(READERS[name].share for name in names)
    for name in names:
        (folder / name).mkdir()
        with _quiet():
            READERS[name].make(folder / name)
        count = -(-files * READERS[name].share // total)
        good = len(_variants(folder / name))
        tasks += [Task(name, number, str(folder / name), seed) for number in range(-good, count)]
    heavy = any(READERS[name].heavy for name in names)
    results = processes.run(attempt, tasks, workers=workers, start=_bound, arguments=(heavy,), limit=lambda _: SECONDS)
    for number, result in track(results, total=len(tasks), title="fuzz", unit="files"):
        lost = isinstance(result, processes.Lost)
        outcome = Outcome("fault", result.why, SECONDS if result.hung else 0.0, 0.0) if lost else result
        if outcome.kind == "fault" and keep is not None:
            made(tasks[number], keep / f"{tasks[number].reader}-{seed}-{tasks[number].number}")
        yield tasks[number], outcome


def summarised(found: Sequence[tuple[Task, Outcome]]) -> dict[str, dict[str, Any]]:
    """Per reader: files, read, refused, faults, slowest (s) and peak (MB)."""
    rows = {}
    for name in dict.fromkeys(task.reader for task, _ in found):
        mine = [outcome for task, outcome in found if task.reader == name and task.number >= 0]
        kinds = [outcome.kind for outcome in mine]
        rows[name] = {
            "files": len(mine),
            "read": kinds.count("read"),
            "refused": kinds.count("refused"),
            "faults": kinds.count("fault"),
            "slowest_seconds": round(max(outcome.seconds for outcome in mine), 1),
            "peak_mb": round(max(outcome.peak for outcome in mine)),
        }
    return rows


def _variants(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def made(task: Task, folder: Path) -> Path:
    """Write the hostile files of a task into a folder; returns what is to be read."""
    rng = random.Random(zlib.crc32(f"{task.seed} {task.reader} {task.number}".encode()))
    variants = _variants(Path(task.good))
    variant = variants[task.number if task.number < 0 else rng.randrange(len(variants))]
    copy = folder / variant.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(variant, copy)
    if task.number < 0:
        return copy
    targets = sorted(path for path in copy.rglob("*") if path.is_file())
    for _ in range(rng.choice((1, 1, 1, 2))):
        target = targets[rng.randrange(len(targets))]
        target.write_bytes(hostile(target.read_bytes(), target.suffix, rng))
    return copy


def attempt(task: Task) -> Outcome:
    """In a worker: make the files, read them, say what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = made(task, Path(folder))
        _reset_peak()
        start = time.monotonic()
        with _quiet():
            kind, why = _judged(task, copy)
        seconds, peak = time.monotonic() - start, _peak()
    if kind == "refused" and task.number < 0:
        kind, why = "fault", f"the good file is refused: {why}"
    if kind != "fault" and peak > 1024 * GIB:
        kind, why = "fault", f"{peak:.0f} MB of memory"
    return Outcome(kind, why, seconds, peak)


def _judged(task: Task, copy: Path) -> tuple[str, str]:
    try:
        READERS[task.reader].read(copy)
    except EmotionError as error:
        text = str(error)
        for cause in _causes(error):
            if isinstance(cause, MemoryError):
                return "fault", f"needs more than {GIB:g} GiB: {text}"
        wrong = flaw(text)
        return ("fault", f"{wrong}: {text[:300]!r}") if wrong else ("refused", text)
    except Exception as error:
        place = [
            f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]
        ]
        return "fault", f"{type(error).__name__}: {str(error)[:300]!r} at {' > '.join(place)}"
    return "read", ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What readers tell is not what is looked at here."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), logs.quiet():
        warnings.simplefilter("ignore")
        yield


def _bound(heavy: bool) -> None:
    """Prepare a worker: its libraries first, then a limit of memory beyond them."""
    import multiprocessing

    logs.start("error")
    os.environ["HF_HUB_OFFLINE"] = "1"
    if heavy:
        pass
    multiprocessing.current_process()._config["daemon"] = False  # `emotion import` has a child of its own
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + int(GIB * 2**30), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _reset_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """Most resident memory since the reset, MB; of children the largest so far."""
    text = Path("/proc/self/status").read_text()
    own = int(text.partition("VmHWM:")[2].split()[0]) / 1024
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    typer.run(main)
