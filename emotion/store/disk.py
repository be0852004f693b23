"""Writing HDF5 to a disk that may fail: HDF5 crashes where a write does, so it never learns of it, and we raise."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from emotion.core import interrupts


@contextmanager
def writing(path: Path) -> Iterator["Disk"]:
    """A new file for `h5py.File(..., "w")`.

    Raises:
        OSError: something could not be written; what HDF5 made of it is worth nothing.
        KeyboardInterrupt: Ctrl-C, which waits until HDF5 has let go of the file.
    """
    with path.open("w+b", buffering=0) as file:
        disk = Disk(file)
        with interrupts.put_off(disk.interrupt):
            try:
                yield disk
            except Exception:
                if disk.error is None:
                    raise
        disk.check()


class Disk:
    """A file as h5py wants one; what fails is kept in `error`, and HDF5 is told that all is well.

    Attributes:
        error: the first that occurred; from then on nothing is written any more.
    """

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.error: OSError | KeyboardInterrupt | None = None

    def check(self) -> None:
        """Raise what went wrong so far; not for calls of HDF5's."""
        if self.error is not None:
            raise self.error

    def interrupt(self) -> None:
        """Ctrl-C is one more reason to write nothing any more."""
        self.error = self.error or KeyboardInterrupt()

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it at the current place."""
        view = memoryview(data).cast("B")
        done = 0
        try:
            while done < len(view) and self.error is None:
                done += self._file.write(view[done:]) or 0
        except OSError as error:
            self.error = error
        return len(view)

    def readinto(self, data: memoryview) -> int:
        """Read what was written; zeros where that failed."""
        view = memoryview(data).cast("B")
        with suppress(OSError):
            done = self._file.readinto(view) or 0
            view[done:] = bytes(len(view) - done)
        return len(view)

    def read(self, size: int) -> bytes:
        """The same as bytes; h5py knows a file by it."""
        data = bytearray(size)
        self.readinto(memoryview(data))
        return bytes(data)

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(place, whence)

    def tell(self) -> int:
        """The current place."""
        return self._file.tell()

    def truncate(self, size: int) -> int:
        """Cut or extend the file."""
        try:
            if self.error is None:
                self._file.truncate(size)
        except OSError as error:
            self.error = error
        return size

    def flush(self) -> None:
        """Nothing waits here: the file has no buffer."""
