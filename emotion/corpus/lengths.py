"""How long a sound or video file is by its own header; nothing is decoded, so thousands of files take seconds."""

import math
from pathlib import Path
from typing import BinaryIO

import av
import soundfile

from emotion.errors import MediaError

_SOUND = {".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".aifc", ".au"}
_BOXED = {".mp4", ".m4v", ".m4a", ".mov"}


def media_length(path: Path) -> float:
    """Length in s, > 0; of several tracks the longest.

    Raises:
        MediaError: the file is missing, empty, cut off or no sound or video, or its header does not say how long it is.
            The message begins with the kind of problem.
    """
    if not path.is_file():
        raise MediaError(f"missing: {path} does not exist")
    if path.stat().st_size == 0:
        raise MediaError(f"corrupt: {path} has 0 bytes")
    suffix = path.suffix.lower()
    try:
        seconds = _sound(path) if suffix in _SOUND else 0.0
        if suffix in _BOXED:
            with path.open("rb", buffering=0) as file:
                seconds = _boxed(file, path)
        seconds = seconds or _any(path)
    except (av.FFmpegError, soundfile.LibsndfileError, ValueError) as error:
        raise error if isinstance(error, MediaError) else MediaError(f"corrupt: {path} ({_one_line(error)})") from None
    if not 0 < seconds < math.inf:
        raise MediaError(f"corrupt: {path} does not say how long it is")
    return seconds


def _sound(path: Path) -> float:
    about = soundfile.info(str(path))
    return float(about.frames) / float(about.samplerate)


def _any(path: Path) -> float:
    with av.open(str(path)) as container:
        return (container.duration or 0) / 1e6  # in microseconds


def _boxed(file: BinaryIO, path: Path) -> float:
    """Length of an MPEG-4 file: box by box to `moov`, in it to `mvhd` (ISO/IEC 14496-12); 0 where that does not say."""
    end = path.stat().st_size
    seconds = -1.0
    for kind, start, stop in _boxes(file, 0, end):
        if stop > end and kind in ("mdat", "moov"):
            raise MediaError(f"corrupt: {path} is cut off: its box {kind} needs {stop} bytes, the file has {end}")
        if kind == "moov":
            heads = [inner for name, inner, _ in _boxes(file, start, stop) if name == "mvhd"]
            seconds = _head(file, heads[0]) if heads else -1.0
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


def _head(file: BinaryIO, start: int) -> float:
    file.seek(start)
    data = file.read(32)
    scale, length = (data[20:24], data[24:32]) if data[:1] == b"\x01" else (data[12:16], data[16:20])
    return int.from_bytes(length) / max(1, int.from_bytes(scale))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
