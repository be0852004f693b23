"""One process at a time writes a file or folder; `filelock` does the work."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from emotion.core.errors import Busy, cannot


def lock_of(path: Path) -> Path:
    """The lock's own file, hidden beside what it guards, under the real folder: links to it share one lock."""
    whole = path.parent.resolve() / path.name
    return whole.with_name(f".{whole.name}.lock")


@contextmanager
def hold(path: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold a file or folder for this process alone; the end of the process, however it comes, gives it free.

    Args:
        path: what will be written; its folder is made. It need not exist.
        wait: s to wait for another process.

    Raises:
        Busy: another process holds it.
        EmotionError: the lock cannot be made.
    """
    guard = lock_of(path)
    try:
        guard.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(guard, timeout=wait)
        lock.acquire()
    except Timeout:
        raise Busy(f"{path}: another process is writing it; wait for it or stop it first") from None
    except OSError as error:
        raise cannot("be written", path, error) from None
    try:
        yield
    finally:
        guard.unlink(missing_ok=True)  # while we still hold it: who waits sees that and makes a new one
        lock.release()


@contextmanager
def using(path: Path) -> Iterator[None]:
    """Mark a file that this process will come back to, so that `alone` leaves it; several processes may use one."""
    with ExitStack() as held:
        with suppress(Busy):
            held.enter_context(hold(_use_of(path)))
        yield


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a file that no other process writes (`hold`) or will come back to (`using`), e.g. to remove it.

    Raises:
        Busy: one does.
        EmotionError: the lock cannot be made.
    """
    with hold(path), hold(_use_of(path)):
        yield


def _use_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.use")
