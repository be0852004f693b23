"""Errors that users can fix, shown as one line instead of a traceback, and the exit codes of all our programs.

Exit codes: 0 = done, 1 = an error that the line on stderr explains, 2 = wrong usage of a command, 3 = a model refuses
the material, 130 = interrupted.
"""

import errno
import os
import stat
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from emotion.core import interrupts, logs
from emotion.core.text import printable, shortened

FAILED, USAGE, REFUSED, INTERRUPTED = 1, 2, 3, 130
INTERRUPTED_LINE = "interrupted: run the same command again to continue"


class EmotionError(ValueError):
    """Something the user can fix: the message names the file or utterance, found, expected and the remedy.

    Attributes:
        exit_code: with which a program ends.
    """

    exit_code = FAILED


class MediaError(EmotionError):
    """Audio or video of one utterance cannot be used; the message is kept as the reason of the missing modality."""


class Busy(EmotionError):
    """Another process holds the file."""


ABSENT = "the corpus has none for this utterance"
"""How the reason of a missing modality ends where the corpus itself lacks it: that is no fault of the media."""


def absent_everywhere(reasons: Sequence[str]) -> bool:
    """Whether no utterance has the modality, because the corpus has none: e.g. a table of sound files without video."""
    return bool(reasons) and all(reason.endswith(ABSENT) for reason in reasons)


_REMEDIES = {
    errno.ENOSPC: ("No space left on device", "free some space there and run again"),
    errno.EDQUOT: ("your quota of the disk is used up", "free some space there and run again"),
    errno.EFBIG: ("larger than files may be here", "raise the limit (ulimit -f), or write to another disk"),
    errno.EACCES: ("no right to do that", "change its owner or rights, or choose another place"),
    errno.EPERM: ("no right to do that", "change its owner or rights, or choose another place"),
    errno.EROFS: ("the disk is read-only", "choose another place"),
    errno.EMFILE: ("too many open files", "raise the limit (ulimit -n 4096) and run again"),
    errno.ENFILE: ("too many open files on this machine", "end other programs and run again"),
    errno.EIO: ("the disk reports an error", "look at it (dmesg) before you trust it, then run again"),
    errno.ENOENT: ("it does not exist, or its folder has vanished", "check the path, mount the disk again"),
    errno.ENOTDIR: ("a part of its path is a file, not a folder", "choose another path"),
    errno.EISDIR: ("it is a folder, expected a file", "choose another path"),
    errno.EEXIST: ("a file is there already", "remove it, or choose another path"),
    errno.ENAMETOOLONG: ("its name is too long", "choose a shorter one"),
    errno.ENOMEM: ("out of memory", "end other programs and run again"),
    errno.ELOOP: ("its links lead in a circle", "fix the links"),
    errno.ESTALE: ("the network disk has lost it", "mount the disk again and run again"),
}


def because(error: BaseException) -> tuple[str, str]:
    """Reason and true remedy of an error of the operating system, by its number.

    Args:
        error: an OSError, or what a library made of one (h5py's RuntimeError ends in `errno = 28, ...`).
    """
    number = getattr(error, "errno", None)
    if number is None:
        number = next((known for known in _REMEDIES if f"errno = {known}," in str(error)), None)
    if number in _REMEDIES:
        return _REMEDIES[number]
    if isinstance(error, MemoryError):
        return _REMEDIES[errno.ENOMEM]
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return shortened(str(text)), "run again; if it comes again, report it"


def cannot(action: str, path: Path | str, error: BaseException) -> EmotionError:
    """The error for a file that cannot be read or written: names it, the reason and the remedy.

    Args:
        action: e.g. "be written".
        path: the file or folder.
        error: what the operating system or a library said.
    """
    reason, remedy = because(error)
    blocking = next((str(parent) for parent in Path(path).parents if parent.is_file()), "")
    if blocking:
        reason, remedy = f"{blocking} is a file, not a folder", "choose another path"
    return EmotionError(f"{path}: cannot {action} ({reason}); {remedy}")


def check_waits(path: Path) -> None:
    """Refuse a pipe or a device where a file is to be read: without a writer to open it would wait for ever.

    Raises:
        EmotionError: it is one. What is missing or a folder is for the reader to name.
    """
    with suppress(OSError):
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise EmotionError(f"{path}: is a pipe or a device, expected a file; copy what it gives to a file first")


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Run a program: messages on, every error one line on stderr with a stable exit code, Ctrl-C one line and 130.

    With the environment variable `EMOTION_TRACEBACK=1` the traceback is shown as well.
    """
    logs.start()
    interrupts.raise_from_now_on()
    try:
        yield
        interrupts.over()
    except SystemExit:  # wrong usage, or a command that names its own exit code
        interrupts.over()
        raise
    except KeyboardInterrupt:
        _leave(INTERRUPTED_LINE, INTERRUPTED)
    except EmotionError as error:
        _leave(f"error: {error}", error.exit_code)
    except OSError as error:
        names = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
        reason, remedy = because(error)
        _leave(f"error: {' -> '.join(names) or 'input or output'}: {reason}; {remedy}", FAILED)
    except MemoryError:
        _leave("error: out of memory; end other programs, or set EMOTION_WORKERS=1, and run again", FAILED)
    except Exception as error:  # a fault of ours: still one line, and how to see more
        where = traceback.extract_tb(error.__traceback__)[-1]
        _leave(
            f"error: {type(error).__name__} in {Path(where.filename).name}:{where.lineno}: "
            f"{shortened(str(error)) or 'no message'}; this is a fault of the program, please report it with what "
            "EMOTION_TRACEBACK=1 shows",
            FAILED,
        )


def _leave(line: str, code: int) -> None:
    """Print the line and end the program; called while the error is handled."""
    if os.environ.get("EMOTION_TRACEBACK") == "1" and code != INTERRUPTED:
        raise
    interrupts.over(interrupted=code == INTERRUPTED)
    logs.error(printable(line))
    sys.stdout.flush()
    raise SystemExit(code) from None
