"""The attributes of a feature cache, read without HDF5's help.

h5py keeps text attributes in HDF5's global heap, and HDF5 trusts what it finds there: one flipped bit makes it ask for
gigabytes or search for ever. So the few structures that matter are read here, every length checked against the file:

    superblock -> object header of the root -> messages, some in further blocks -> attribute: name, type, value
                                                                 text: length, heap and number -> heap -> its bytes
"""

import os
import struct
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any

from emotion.core.text import quoted
from emotion.store.structure import Unfit

Value = str | int | float
MOST = 64  # attributes
MOST_TEXT = 1 << 20  # bytes of one
_OWN = 3  # attributes that the layout adds: schema, checksum, trained_on
_MOST_HEADER = 1 << 20  # bytes of the root's messages
_ROOT = 64  # where the superblock tells the place of the root's object header
_CONTINUED, _ATTRIBUTE = 0x10, 0x0C  # kinds of messages
_SHARED = 2  # flag of a message that lies elsewhere
_SCALAR = bytes([1, 0, 0, 0, 0, 0, 0, 0])
_TEXT = bytes.fromhex("1901010010000000100000000100000000000800")  # variable length, UTF-8
_WHOLE = bytes.fromhex("100800000800000000004000")  # int64, little endian
_FLOAT = bytes.fromhex("11203f000800000000004000340b0034ff030000")  # float64, little endian


def check_attributes(values: Mapping[str, Any]) -> None:
    """Raise Unfit where an attribute could not be read again: its name, its text, or too many of them."""
    if len(values) > MOST - _OWN:
        raise Unfit(f"there are {len(values)} attributes, expected at most {MOST - _OWN}")
    for name, value in values.items():
        assert name.isascii() and name, f"attribute {name!r}: its name is not ASCII"
        if isinstance(value, str) and len(value.encode()) > MOST_TEXT:
            raise Unfit(f"attribute {name} has {len(value.encode())} bytes, expected at most {MOST_TEXT}")


def read_attributes(path: Path) -> dict[str, Value]:
    """All attributes of the root, sorted by name.

    Raises:
        OSError: the file cannot be read.
        Unfit: they are damaged, too many, or of other kinds than our writer's.
    """
    found: dict[str, Value] = {}
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        for body in _attribute_messages(file, size):
            name, value = _attribute(file, body, size)
            if name in found or len(found) == MOST:
                raise Unfit(f"it has an attribute twice, or more than {MOST} attributes")
            found[name] = value
    return dict(sorted(found.items()))


def _bytes(file: BufferedReader, start: int, count: int, size: int) -> bytes:
    if start + count > size:
        raise Unfit("its attributes point beyond its end")
    file.seek(start)
    return file.read(count)


def _attribute_messages(file: BufferedReader, size: int) -> Iterator[bytes]:
    """The bodies of the attribute messages of the root's object header."""
    (root,) = struct.unpack("<Q", _bytes(file, _ROOT, 8, size))
    version, length = struct.unpack("<B7xI4x", _bytes(file, root, 16, size))
    blocks, seen = [(root + 16, length)], 0
    if version != 1:
        raise Unfit(f"its root has a header of version {version}, expected 1")
    for start, count in blocks:  # grows while it is read
        seen += count + 1
        if seen > _MOST_HEADER:
            raise Unfit(f"its root has a header of more than {_MOST_HEADER} bytes")
        block = _bytes(file, start, count, size)
        at = 0
        while at + 8 <= len(block):
            kind, length, flags = struct.unpack_from("<HHB", block, at)
            body, at = block[at + 8 : at + 8 + length], at + 8 + length
            if kind == _CONTINUED and len(body) >= 16:
                blocks.append(struct.unpack_from("<QQ", body))
            elif kind == _ATTRIBUTE:
                if flags & _SHARED:
                    raise Unfit("an attribute of it lies elsewhere")
                yield body


def _attribute(file: BufferedReader, body: bytes, size: int) -> tuple[str, Value]:
    """Name and value of an attribute message."""
    if len(body) < 8 or body[0] != 1:
        raise Unfit("an attribute of it was changed: it is not written as ours are")
    lengths = struct.unpack_from("<3H", body, 2)
    parts, at = [], 8
    for length in lengths:
        parts.append(body[at : at + length])
        at += -(-length // 8) * 8
    name = parts[0].rstrip(b"\0").decode()
    label = quoted(name, most=40)
    if parts[2] != _SCALAR:
        raise Unfit(f"its attribute {label} was changed: it is no single text or number")
    kind, data = parts[1], body[at:]
    need = {_TEXT: 16, _WHOLE: 8, _FLOAT: 8}.get(kind)
    if need is None or len(data) < need:
        raise Unfit(f"its attribute {label} was changed: its type is not as written, so no checksum can hold")
    if kind == _TEXT:
        length, heap, number = struct.unpack_from("<IQI", data)
        return name, _heap_text(file, length, heap, number, size=size).decode()
    value: int | float = struct.unpack_from("<q" if kind == _WHOLE else "<d", data)[0]
    return name, value


def _heap_text(file: BufferedReader, length: int, heap: int, number: int, *, size: int) -> bytes:
    """A text in a heap: object `number` of the collection at `heap`."""
    if length == 0:
        return b""
    if length > MOST_TEXT:
        raise Unfit(f"an attribute of it has {length} bytes, expected at most {MOST_TEXT}")
    signature, total = struct.unpack("<8sQ", _bytes(file, heap, 16, size))
    if signature == b"GCOL\x01\0\0\0" and total <= 2 * MOST_TEXT:
        objects, at = _bytes(file, heap, total, size), 16
        while at + 16 <= total:
            found, count = struct.unpack_from("<H6xQ", objects, at)
            if found == number != 0 and count == length and at + 16 + count <= total:
                return objects[at + 16 : at + 16 + count]
            if found in (0, number):
                break
            at += 16 + -(-count // 8) * 8
    raise Unfit("the texts of its attributes are not where they should be")
