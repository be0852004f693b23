"""Before a decoder sees a file: is it a file at all, can it be read, does it hold anything itself?"""

import errno
import os
import stat
from pathlib import Path

from av.container import InputContainer

from emotion.core.errors import MediaError, cannot
from emotion.corpus import containers


def check_file(path: Path, kind: str) -> None:
    """Raise where a decoder would hang (a pipe), open something else (a folder) or not say what is wrong.

    Raises:
        MediaError: no such file, no regular file, not readable, or empty; the message begins with the kind of problem,
            of an `audio` or `video` file.
    """
    try:
        state = path.stat()
        regular = stat.S_ISREG(state.st_mode)
        if regular:  # to open a pipe would wait for its other end
            path.open("rb").close()
    except FileNotFoundError:
        raise MediaError(f"no {kind} file: {path} does not exist") from None
    except OSError as error:
        blame(path)
        raise MediaError(f"unreadable {kind} file: {path} ({error.strerror})") from None
    except ValueError as error:  # a zero byte in the name
        raise MediaError(f"no {kind} file: {str(path)!r} is no name of a file ({error})") from None
    if not regular:
        raise MediaError(f"no {kind} file: {path} is a folder, pipe or device")
    if state.st_size == 0:
        raise MediaError(f"empty {kind} file: {path} has 0 bytes")


def blame(path: Path) -> None:
    """Raise where this process has no descriptor left: that a file could not be read is then no fault of the file.

    Raises:
        EmotionError: too many files are open; not a MediaError, which would mark the utterance as missing for good.
    """
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))  # does not wait for the other end of a pipe
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise cannot("be read", path, error) from None


def open_container(path: Path, kind: str) -> InputContainer:
    """Open a file with FFmpeg, for its `audio` or `video`; to be closed, or used as a context manager.

    Raises:
        MediaError: FFmpeg cannot read it, or it is a list of other files.
    """
    return containers.open_container(path, problem=f"undecodable {kind}")
