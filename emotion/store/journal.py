"""An append-only file of records that survives `kill -9`: the unfinished work of a long extraction.

    magic | record | damaged record | record | ... | torn record      record = header, meta (JSON), payload (raw bytes)
                     ^ passed over                   ^ cut off when the file is opened again

Every header carries the lengths, a checksum of the content and one of itself: whatever a kill, a full disk, a bad
sector or a lost machine leaves behind is recognised. What comes after damage is found by the next header that is whole.
(An HDF5 file being written gives no such promise: its index may be on disk in part.) One process at a time may hold a
journal.
"""

import contextlib
import json
import os
import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, NamedTuple

from emotion.core import logs
from emotion.core.errors import EmotionError, cannot
from emotion.core.locks import hold

_MAGIC = b"emotion journal 3\n"
_ANY_VERSION = b"emotion journal "
_HEADER = struct.Struct("<4sIQII")  # mark, bytes of meta, bytes of payload, crc32 of both contents, crc32 of all that
_MARK = b"rec:"
_BUFFER = 8 << 20  # bytes kept in memory before they are written anyway
_BLOCK = 1 << 20  # bytes read at once
_MOST_META = 16 << 20  # bytes


class _Place(NamedTuple):
    """Where a record lies: its start and the bytes of its meta and payload."""

    start: int
    meta: int
    payload: int

    @property
    def end(self) -> int:
        return self.start + _HEADER.size + self.meta + self.payload


class Journal:
    """Records in the order in which they came; what an earlier process left is kept.

    Args:
        path: the file, created where it is missing.

    Attributes:
        metas: meta of every record, those of earlier processes first.

    Raises:
        Busy: another process writes this journal.
        EmotionError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metas: list[dict[str, Any]] = []
        self._held = contextlib.ExitStack()
        self._held.enter_context(hold(path))
        self._file = self._open()
        self._places: list[_Place] = []
        self._pending = bytearray()
        self._end = 0
        try:
            self._scan()
        except OSError as error:
            self.close()
            raise cannot("be read", path, error) from None
        except BaseException:
            self.close()
            raise

    def _open(self) -> FileIO:
        """The file, made where it is missing."""
        try:
            return FileIO(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666), "r+")
        except OSError as error:
            self._held.close()
            raise cannot("be written", self.path, error) from None

    def _scan(self) -> None:
        """Find the intact records and cut off what comes after the last one."""
        end, damaged = len(_MAGIC), 0
        with self.path.open("rb") as file:
            total, magic = os.fstat(file.fileno()).st_size, file.read(len(_MAGIC))
            for place, meta in _records(file, len(_MAGIC), total):
                damaged += place.start != end
                self.metas.append(meta)
                self._places.append(place)
                end = place.end
        self._end = end
        if magic != _MAGIC:
            if not self._places and magic.startswith(_ANY_VERSION):
                logs.info(f"{self.path}: unfinished work of another version of emotion is not used, it is done again")
            damaged += bool(self._places)  # only the first bytes are
            self._write(_MAGIC, at=0)
        if damaged:
            logs.warning(f"{self.path}: damaged in {damaged} places; what was lost there is done again")
        self._file.truncate(end)

    def append(self, meta: Mapping[str, Any], payload: bytes | memoryview) -> None:
        """Add one record; it is on disk after the next `flush`."""
        text = json.dumps(meta, ensure_ascii=False).encode()
        place = _Place(self._end + len(self._pending), len(text), len(payload))
        self._pending += _header(place, zlib.crc32(payload, zlib.crc32(text))) + text
        self._pending += payload
        self.metas.append(dict(meta))
        self._places.append(place)
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
                self._file.truncate(self._end)
            raise EmotionError(f"{cannot('be written', self.path, error)}; finished work is kept") from None

    def payloads(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """Yield the payloads of flushed records, in the order of these numbers, one in memory at a time."""
        with self.path.open("rb") as file:
            for number in numbers:
                place = self._places[number]
                file.seek(place.start + _HEADER.size + place.meta)
                yield file.read(place.payload)

    def close(self) -> None:
        """Let go of the file; what was not flushed is lost."""
        self._file.close()
        self._held.close()

    def delete(self) -> None:
        """Remove the file: the work is finished."""
        self.path.unlink(missing_ok=True)
        self.close()


def _header(place: _Place, content: int) -> bytes:
    """A record's header; that its own checksum covers the record's place tells it from a copy elsewhere."""
    known = _HEADER.pack(_MARK, place.meta, place.payload, content, 0)[:-4]
    return known + struct.pack("<I", zlib.crc32(known, place.start & 0xFFFFFFFF))


def _records(file: BufferedReader, start: int, total: int) -> Iterator[tuple[_Place, dict[str, Any]]]:
    """Intact records and their metas, from `start` to the end of the file; damage between them is passed over."""
    while (at := _next_header(file, start, total)) is not None:
        place, content = at
        meta = _intact(file, place, content)
        if meta is not None:
            yield place, meta
        # Only the content of a record is damaged where another one follows at once; otherwise look inside it.
        follows = meta is not None or place.end == total or _header_at(file, place.end, total) is not None
        start = place.end if follows else place.start + len(_MARK)


def _next_header(file: BufferedReader, start: int, total: int) -> tuple[_Place, int] | None:
    """The first whole header at or after `start` whose record ends within the file, and its content's checksum."""
    found = _header_at(file, start, total)
    while found is None and start < total:
        file.seek(start)
        block = file.read(_BLOCK + len(_MARK) - 1)
        for hit in re.finditer(_MARK, block):
            found = _header_at(file, start + hit.start(), total)
            if found is not None:
                break
        start += _BLOCK
    return found


def _header_at(file: BufferedReader, start: int, total: int) -> tuple[_Place, int] | None:
    file.seek(start)
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or not head.startswith(_MARK):
        return None
    _, meta, payload, content, _ = _HEADER.unpack(head)
    place = _Place(start, meta, payload)
    return (place, content) if place.end <= total and meta <= _MOST_META and head == _header(place, content) else None


def _intact(file: BufferedReader, place: _Place, content: int) -> dict[str, Any] | None:
    """The meta of a record whose content is as it was written; the payload is read in small blocks."""
    file.seek(place.start + _HEADER.size)
    text = file.read(place.meta)
    checksum, left = zlib.crc32(text), place.payload
    while left > 0 and (block := file.read(min(left, _BLOCK))):
        checksum, left = zlib.crc32(block, checksum), left - len(block)
    if left > 0 or checksum != content:
        return None
    try:
        meta = json.loads(text)
    except (ValueError, RecursionError):  # a forged one: ours are always JSON
        return None
    return meta if isinstance(meta, dict) else None
