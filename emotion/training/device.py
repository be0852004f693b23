"""Where training runs, with how many threads, and from which seed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from emotion.core import environment
from emotion.core.errors import EmotionError


def device() -> torch.device:
    """The device that `EMOTION_DEVICE` names; without it, or with `auto`, CUDA where there is one, else the CPU.

    Raises:
        EmotionError: the device is not there, or the name is none.
    """
    name, gpus = environment.device(), torch.cuda.device_count()
    if name == "auto":
        return torch.device("cuda" if gpus else "cpu")
    wanted = torch.device(name)
    if wanted.type == "cuda" and (wanted.index or 0) >= gpus:
        found = f"found {gpus} CUDA device{'s' * (gpus != 1)}"
        raise EmotionError(f"EMOTION_DEVICE is {name}: {found}; see nvidia-smi, or set EMOTION_DEVICE=auto")
    if wanted.type == "mps" and not torch.backends.mps.is_available():
        raise EmotionError("EMOTION_DEVICE is mps: this torch finds no Apple GPU; set EMOTION_DEVICE=auto")
    return wanted


def seed_everything(seed: int) -> None:
    """Seed torch on all devices and ask for deterministic algorithms.

    Operations without a deterministic version only warn, so that foreign pretrained models still run.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # costs 4 % of the time


@contextmanager
def one_thread(module: nn.Module) -> Iterator[int]:
    """One thread for torch while a recurrent network works; yields how many torch had before.

    Its operations are so small that threads which share one wait for each other longer than they work, many times
    longer where other processes run too.
    """
    before = torch.get_num_threads()
    if any(isinstance(part, nn.RNNBase) for part in module.modules()):
        torch.set_num_threads(1)
    try:
        yield before
    finally:
        torch.set_num_threads(before)
