"""A limit on the memory that a piece of work may take, so that what a file asks for never takes the whole machine.

And a way to give back what is free, for work that goes on for hours.
"""

import ctypes
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def at_most(more: int) -> Iterator[None]:
    """Meanwhile this process may take so many bytes more of address space.

    Beyond that there is MemoryError, or what a library makes of it. Without effect where the system does not say how
    much a process has.

    Args:
        more: bytes.
    """
    try:
        now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = now + more
    lower = soft == resource.RLIM_INFINITY or wanted < soft
    if lower:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        if lower:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def give_back() -> None:
    """Give freed memory back to the system.

    The allocator of Linux (glibc) keeps what lies below anything in use: hours of large and small arrays in turn take
    several times what they need. Without effect where the system has another allocator.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
