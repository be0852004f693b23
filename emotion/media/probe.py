"""Decode a whole media file to see whether it can be used, with the decoders that the pipeline uses."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from emotion.core.errors import MediaError
from emotion.corpus.containers import BROKEN, header_length, is_still, one_line, sound_header, stamped_ends
from emotion.corpus.decoded import Medium
from emotion.corpus.level import Level
from emotion.media.opening import check_file, open_container
from emotion.media.track import Sound, blocks, open_sound
from emotion.media.video import Video

_BLOCK: Final = 1 << 18  # samples
_LAST: Final = 2**62  # a frame that no video has
_UNKNOWN: Final = 0xFFFFFF00  # bytes; a header that says so or more was written before the size was known
_SLACK: Final = 0.5  # s by which tracks, cuts and headers of good files differ
_DAMAGED: Final = 0.02  # share of packets; a piece cut out of a longer file begins with one or two that need others


def decode(path: Path, columns: Sequence[str] = ("audio", "video")) -> Medium:
    """Decode a file to its end, for the columns of the index that name it: as `audio` only its sound is asked for.

    Raises:
        MediaError: it is missing, broken, lacks what a column asks for, or ends before its header says; the message
            begins with the kind of problem.
    """
    kind = "video" if "video" in columns else "audio"
    check_file(path, kind)
    try:
        if "video" in columns:
            return _video(path, sound="audio" in columns)
        return _sound(path) if sound_header(path)[0] else _track(path)
    except MediaError:
        raise
    except BROKEN as error:
        raise MediaError(f"undecodable {kind}: {path} ({one_line(error)})") from None


def _sound(path: Path) -> Medium:
    """What libsndfile reads."""
    with soundfile.SoundFile(path) as file:
        level = _walk(path, (block.T for block in file.blocks(_BLOCK, dtype="float32", always_2d=True)))
        rate, channels, form = file.samplerate, file.channels, f"{file.channels} channels, {file.samplerate} Hz"
    if level.samples == 0:
        raise MediaError(f"empty audio: {path} has a header and no samples")
    _check_riff(path)
    return Medium({"audio": level.samples / channels / rate}, form, level)


def _check_riff(path: Path) -> None:
    """A wav file that was cut off looks shorter to libsndfile, no worse; its RIFF header knows better."""
    with path.open("rb") as file:
        head = file.read(8)
    said, size = int.from_bytes(head[4:], "little") + 8, path.stat().st_size
    if head[:4] == b"RIFF" and size < said < _UNKNOWN:
        raise MediaError(f"truncated audio: {path} has {size} bytes, its header says {said}")


def _track(path: Path) -> Medium:
    """The sound of a container."""
    _check_length(path, "audio")
    sound, level = _decode_track(path)
    return Medium({"audio": sound.end / sound.rate}, _form(sound), level)


def _decode_track(path: Path) -> tuple[Sound, Level]:
    with open_container(path, "audio") as container:
        sound, stream = open_sound(container, path)
        level = _walk(path, (block for _, block in blocks(container, stream, sound)))
    if level.samples == 0:
        raise MediaError(f"empty audio: {path} has a sound track without samples")
    if sound.damaged > max(2, _DAMAGED * sound.packets):
        raise MediaError(f"damaged audio: {path}: {sound.damaged} of {sound.packets} packets cannot be decoded")
    return sound, level


def _video(path: Path, *, sound: bool) -> Medium:
    with Video(path) as video:
        for _ in video.frames([_LAST]):
            pass
        if video.decoded == 0:
            raise MediaError(video.end())
        seconds, form = video.decoded / video.fps, f"{video.shape[1]}x{video.shape[0]}, {video.fps:.2f} frames/s"
    stamped = _check_length(path, "video")
    if stamped > seconds + max(_SLACK, 2 / video.fps):
        raise MediaError(
            f"truncated video: {path}: its pictures can be decoded up to {seconds:.2f} s, expected {stamped:.2f} s"
        )
    with open_container(path, "audio") as container:
        if is_still(container) and not sound:
            return Medium({}, f"{video.shape[1]}x{video.shape[0]}, still")
        heard = sound or bool(container.streams.audio)
    if not heard:
        return Medium({"video": seconds}, f"{form}, no sound")
    track, level = _decode_track(path)
    return Medium({"video": seconds, "audio": track.end / track.rate}, f"{form}, {_form(track)}", level)


def _check_length(path: Path, kind: str) -> float:
    """Where the packets of a kind end, s; raise where a file's header promises more than all of its packets hold."""
    with open_container(path, kind) as container:
        said, ends = header_length(container), stamped_ends(container)
    there = max(ends.values(), default=0.0)
    if said > there + _SLACK:
        raise MediaError(f"truncated {kind}: {path} ends at {there:.2f} s, its header says {said:.2f} s")
    return ends.get(kind, 0.0)


def _walk(path: Path, parts: Iterator[NDArray[np.float32]]) -> Level:
    """The level of blocks (channels, t)."""
    level = Level()
    for block in parts:
        if not np.isfinite(block).all():
            raise MediaError(f"audio is not finite: {path} has samples that are no numbers, expected -1 to 1")
        level.add(block)
    return level


def _form(sound: Sound) -> str:
    return f"{sound.channels} channels, {sound.rate} Hz"
