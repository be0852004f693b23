"""How long a sound or video file is.

By its own header, so thousands of files take seconds; by reading it where that does not say (what a browser records) or
may count from another zero (a piece cut out of a longer file).
"""

import math
from pathlib import Path
from typing import BinaryIO

from emotion.core.errors import MediaError
from emotion.corpus.containers import (
    BROKEN,
    header_length,
    is_still,
    one_line,
    open_container,
    sound_header,
    stamped_ends,
    starts_late,
)

_RATES = (500, 1_000_000)  # Hz
_BOXED = {".mp4", ".m4v", ".m4a", ".mov"}
_EDITS = 16  # entries of a track's edit list that are looked at


def media_length(path: Path) -> float:
    """Length in s, counted from where the first of its tracks begins; of several tracks the longest.

    Returns:
        More than 0; of a single picture, which is shown at any time, 0.

    Raises:
        MediaError: the file is missing, empty, cut off or no sound or video. The message begins with the kind of
            problem.
    """
    try:
        if not path.is_file():
            raise MediaError(f"missing: {path} does not exist")
        if path.stat().st_size == 0:
            raise MediaError(f"corrupt: {path} has 0 bytes")
        return _length(path)
    except BROKEN as error:  # MediaError is one of them
        text = str(error) if isinstance(error, MediaError) else f"{path} ({one_line(error)})"
        raise MediaError(text if text.startswith(("missing: ", "corrupt: ")) else f"corrupt: {text}") from None


def _length(path: Path) -> float:
    samples, rate = sound_header(path)
    if samples:
        if not _RATES[0] <= rate <= _RATES[1]:
            says = f"{path} says that it has {rate} samples a second"
            raise MediaError(f"corrupt: {says}, expected {_RATES[0]} to {_RATES[1]}")
        return samples / rate
    if path.suffix.lower() in _BOXED:
        with path.open("rb", buffering=0) as file:
            seconds = _boxed(file, path)
        if seconds > 0:
            return seconds
    with open_container(path, problem="corrupt") as container:
        if is_still(container):
            return 0.0
        seconds = 0.0 if starts_late(container) else header_length(container)
        seconds = seconds or max(stamped_ends(container).values(), default=0.0)
    if not 0 < seconds < math.inf:
        raise MediaError(f"corrupt: {path} has a header, but no sound and no picture")
    return seconds


def _boxed(file: BinaryIO, path: Path) -> float:
    """Length of an MPEG-4 file: box by box to `moov`, in it to `mvhd` (ISO/IEC 14496-12); 0 where that does not say."""
    end = path.stat().st_size
    seconds = -1.0
    for kind, start, stop in _boxes(file, 0, end):
        if stop > end and kind in ("mdat", "moov"):
            raise MediaError(f"corrupt: {path} is cut off: its box {kind} needs {stop} bytes, the file has {end}")
        if kind == "moov":
            seconds = _movie(file, start, stop)
    if seconds < 0:
        raise MediaError(f"corrupt: {path} has no moov box: it is no MPEG-4 file, or its end is missing")
    return seconds


def _boxes(file: BinaryIO, start: int, end: int) -> list[tuple[str, int, int]]:
    """Kind, first byte of the content and end of the boxes that begin between `start` and `end`."""
    found = []
    while start + 8 <= end:
        file.seek(start)
        head = file.read(16)
        size, kind, inner = int.from_bytes(head[:4]), head[4:8].decode("latin-1"), 8
        if size == 1:  # a 64-bit size follows
            size, inner = int.from_bytes(head[8:16]), 16
        if size == 0:  # to the end
            size = end - start
        if size < inner:
            break
        found.append((kind, start + inner, start + size))
        start += size
    return found


def _movie(file: BinaryIO, start: int, stop: int) -> float:
    """Length by `mvhd`, less the time before the first track begins; -1 where there is no `mvhd`."""
    parts = _boxes(file, start, stop)
    heads = [inner for name, inner, _ in parts if name == "mvhd"]
    if not heads:
        return -1.0
    file.seek(heads[0])
    data = file.read(32)
    scale, length = (data[20:24], data[24:32]) if data[:1] == b"\x01" else (data[12:16], data[16:20])
    late = [_late(file, inner, end) for name, inner, end in parts if name == "trak"]
    return (int.from_bytes(length) - min(late, default=0)) / max(1, int.from_bytes(scale))


def _late(file: BinaryIO, start: int, stop: int) -> int:
    """How long a track waits before it begins, in units of `mvhd`: the empty edits at the top of its list `elst`."""
    for name, inner, end in _boxes(file, start, stop):
        if name in ("edts", "elst"):
            if name == "edts":
                return _late(file, inner, end)
            file.seek(inner)
            data = file.read(min(end - inner, 8 + 20 * _EDITS))
            size = 8 if data[:1] == b"\x01" else 4  # bytes of a time
            late = 0
            for at in range(8, len(data) - 2 * size - 3, 2 * size + 4):
                if data[at + size : at + 2 * size] != b"\xff" * size:
                    break
                late += int.from_bytes(data[at : at + size])
            return late
    return 0
