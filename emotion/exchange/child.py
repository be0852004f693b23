"""A foreign pickle is read in a process of its own, which may take so much memory and time and no more.

    parent -- path --> child: opcodes, checks -> FOLDER/about.json, FOLDER/<modality>.npy -- files --> parent

Whatever happens to the child is one line in the parent, which itself never sees the pickle: it reads numbers and JSON.
"""

import contextlib
import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from emotion.core import logs, processes
from emotion.core.errors import EmotionError
from emotion.exchange.feature_file import FeatureFile
from emotion.exchange.layouts import Dialogue
from emotion.exchange.table_file import is_table, read_any
from emotion.exchange.unpickling import budget_of

if sys.platform != "win32":
    import resource

_SECONDS = 25.0  # s of computing that any file may take, and:
_SPEED = 1e6  # bytes/s, a tenth of what was measured
_PATIENCE = 2.0  # the clock on the wall may show so many times the computing time: other programs run, too
_LARGE = 200e6  # bytes from which on a line says that it will take a while
_SPARE = 256 << 20  # bytes for what Python itself takes meanwhile
_TABLE = 1 << 30  # bytes for what reading a Parquet file takes besides
_HAND_MADE = "if you trust it, load it where it was made and save plain numpy arrays"


def read_in_child(path: Path, *, text_block: str, folder: Path) -> FeatureFile:
    """Read a feature file as `read_any` does, in a child process with limits.

    What is found is left in `folder`, an empty one of ours; there the features stay until they are used.

    Raises:
        EmotionError: it is no such file, or reading it takes too much memory or time.
    """
    size = path.stat().st_size
    if size > _LARGE:
        logs.info(f"reading {path} ({size / 1e6:,.0f} MB)")
    seconds = _SECONDS + size / _SPEED
    memory = size + 3 * budget_of(size) + _SPARE + (_TABLE if is_table(path) else 0)
    task = (str(path), text_block, str(folder))
    found = processes.run(
        _work, [task], workers=1, start=_bound, arguments=(memory, seconds), limit=lambda _: _PATIENCE * seconds
    )
    for _, result in found:
        if isinstance(result, processes.Lost):
            why = f"more than {seconds:.0f} s of computing" if "SIGXCPU" in result.why else result.why
            raise EmotionError(f"{path}: reading it was stopped: {why}; {_HAND_MADE}")
    return _received(folder)


def _bound(memory: int, seconds: float) -> None:
    """Limit this process, where the system can."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError, ValueError):
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _limit(resource.RLIMIT_AS, taken + memory)
        _limit(resource.RLIMIT_DATA, taken + memory)
    _limit(resource.RLIMIT_CPU, int(seconds) + 5)  # its own start included
    _limit(resource.RLIMIT_CORE, 0)


def _limit(kind: int, most: int) -> None:
    """The soft limit only: it is given back before the answer is sent."""
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _unbound() -> None:
    if sys.platform != "win32":
        for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
            with contextlib.suppress(OSError, ValueError):
                hard = resource.getrlimit(kind)[1]
                resource.setrlimit(kind, (hard, hard))


def _work(task: tuple[str, str, str]) -> None:
    """In the child: read the file and leave what it holds in the folder."""
    path, text_block, folder = task
    try:
        _leave(read_any(Path(path), text_block=text_block), Path(folder))
    except MemoryError:
        _unbound()
        raise EmotionError(
            f"{path}: reading it takes more memory than a file of its size should need, or than there is; {_HAND_MADE}"
        ) from None
    finally:
        _unbound()


def _leave(content: FeatureFile, folder: Path) -> None:
    for modality, values in content.features.items():
        np.save(folder / f"{modality}.npy", values, allow_pickle=False)
        np.save(folder / f"{modality}.unlisted.npy", content.unlisted[modality], allow_pickle=False)
    about = asdict(replace(content, features={}, unlisted={})) | {"names": list(content.features)}
    (folder / "about.json").write_text(json.dumps(about), encoding="ascii")


def _received(folder: Path) -> FeatureFile:
    about: dict[str, Any] = json.loads((folder / "about.json").read_text(encoding="ascii"))
    names = about.pop("names")
    about["dialogues"] = [Dialogue(**dialogue) for dialogue in about["dialogues"]]
    about["features"] = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in names}
    about["unlisted"] = {name: np.load(folder / f"{name}.unlisted.npy", allow_pickle=False) for name in names}
    return FeatureFile(**about)
