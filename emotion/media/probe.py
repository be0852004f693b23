"""Decode a whole media file to see whether it can be used, with the decoders that the pipeline uses."""

from pathlib import Path

import av
import soundfile

from emotion.corpus.check import Medium
from emotion.errors import MediaError
from emotion.media.opening import SOUND, check_file, open_container
from emotion.media.video import AFTER_END, Video

_BLOCK = 1 << 20  # samples
_LAST = 2**62  # a frame that no video has


def decode(path: Path) -> Medium:
    """Decode a file to its end.

    Raises:
        MediaError: it is missing, broken or ends before its header says; the message begins with the kind of problem.
    """
    return _sound(path) if path.suffix[1:].upper() in SOUND else _video(path)


def _sound(path: Path) -> Medium:
    check_file(path, "audio")
    try:
        with soundfile.SoundFile(path) as file:
            samples = sum(len(block) for block in file.blocks(blocksize=_BLOCK, dtype="float32", always_2d=True))
            rate, form = file.samplerate, f"{file.channels} channels, {file.samplerate} Hz"
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        raise MediaError(f"undecodable audio: {path} ({_one_line(error)})") from None
    if samples == 0:
        raise MediaError(f"empty audio: {path} has a header and no samples")
    _check_riff(path)
    return Medium(samples / rate, form)


def _check_riff(path: Path) -> None:
    """A wav file that was cut off looks shorter to libsndfile, no worse; its RIFF header knows better."""
    with path.open("rb") as file:
        head = file.read(8)
    said, size = int.from_bytes(head[4:], "little") + 8, path.stat().st_size
    if head[:4] == b"RIFF" and size < said < 0xFFFFFF00:
        raise MediaError(f"truncated audio: {path} has {size} bytes, its header says {said}")


def _video(path: Path) -> Medium:
    with Video(path) as video:
        for _ in video.frames([_LAST]):
            pass
        why = video.end()
        seconds, fps, (height, width) = video.decoded / video.fps, video.fps, video.shape
    if not why.startswith(AFTER_END):
        raise MediaError(why)
    return Medium(seconds, f"{width}x{height}, {fps:.2f} frames/s, {_track(path)}")


def _track(path: Path) -> str:
    """Decode a video's sound and say what it is."""
    try:
        with open_container(path, "audio") as container:
            if not container.streams.audio:
                return "no sound"
            stream = container.streams.audio[0]
            samples = sum(frame.samples for frame in container.decode(stream))
            form = f"{stream.channels} channels, {stream.rate} Hz"
    except av.FFmpegError as error:
        raise MediaError(f"undecodable audio: {path} ({_one_line(error)})") from None
    if samples == 0:
        raise MediaError(f"empty audio: {path} has a sound track without samples")
    return form


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
