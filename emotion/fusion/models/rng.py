"""Random draws that belong to one part of a batch, whatever runs beside it.

Torch's global generator gives whoever asks first; two threads would get other numbers each time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

_GENERATOR: ContextVar[torch.Generator | None] = ContextVar("generator", default=None)  # each thread has its own


def generator() -> torch.Generator | None:
    """What to draw from, as `generator` of torch's functions: None = the global generator."""
    return _GENERATOR.get()


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """In this thread `generator` starts from a seed, >= 0 and below 2**63."""
    token = _GENERATOR.set(torch.Generator(device).manual_seed(seed))
    try:
        yield
    finally:
        _GENERATOR.reset(token)
