"""An append-only file of records that survives `kill -9`: the unfinished work of a long extraction.

    magic | record | record | ... | torn record          record = header, meta (JSON), payload (raw bytes)
                                    ^ cut off when the file is opened again

Every record carries the lengths and a checksum of its content, so whatever a kill, a full disk or a lost machine leaves
behind is recognised and cut off; everything before it is used. (An HDF5 file being written gives no such promise: its
index may be on disk in part.) One process at a time may hold a journal.
"""

import contextlib
import fcntl
import itertools
import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from emotion.errors import EmotionError

_MAGIC = b"emotion journal 2\n"
_HEADER = struct.Struct("<4sIQI")  # mark, bytes of meta, bytes of payload, crc32 of both lengths, meta and payload
_MARK = b"rec:"
_BUFFER = 8 << 20  # bytes kept in memory before they are written anyway


class Busy(EmotionError):
    """Another process holds the file."""


def lock(path: Path) -> int:
    """Open a file (created where it is missing) and hold it for this process alone.

    Args:
        path: the file to hold.

    Returns:
        A file descriptor: closing it, or the end of the process however it comes, gives the file free.

    Raises:
        Busy: another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise Busy(f"{path} is held by another process") from None
        try:
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)  # its last holder deleted it between our two calls


def unlock(descriptor: int, path: Path) -> None:
    """Give a file of `lock` free and delete it."""
    path.unlink(missing_ok=True)
    os.close(descriptor)


def sync(path: Path) -> None:
    """Wait until the disk has a file's content, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Journal:
    """Records in the order in which they came; what an earlier process left is kept.

    Args:
        path: the file, created where it is missing.

    Attributes:
        metas: meta of every record, those of earlier processes first.

    Raises:
        Busy: another process writes this journal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metas: list[dict[str, Any]] = []
        self._file = os.fdopen(lock(path), "r+b", buffering=0)
        self._sizes: list[tuple[int, int]] = []  # bytes of meta, bytes of payload
        self._pending = bytearray()
        try:
            self._end = self._scan()
        except BaseException:
            self._file.close()
            raise

    def _scan(self) -> int:
        """Read the intact records, cut off the rest and return where it ends."""
        with self.path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                self._file.truncate(0)
                self._write(_MAGIC, at=0)
                return len(_MAGIC)
            end, total = file.tell(), os.fstat(file.fileno()).st_size
            while (record := _read_record(file.read, total - end)) is not None:
                meta, sizes = record
                self.metas.append(meta)
                self._sizes.append(sizes)
                end += _HEADER.size + sum(sizes)
        self._file.truncate(end)
        return end

    def append(self, meta: Mapping[str, Any], payload: bytes | memoryview) -> None:
        """Add one record; it is on disk after the next `flush`."""
        text = json.dumps(meta, ensure_ascii=False).encode()
        sizes = (len(text), len(payload))
        self._pending += _HEADER.pack(_MARK, *sizes, _checksum(sizes, text, payload)) + text
        self._pending += payload
        self.metas.append(dict(meta))
        self._sizes.append(sizes)
        if len(self._pending) > _BUFFER:
            self.flush()

    def flush(self) -> None:
        """Write what is pending and wait until the disk has it.

        Raises:
            EmotionError: the disk is full or fails; everything up to the flush before is kept.
        """
        self._write(self._pending, at=self._end)
        self._end += len(self._pending)
        self._pending = bytearray()

    def _write(self, data: bytes | bytearray, *, at: int) -> None:
        """Write all of it, or nothing."""
        try:
            self._file.seek(at)
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(at)
            raise EmotionError(
                f"{self.path}: cannot be written ({error.strerror}); free some space there and run again, "
                "finished work is kept"
            ) from None

    def payloads(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """Yield the payloads of flushed records, one in memory at a time.

        Args:
            numbers: of the records, in any order.
        """
        sizes = [_HEADER.size + sum(pair) for pair in self._sizes]
        starts = list(itertools.accumulate(sizes, initial=len(_MAGIC)))
        with self.path.open("rb") as file:
            for number in numbers:
                meta_size, payload_size = self._sizes[number]
                file.seek(starts[number] + _HEADER.size + meta_size)
                yield file.read(payload_size)

    def close(self) -> None:
        """Let go of the file; what was not flushed is lost."""
        self._file.close()

    def delete(self) -> None:
        """Remove the file: the work is finished."""
        self.path.unlink(missing_ok=True)
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read_record(read: Callable[[int], bytes], left: int) -> tuple[dict[str, Any], tuple[int, int]] | None:
    """Meta and sizes of the record that begins here, None at the end or at the first torn record."""
    head = read(_HEADER.size)
    if len(head) < _HEADER.size:
        return None
    mark, meta_size, payload_size, checksum = _HEADER.unpack(head)
    if mark != _MARK or _HEADER.size + meta_size + payload_size > left:
        return None
    sizes = (meta_size, payload_size)
    text, payload = read(meta_size), read(payload_size)
    if _checksum(sizes, text, payload) != checksum:
        return None
    return json.loads(text), sizes


def _checksum(sizes: tuple[int, int], text: bytes, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(text, zlib.crc32(struct.pack("<IQ", *sizes))))
