"""What the program tells its user goes through one logger, to stderr, one line a message.

`EMOTION_LOG=debug|info|warning|error` chooses how much; info is the default.
"""

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_log = logging.getLogger("emotion")
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is now, not to what it was when the program began."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        """The stream is always `sys.stderr`."""


def start(level: str = "") -> None:
    """Show messages from now on; called once by every program, never by importing.

    Args:
        level: a name of `LEVELS`; '' = as `EMOTION_LOG` says.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a character shows its number
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not any(isinstance(handler, _Stderr) for handler in _log.handlers):
        _log.addHandler(_Stderr())
        _log.propagate = False
    _log.setLevel(LEVELS.get(level or os.environ.get("EMOTION_LOG", "").lower(), logging.INFO))


@contextmanager
def quiet() -> Iterator[None]:
    """Meanwhile only warnings and errors are shown."""
    before = _log.level
    _log.setLevel(max(before, logging.WARNING))
    try:
        yield
    finally:
        _log.setLevel(before)


def shown() -> bool:
    """Whether `info` is shown, and so progress."""
    return _log.isEnabledFor(logging.INFO)


def debug(message: str) -> None:
    """What helps to find a fault of the program."""
    _log.debug("%s", message)


def info(message: str) -> None:
    """What was done and where it is."""
    _log.info("%s", message)


def warning(message: str) -> None:
    """What the user should look at, although work goes on."""
    _log.warning("%s", message)


def error(message: str) -> None:
    """Why the program ends."""
    _log.error("%s", message)
