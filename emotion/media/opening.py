"""Before a decoder sees a file: is it a file at all, can it be read, does it hold anything itself?"""

import stat
from pathlib import Path
from typing import Final

import av
import soundfile
from av.container import InputContainer

from emotion.errors import MediaError

SOUND: Final = frozenset(soundfile.available_formats()) - {"RAW"}
"""Suffixes of sound files, in capitals; raw samples say nothing of themselves. All else is for FFmpeg."""

# What claims to be a video may be a list of other files; these must not be opened, here or on the network.
_OPTIONS: Final = {"protocol_whitelist": "file"}
_LISTS: Final = frozenset({"concat", "hls", "dash", "imf", "image2", "webm_dash_manifest"})


def check_file(path: Path, kind: str) -> None:
    """Raise where a decoder would hang (a pipe), open something else (a folder) or not say what is wrong.

    Args:
        path: the file.
        kind: `audio` or `video`.

    Raises:
        MediaError: no such file, no regular file, not readable, or empty; the message begins with the kind of problem.
    """
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise MediaError(f"no {kind} file: {path} is a folder, pipe or device")
        path.open("rb").close()
    except FileNotFoundError:
        raise MediaError(f"no {kind} file: {path} does not exist") from None
    except OSError as error:
        raise MediaError(f"unreadable {kind} file: {path} ({error.strerror})") from None
    if state.st_size == 0:
        raise MediaError(f"empty {kind} file: {path} has 0 bytes")


def open_container(path: Path, kind: str) -> InputContainer:
    """Open a file with FFmpeg; to be closed, or used as a context manager.

    Args:
        path: the file.
        kind: `audio` or `video`, what is wanted of it.

    Raises:
        MediaError: FFmpeg cannot read it, or it is a list of other files.
    """
    try:
        container = av.open(str(path), options=_OPTIONS, metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"undecodable {kind}: {path} ({' '.join(str(error).split())})") from None
    if not _LISTS.isdisjoint(container.format.name.split(",")):
        container.close()
        raise MediaError(f"undecodable {kind}: {path} is a list of other files ({container.format.name})")
    return container
