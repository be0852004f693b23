"""Opening a feature cache: every failure is told by its reason, and only what is damaged is to be deleted."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from emotion.core.errors import EmotionError, cannot
from emotion.core.text import shortened
from emotion.store import trained
from emotion.store.attributes import Value, read_attributes
from emotion.store.layout import SCHEMA, check_lengths
from emotion.store.structure import Foreign, Unfit, check_structure, check_superblock

_LOCKED = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
_ANYWAY = "set HDF5_USE_FILE_LOCKING=FALSE to read it without a lock"
# What h5py, numpy and json raise on damaged content, e.g. where a group stands in a dataset's place.
_DAMAGE = (RuntimeError, KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, AssertionError)


class Damaged(EmotionError):
    """A feature cache that cannot be used.

    Attributes:
        what: is wrong.
    """

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: not a usable cache: {what}; delete it and run {maker(path)} again")
        self.what = what


def open_file(path: Path) -> tuple[h5py.File, dict[str, Value]]:
    """Open a feature cache for reading, with its attributes; nothing is read before its structure is known to be ours.

    Raises:
        EmotionError: it cannot be read, is another kind of file, of another version, or damaged.
    """
    if not path.exists():
        raise EmotionError(f"{path}: no such file; check the path, or run {maker(path)}")
    if not path.is_file():
        raise EmotionError(f"{path}: is no file, expected a feature cache; check the path")
    with reading(path):
        check_superblock(path)
        file = h5py.File(path, "r")
        try:
            attributes = read_attributes(path)  # under the lock that HDF5 holds
            _check_version(path, attributes.get("schema"))
            check_structure(path, file, optional=trained.LISTS)
            check_lengths(file, attributes)
        except BaseException:
            file.close()
            raise
    return file, attributes


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a cache is read into one line.

    Raises:
        EmotionError: names the file, the reason and the remedy.
    """
    try:
        yield
    except EmotionError:
        raise
    except OSError as error:
        raise _by_number(path, error) from None
    except MemoryError:
        size = path.stat().st_size / 2**30
        raise EmotionError(
            f"{path}: does not fit into memory (the file has {size:.1f} GiB); use a machine with more"
        ) from None
    except Foreign as error:
        raise EmotionError(
            f"{path}: not a usable cache: {error}; give the path of a feature cache, or run {maker(path)} to make one"
        ) from None
    except Unfit as error:
        raise Damaged(path, str(error)) from None
    except UnicodeDecodeError:
        raise Damaged(path, "a name or text in it is not UTF-8") from None
    except _DAMAGE as error:
        raise Damaged(path, _inner(error)) from None


def maker(path: Path) -> str:
    """What makes a cache, by its name."""
    if path.stem == "faces":
        return "`dvc repro faces`"
    if path.stem in ("audio", "face", "text"):
        return f"`dvc repro extract@{path.stem}` (imported features: `emotion import`)"
    return "the stage or import that makes it"


def _check_version(path: Path, schema: Value | None) -> None:
    if not isinstance(schema, int):
        raise Foreign("it has no schema")
    if schema < SCHEMA:
        raise EmotionError(
            f"{path}: written by an earlier version (layout {schema}, expected {SCHEMA}); run {maker(path)} again"
        )
    if schema > SCHEMA:
        raise EmotionError(
            f"{path}: written by a later version (layout {schema}, expected {SCHEMA}); update emotion, or run "
            f"{maker(path)} again"
        )


def _by_number(path: Path, error: OSError) -> EmotionError:
    """The error for what the operating system said, through HDF5 or not; without a number it is the content."""
    said = re.search(r"errno = (\d+),", str(error))
    number = error.errno or (int(said[1]) if said else None)
    if number is None:
        return Damaged(path, _inner(error))
    error.errno = number
    if number in _LOCKED:
        return EmotionError(f"{path}: locked by another process: wait until it is done, or {_ANYWAY}")
    if number in _NO_LOCKS:
        return EmotionError(f"{path}: this file system has no locks: {_ANYWAY}")
    return cannot("be read", path, error)


def _inner(error: BaseException) -> str:
    """What HDF5 says in the innermost brackets of its messages, short; other messages as they are."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    found = re.search(r"\((.*)\)\s*$", text, re.DOTALL)
    return f"HDF5 cannot read it ({shortened(found[1] if found else text) or type(error).__name__})"
