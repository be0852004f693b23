"""Where training runs, with how many threads, and from which seed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


def device() -> torch.device:
    """CUDA when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


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
