"""Writing files and folders so that neither a kill, a full disk nor a second writer leaves half of one in its place.

lock (.NAME.lock) -> NAME.partial beside it -> on the disk (fsync) -> renamed to NAME -> the folder's names on the disk
"""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from emotion.core.errors import EmotionError, cannot
from emotion.core.locks import hold
from emotion.core.text import quoted

_PATIENCE = 20.0  # s that a writer of one file waits for another
_PARTIAL, _OLD = ".partial", ".partial-old"


@contextmanager
def writing(path: Path, *failures: type[Exception]) -> Iterator[Path]:
    """Yield a name beside `path` to write to; the file takes its place at the end, or is removed after a failure.

    Args:
        path: the file to write; its folder is made.
        failures: what the writing library raises where the disk is full, besides OSError.

    Raises:
        Busy: another process is writing the file.
        EmotionError: the file cannot be written; what was at `path` is untouched.
    """
    check_name(path)
    partial = path.with_name(path.name + _PARTIAL)
    with _one_line(path, *failures), hold(path, wait=_PATIENCE):
        try:
            mode = _new(partial)
            yield partial
            partial.chmod(mode)  # safetensors puts a private file of its own in its place
            sync(partial)
            partial.replace(path)
            sync(path.parent)
        finally:
            partial.unlink(missing_ok=True)


def _new(path: Path) -> int:
    """Make an empty file and return the mode that the umask gives it."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        return stat.S_IMODE(os.fstat(descriptor).st_mode)
    finally:
        os.close(descriptor)


def check_name(path: Path, *, begins: bytes = b"", suffixes: Sequence[str] = ()) -> None:
    """Refuse a path that cannot be a file of ours before anything is done.

    Args:
        path: where a file is to be written.
        begins: how a file begins that may be replaced; b"" = any may.
        suffixes: that it may have, in small letters, the usual one first; it may have none. () = any.

    Raises:
        EmotionError: the path has no name, the suffix of something else, or another kind of file is there.
    """
    if path.name in ("", ".."):
        raise EmotionError(f"{quoted(str(path))} names no file, expected a path that ends in a name")
    if suffixes and path.suffix and path.suffix.lower() not in suffixes:
        raise EmotionError(
            f"{path}: ends in {quoted(path.suffix)}, but a file of another kind is written: name it "
            f"{quoted(path.with_suffix(suffixes[0]).name)}, or ask for the other kind"
        )
    if begins and path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            found = file.read(len(begins))
        if found != begins:
            raise EmotionError(f"{path}: another file is there and is not replaced; choose another name, or remove it")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with the line ends it has; see `writing`."""
    with writing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="")


def move(path: Path, place: Path) -> Path:
    """Put a finished file of the same disk in its place; returns the place.

    Raises:
        Busy: another process is writing the file there.
        EmotionError: it cannot be put there; what was there is untouched.
    """
    check_name(place)
    with _one_line(place), hold(place, wait=_PATIENCE):
        sync(path)
        path.replace(place)
        sync(place.parent)
    return place


def write_all(contents: Mapping[Path, bytes]) -> None:
    """Write files that belong together: all are whole beside their places, on the disk, before the first is swapped in.

    Args:
        contents: path -> content, in the order in which they take their places.

    Raises:
        Busy: another process is writing one of them.
        EmotionError: one cannot be written; all are as they were.
    """
    for path in contents:
        check_name(path)
    partials = {path: path.with_name(path.name + _PARTIAL) for path in contents}
    with ExitStack() as locks:
        for path in sorted(contents):
            locks.enter_context(hold(path, wait=_PATIENCE))
        try:
            for path, content in contents.items():
                with _one_line(path):
                    partials[path].write_bytes(content)
                    sync(partials[path])
            for path, partial in partials.items():
                with _one_line(path):
                    partial.replace(path)
            for folder in {path.parent for path in contents}:
                with _one_line(folder):
                    sync(folder)
        finally:
            for partial in partials.values():
                partial.unlink(missing_ok=True)


@contextmanager
def writing_folder(path: Path, *failures: type[Exception], resume: bool = False) -> Iterator[Path]:
    """Yield a new folder beside `path`; it takes that one's place as a whole at the end, or is removed after a failure.

    Args:
        path: the folder to write; it may exist.
        failures: what the writing library raises where the disk is full, besides OSError.
        resume: begin with what an interrupted run left, and leave it again after a failure.

    Raises:
        Busy: another process is writing the folder.
        EmotionError: the folder cannot be written; what was at `path` is untouched.
    """
    partial, old = path.with_name(path.name + _PARTIAL), path.with_name(path.name + _OLD)
    with _one_line(path, *failures), hold(path):
        _restore(path, old)
        if not resume:
            _remove(partial)
        try:
            partial.mkdir(exist_ok=resume)
            yield partial
            sync_tree(partial)
            _swap(partial, path, old)
        finally:
            if not resume:
                _remove(partial)


def sync(path: Path) -> None:
    """Wait until the disk has a file's content, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until the disk has a folder with everything in it."""
    for root, _, names in os.walk(folder):
        for name in names:
            if not (Path(root) / name).is_symlink():
                sync(Path(root) / name)
        sync(Path(root))


@contextmanager
def _one_line(path: Path, *failures: type[Exception]) -> Iterator[None]:
    expected: tuple[type[Exception], ...] = (OSError, *failures)
    try:
        yield
    except EmotionError:
        raise
    except expected as error:
        raise cannot("be written", path, error) from None


def _restore(path: Path, old: Path) -> None:
    """Bring back what a process that died between the two renames of `_swap` left."""
    if old.exists() and not path.exists():
        old.rename(path)
    _remove(old)


def _swap(partial: Path, path: Path, old: Path) -> None:
    if replaced := path.exists() or path.is_symlink():
        path.rename(old)
    try:
        partial.rename(path)
    except OSError:
        if replaced:
            old.rename(path)  # where that fails too, `_restore` does it next time
        raise
    sync(path.parent)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
