"""What the environment says about how work is done; it never changes a result, no setting of the run."""

import os
import re
from pathlib import Path

from emotion.core.errors import EmotionError
from emotion.core.text import quoted

EXECUTORS = ("local", "ray")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")


def scratch_folder() -> Path:
    """Where interrupted work is kept, outside the outputs that DVC removes before it runs a stage again.

    `DVC_ROOT` names the original project also in queued runs, which work in a temporary copy.
    """
    return Path(os.environ.get("DVC_ROOT", ".")) / ".cache" / "emotion"


def workers() -> int:
    """Number of worker processes: `EMOTION_WORKERS`, else the number of usable cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return wanted_workers() or cores


def wanted_workers() -> int:
    """`EMOTION_WORKERS`, or 0 where it is not set: the executor then takes all cores, or GPUs, that it finds."""
    return _number("EMOTION_WORKERS", least=1, default=0)


def executor() -> str:
    """`EMOTION_EXECUTOR`: who extracts, local (default) or ray."""
    name = os.environ.get("EMOTION_EXECUTOR") or "local"
    if name not in EXECUTORS:
        raise EmotionError(f"EMOTION_EXECUTOR is {quoted(name)}, expected {' or '.join(EXECUTORS)}")
    return name


def device() -> str:
    """`EMOTION_DEVICE`: auto (default), cpu, cuda, cuda:N or mps, where networks run; it may not be there."""
    name = os.environ.get("EMOTION_DEVICE") or "auto"
    if not _DEVICE.fullmatch(name):
        raise EmotionError(f"EMOTION_DEVICE is {quoted(name)}, expected auto, cpu, cuda, cuda:N (N = 0, 1, ...) or mps")
    return name


def patience() -> float:
    """`EMOTION_PATIENCE`: s that a piece of extraction may take besides 20 times its length; 0 = no limit."""
    return float(_number("EMOTION_PATIENCE", least=0, default=300))


def budget() -> int:
    """`EMOTION_BUDGET`: batches that a worker holds in memory at once while it extracts."""
    return _number("EMOTION_BUDGET", least=1, default=4)


def _number(name: str, *, least: int, default: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or len(text) > 9 or int(text) < least:
        raise EmotionError(f"{name} is {quoted(text)}, expected a whole number from {least} to 999999999")
    return int(text)
