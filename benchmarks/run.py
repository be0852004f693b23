"""`make bench`: the newcomer's commands in a fresh clone, with wall time and peak memory, into benchmarks/results.json.

The clone is made from the last commit in a temporary folder, so nothing installed or cached here helps it (pip's own
cache aside).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.record import RESULTS, record

ROOT = Path(__file__).parent.parent


class PeakMemory(threading.Thread):
    """Samples the resident memory of a process and all its children, in bytes together.

    Args:
        pid: of the process.
        every: s between two samples.
        shared_once: count what processes share, such as libraries, once (Linux); else in each of them.
    """

    def __init__(self, pid: int, *, every: float = 0.1, shared_once: bool = False) -> None:
        super().__init__(daemon=True)
        self.process, self.peak, self.over = psutil.Process(pid), 0, threading.Event()
        self._every, self._once = every, shared_once

    def run(self) -> None:
        """Sample until `over` is set."""
        while not self.over.wait(self._every):
            total = 0
            try:
                family = [self.process, *self.process.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
            for process in family:
                try:
                    total += process.memory_full_info().pss if self._once else process.memory_info().rss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total)


def measure(command: list[str], *, folder: Path, log: Path) -> dict[str, float]:
    """Run a command to its end; seconds of wall time and peak memory in GiB."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")
    }
    environment["PATH"] = f"{folder / '.venv' / 'bin'}:{os.environ['PATH']}"
    start = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        memory = PeakMemory(process.pid)
        memory.start()
        code = process.wait()
    memory.over.set()
    memory.join()
    if code:
        sys.exit(
            f"{' '.join(command)} ended with {code}:\n" + "\n".join(log.read_text(encoding="utf-8").splitlines()[-20:])
        )
    return {"seconds": round(time.monotonic() - start, 1), "peak_memory_gib": round(memory.peak / 2**30, 2)}


def stages_run(log: Path) -> list[str]:
    """The stages that DVC says it ran, in order."""
    return re.findall(r"Running stage '([^']+)'", log.read_text(encoding="utf-8"))


def main() -> None:
    """Measure, print the table, write the JSON."""
    rows: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        clone, log = Path(temporary) / "clone", Path(temporary) / "log"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        commands = [
            ("make repro", ["make", "repro"]),
            ("dvc repro (nothing to do)", ["dvc", "repro"]),
            ("dvc exp run -S lr=1e-3", ["dvc", "exp", "run", "-S", "lr=1e-3"]),
        ]
        for name, command in commands:
            rows[name] = {**measure(command, folder=clone, log=log), "stages": stages_run(log)}
        size = sum(path.stat().st_size for path in (clone / "data").rglob("*") if path.is_file())
        shutil.rmtree(clone, ignore_errors=True)
    record("pipeline", {"data_mib": round(size / 2**20), "commands": rows})
    table = Table("command", "seconds", "peak GiB", "stages run")
    for name, row in rows.items():
        table.add_row(name, str(row["seconds"]), str(row["peak_memory_gib"]), ", ".join(row["stages"]) or "none")
    Console().print(table)
    Console().print(f"written to {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
