"""Media that a browser plays: H.264 and AAC in MP4, at most 540x360, seekable to a tenth of a second.

Pictures are upright and have square pixels, as a player shows the file. Nothing of the file but sound and pictures is
taken over: no place, no name, no date.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import OutputContainer
from numpy.typing import NDArray

from emotion.core.errors import MediaError
from emotion.core.files import writing
from emotion.corpus.containers import BROKEN, one_line
from emotion.media.opening import check_file, open_container
from emotion.media.picture import shown_shape

WIDTH, HEIGHT = 540, 360
_KEY = 0.5  # s between key frames
_MOST_RATE = 30  # frames per second
_SOUND_RATE, _SOUND_BITS = 24_000, 48_000  # Hz, bits per second
_TICK = Fraction(1, 90_000)

Draw = Callable[[NDArray[np.uint8], float], None]
"""Draws into a picture (height, width, 3) uint8 RGB, shown at a time in s."""


@dataclass(frozen=True)
class Job:
    """One file to make.

    Attributes:
        video: with pictures; None = sound only.
        sound: None = the video's own, if it has any.
        out: the .mp4 file.
    """

    video: Path | None
    sound: Path | None
    out: Path


def work(job: Job) -> str:
    """Do a job; returns why there is no file, '' where there is one."""
    try:
        transcode(job.video, job.sound, job.out)
    except MediaError as error:
        return str(error)
    return ""


def transcode(
    video: Path | None,
    sound: Path | None,
    out: Path,
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    draw: Draw | None = None,
) -> None:
    """Write pictures and sound as MP4; the same media and libraries give the same bytes.

    Args:
        video: a file with pictures; None = sound only.
        sound: a file with sound; None = that of `video`, if it has any.
        out: the file.
        width: px of a picture at most.
        height: px of a picture at most.
        draw: called with each picture, rising.

    Raises:
        MediaError: a file is missing or cannot be decoded, or there is neither picture nor sound.
        EmotionError: the file cannot be written.
    """
    for path, kind in ((video, "video"), (sound, "audio")):
        if path is not None:
            check_file(path, kind)
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with writing(out) as partial:
        try:
            with av.open(str(partial), "w", format="mp4", options=options) as container:
                pictures = _pictures(container, video, (width, height), draw) if video is not None else iter(())
                _fill(container, pictures, _sound(container, sound or video), str(video or sound))
        except BROKEN as error:
            raise MediaError(f"undecodable media: {video or sound} ({one_line(error)})") from None


def _fill(container: OutputContainer, pictures: Iterator[Any], heard: Iterator[Any], name: str) -> None:
    """Both tracks, packet after packet in the order of time, as players like it."""
    a, b = next(pictures, None), next(heard, None)
    if a is None and b is None:
        raise MediaError(f"no pictures and no sound: {name}")
    while a is not None or b is not None:
        if b is None or (a is not None and a.pts * a.time_base <= b.pts * b.time_base):
            assert a is not None
            container.mux(a)
            a = next(pictures, None)
        else:
            container.mux(b)
            b = next(heard, None)


def _pictures(container: OutputContainer, path: Path, most: tuple[int, int], draw: Draw | None) -> Iterator[Any]:
    """Packets of the pictures; times count from the beginning of the file, as in the index."""
    with open_container(path, "video") as source:
        if not source.streams.video:
            return
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        target: Any = None
        last, key = -1.0, -1.0
        for frame in _frames(source, stream):
            if frame.time is None:
                continue
            time = max(0.0, frame.time - _zero(source))
            if last >= 0 and time - last < 0.9 / _MOST_RATE:
                continue
            last = time
            target = target or _target(container, frame, float(stream.sample_aspect_ratio or 0), most)
            small = _shown(frame, target.width, target.height, time, draw)
            small.pts, small.time_base = round(time / _TICK), _TICK
            wanted = key < 0 or time - key >= _KEY
            key = time if wanted else key
            small.pict_type = av.video.frame.PictureType.I if wanted else av.video.frame.PictureType.NONE
            yield from target.encode(small)
        if last >= 0:
            yield from target.encode(None)


def _target(container: OutputContainer, frame: av.VideoFrame, pixel: float, most: tuple[int, int]) -> Any:  # noqa: ANN401
    """The track for pictures such as the first; see `shown_shape` for `pixel`."""
    target: Any = container.add_stream("libx264", rate=_MOST_RATE)
    height, width = shown_shape(frame, pixel=pixel)
    target.width, target.height = _fit(width, height, most)
    target.pix_fmt = "yuv420p"
    target.time_base = target.codec_context.time_base = _TICK
    target.options = {"preset": "veryfast", "crf": "27", "bf": "0", "threads": "2", "x264-params": "no-info=1"}
    return target


def _shown(frame: av.VideoFrame, width: int, height: int, time: float, draw: Draw | None) -> av.VideoFrame:
    """A picture as it is shown, with what is drawn into it."""
    if quarters := round(frame.rotation / 90) % 4:
        upright = np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), quarters), np.uint8)
        frame = av.VideoFrame.from_ndarray(upright, format="rgb24")
    if draw is not None:
        small = frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA")
        image = np.ascontiguousarray(small.to_ndarray(), np.uint8)
        draw(image, time)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    return frame.reformat(width=width, height=height, format="yuv420p", interpolation="AREA")


def _sound(container: OutputContainer, path: Path | None) -> Iterator[Any]:
    """Packets of the sound, in one or two channels."""
    if path is None:
        return
    with open_container(path, "audio") as source:
        if not source.streams.audio:
            return
        stream = source.streams.audio[0]
        layout = "stereo" if stream.codec_context.channels > 1 else "mono"
        target: Any = container.add_stream("aac", rate=_SOUND_RATE)
        target.layout, target.bit_rate = layout, _SOUND_BITS
        target.codec_context.options = {"flags": "+bitexact"}
        resampler = AudioResampler(format="fltp", layout=layout, rate=_SOUND_RATE)
        for frame in _frames(source, stream):
            for part in resampler.resample(frame):
                yield from target.encode(part)
        for part in resampler.resample(None):
            yield from target.encode(part)
        yield from target.encode(None)


def _frames(source: Any, stream: Any) -> Iterator[Any]:  # noqa: ANN401 - PyAV's streams of either kind
    """Frames of a stream; a damaged packet is left out."""
    for packet in source.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def _zero(source: Any) -> float:  # noqa: ANN401
    """Where the file's first track begins, s."""
    return (source.start_time or 0) / 1e6


def _fit(width: int, height: int, most: tuple[int, int]) -> tuple[int, int]:
    """A size that fits, even in both directions, never larger than it was."""
    scale = min(1.0, most[0] / max(1, width), most[1] / max(1, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
