"""Ctrl-C while Python still imports: one line and exit code 130, as later. Programs import this before all else."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_program: list[bool] = []  # whether this process is one of our programs, which alone may change what Ctrl-C does
_LINE = b"interrupted: run the same command again to continue\n"
_CODE = 130
_raised: list[bool] = []  # whether this program ends because of Ctrl-C


def _leave(number: int, frame: FrameType | None) -> None:
    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _LINE)
    os._exit(_CODE)


def leave_at_once() -> None:
    """From now on Ctrl-C ends the program at once: nothing has begun that could be lost.

    A program that was started with Ctrl-C ignored (in the background of a script) goes on ignoring it.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
        _program.append(True)
        atexit.register(_end)  # registered first, so it is called last


def _end() -> None:
    """Python dies by a signal where Ctrl-C met an `exec`, whatever the exit code; this one stays 130."""
    if _raised:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(_CODE)


def raise_from_now_on() -> None:
    """From now on Ctrl-C is Python's KeyboardInterrupt, which gives everybody time to tidy up."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def put_off(note: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C is not raised but noted: around C code that calls Python and cannot stand an exception there.

    Args:
        note: called instead; whoever puts it off raises KeyboardInterrupt later.
    """
    raised = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not raised or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, lambda number, frame: note())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def over(*, interrupted: bool = False) -> None:
    """The program has said its last word: Ctrl-C while Python tidies up changes nothing any more."""
    if _program:
        ignore()
        _raised.extend([True] * interrupted)


def ignore() -> None:
    """Ctrl-C is for another process to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
