"""Commands of a small project in copies of this process, which has their libraries in memory: no seconds of imports."""

import importlib
import os
import runpy
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from benchmarks.small_project import JOBS, Job


def preload() -> None:
    """Import what the commands need, once."""
    for job in JOBS:
        importlib.import_module(job.module)
    importlib.import_module("emotion.cli")


def start(
    folder: Path,
    job: Job,
    *,
    said: Path,
    before: Callable[[], None] = lambda: None,
    after: Callable[[], None] = lambda: None,
) -> int:
    """Start a command in the project's folder, in a process group of its own.

    Args:
        folder: the project.
        job: the command.
        said: file for what it prints.
        before: called in the new process, first.
        after: called there when the command has ended by itself.

    Returns:
        Number of the process.
    """
    process = os.fork()
    if process:
        return process
    code = 99
    try:
        os.setsid()
        descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(descriptor, stream)
        os.chdir(folder)
        sys.argv = [job.name, *job.arguments]
        before()
        code = _run(job.module)
        after()
    finally:
        os._exit(code)


def ended(process: int, *, seconds: float = 600.0) -> int:
    """Wait for a process and return its exit code, negative for a signal; it must end in time."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        number, status = os.waitpid(process, os.WNOHANG)
        if number:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    raise RuntimeError(f"process {process} hangs")


def _run(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 98
    return 0
