"""Frames of a video in one sequential pass, placed by their time stamps.

Frame i is what is shown at i / fps: of a video with a constant rate its i-th picture; of one with a varying rate
(phones, screen recordings) the last picture whose time stamp, rounded to frames, is not later. So a picture may be
several frames or none, and sound and picture stay together; fps is then the mean, so of a burst not all are seen.
Time 0 is where the container's earliest track begins: cut pieces, whose clock may start anywhere, are read as they
are played, and pictures before time 0 are not shown. Where the picture begins later than the sound, there is none
before. Seeking by time is off by a frame or more in common decoders, so nothing here seeks; the pass stops after the
last wanted frame.

    time stamps   0.00  0.04        0.13  0.16         s, a rate of 25 frames/s with a hole
    pictures      A     B           C     D
    frames        0 A   1 B   2 B   3 C   4 D
"""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Self

import av
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from emotion.core.errors import MediaError
from emotion.corpus.containers import is_still, zero
from emotion.media.opening import check_file, open_container
from emotion.media.picture import Picture, kept_shape, shown_shape

AFTER_END: Final = "utterance beyond the video's end"

_SMALLEST: Final = 16  # px, side of a picture that may show something
_LARGEST: Final = {False: 8192 * 4320, True: 100_000_000}  # px of a video's picture, and of a still one
_LEAD: Final = 0.5  # s: a picture that begins so little after the sound is shown from the start
_SLOW: Final = 12.0  # frames/s: below this mean rate a varying one is followed on a finer grid
_GRID: Final = 30.0  # frames/s, of that grid
_LATEST: Final = 1e9  # s, no video is so long


class Video:
    """A video file, or a still picture, open for one pass.

    Args:
        path: whatever FFmpeg decodes.
        crop: px, side of what will be cut out of its pictures, see `kept_shape`; 0 = pictures are kept as they are.
        turns: quarter turns counter-clockwise by which the pictures are turned, besides what the file asks for.

    Attributes:
        fps: frames per second; the mean where they vary, and more where that would be slow.
        length: s according to the file's header, 0 where it does not say.
        still: whether it is one picture, which is shown at any time.
        decoded: frames passed so far.
        over: whether the pass has come to the end.
        shape: height and width in px as shown, (0, 0) before the first frame.

    Raises:
        MediaError: the file is missing, empty or no video, or its pictures are too large; the message begins with the
            kind of problem.
    """

    def __init__(self, path: Path, *, crop: int = 0, turns: int = 0) -> None:
        self.path = path
        check_file(path, "video")
        self._container = open_container(path, "video")
        try:
            self.still = is_still(self._container)
            self._stream = _stream(self._container, path, most=_LARGEST[self.still])
            self.fps = _rate(self._stream)
        except BaseException:
            self._container.close()
            raise
        self._start = zero(self._container)
        self.length = 0.0 if self.still else _length(self._container, self._stream)
        self.decoded, self.over, self.shape = 0, False, (0, 0)
        self._crop, self._turns = crop, turns
        self._kept = (0, 0)
        self._first = 0  # frame that shows something
        self._last: tuple[int, av.VideoFrame] | None = None  # the last picture so far, and its number
        self._coming = self._pictures()
        self._shown: Picture | None = None  # frame `decoded - 1`
        self._next: tuple[int, Picture] | None = None  # what comes after it, and its number

    def at(self, number: int) -> Picture | None:
        """What is shown in a frame; None before the first picture, or where the pass has come to the end (`over`).

        The number is not smaller than any before.

        Raises:
            MediaError: the pictures are too small to show anything, or too large.
        """
        number = 0 if self.still else number
        while self.decoded <= number and not self.over:
            self.over = not self._step()
        return None if self.over or number < self._first else self._shown

    def frames(self, wanted: Iterable[int]) -> Iterator[tuple[int, Picture]]:
        """Number and picture of the wanted frames, rising, in one pass; ends early where the video does."""
        for number in wanted:
            picture = self.at(int(number))
            if picture is not None:
                yield int(number), picture
            elif self.over:
                return

    def end(self, start: float = 0.0, end: float = math.inf) -> str:
        """Why a pass gave nothing for a segment (s), as the reason of its utterance."""
        seconds = self.decoded / self.fps
        if end <= max(0.0, start):
            return f"empty segment: {self.path}: {start:g}-{end:g} s, expected an end after the start"
        if self.decoded == 0:
            return f"no picture: {self.path} has a header, but no frame that can be decoded"
        if end * self.fps <= self._first:
            begin = self._first / self.fps
            return f"no picture yet: {self.path} has its first at {begin:.2f} s, the segment is {start:g}-{end:g} s"
        if self.length > seconds + 1.5 / self.fps:
            return f"truncated video: {self.path} ends at {seconds:.2f} s, its header says {self.length:.2f} s"
        return f"{AFTER_END}: {self.path} is {seconds:.2f} s long"

    def _step(self) -> bool:
        """Go on by one frame; False at the end."""
        if self._next is None:
            self._next = next(self._coming, None)
        if self._next is None:
            if self.decoded >= self._until():
                return False
        elif self._next[0] <= self.decoded or self._shown is None:
            if self._shown is None and self._next[0] > _LEAD * self.fps:
                self._first = self._next[0]
            self._shown, self._next = self._next[1], None
        self.decoded += 1
        return True

    def _pictures(self) -> Iterator[tuple[int, Picture]]:
        """All pictures and their frames' numbers, rising; of two for one frame the second is left out."""
        last = -1
        for frame in self._decode():
            number = last + 1 if frame.time is None else round((frame.time - self._start) * self.fps)
            if not self.shape[0]:
                self._measure(frame)
            if number > last:
                last = number
                self._last = number, frame
                yield number, Picture(frame, self._kept, self._turns)

    def _measure(self, frame: av.VideoFrame) -> None:
        """All pictures are brought to the shape of the first."""
        pixel = float(self._stream.sample_aspect_ratio or 0)
        self.shape = shown_shape(frame, pixel=pixel, turns=self._turns)
        if min(self.shape) < _SMALLEST:
            size = f"{self.shape[1]}x{self.shape[0]}"
            raise MediaError(f"picture too small: {self.path} has {size} px, expected {_SMALLEST} or more")
        self._kept = kept_shape(self.shape, crop=self._crop)

    def _until(self) -> int:
        """The frame before which the last picture is shown: it has one, or more where the file says so."""
        if self._last is None:
            return 0
        number, frame = self._last
        if not (self.length and frame.duration and frame.time_base):
            return number + 1
        shown = min(float(frame.duration * frame.time_base) * self.fps, self.length * self.fps - number)
        return number + max(1, round(shown))

    def _decode(self) -> Iterator[av.VideoFrame]:
        """Frames as they come; a damaged packet costs its own frame only."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError):
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except (av.FFmpegError, OSError, ValueError):
                continue
            yield from frames

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()


def _stream(container: av.container.InputContainer, path: Path, *, most: int) -> av.VideoStream:
    """The first video track that is no cover picture, to be decoded by one core; pictures of `most` px at most."""
    tracks = [track for track in container.streams.video if not track.disposition & Disposition.attached_pic]
    if not tracks:
        raise MediaError(f"no video track: {path} has none, expected one")
    stream = tracks[0]
    codec = stream.codec_context
    if codec is None:
        raise MediaError(f"undecodable video: {path} needs a decoder that FFmpeg does not have here")
    if codec.width * codec.height > most:
        size = f"{codec.width}x{codec.height} px"
        raise MediaError(f"picture too large: {path} has {size}, expected {most / 1e6:.0f} million px or fewer")
    codec.options = {"max_pixels": str(most)}  # of pictures that grow on the way; they are passed over
    stream.thread_type, codec.thread_count = "NONE", 1
    return stream


def _rate(stream: av.VideoStream) -> float:
    """Frames per second on whose grid the time stamps are put."""
    known = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    rates = [float(rate) for rate in known if rate and 0.1 <= rate <= 1000]
    if not rates:
        return _GRID
    if rates[0] < _SLOW and max(rates) > 1.05 * rates[0]:  # a mean of fast and slow parts
        return max(rates[0], min(max(rates), _GRID))
    return rates[0]


def _length(container: av.container.InputContainer, stream: av.VideoStream) -> float:
    """Seconds of the picture according to the header; 0 where it does not say.

    A container's own length is that of its longest track, so it counts only where there is no other. Matroska's lengths
    count from 0, also in a piece whose clock starts later. MPEG-4 counts frames that are not shown, too: those before
    the place where a piece was cut out.
    """
    start = max(0, container.start_time or 0) / 1e6
    duration = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    hides = duration and "mp4" in container.format.name.split(",")
    if stream.frames and stream.average_rate and not hides:
        return float(stream.frames / stream.average_rate)
    if duration:
        return duration
    if tag := _seconds(stream.metadata.get("DURATION", "")):
        return max(0.0, tag - start)
    return max(0.0, (container.duration or 0) / 1e6 - start) if len(container.streams) == 1 else 0.0


def _seconds(text: str) -> float:
    """Of Matroska's `hh:mm:ss.fffffffff`; 0 where it is something else."""
    parts = text.split(":")
    try:
        return sum(float(part) * scale for part, scale in zip(parts, (3600, 60, 1), strict=True))
    except ValueError:
        return 0.0


def frame_numbers(start: float, end: float, *, video_fps: float, fps: float) -> NDArray[np.int64]:
    """The frames that show an utterance from `start` to `end` (s) at `fps`, or the video's rate where that is lower.

    Returns:
        (t,) rising numbers: what is shown at start, start + 1 / fps, ... before end; at least one, unless the segment
        is empty. Memory follows the length.
    """
    start = max(0.0, start)
    if end <= start or start > _LATEST:
        return np.empty(0, dtype=np.int64)
    step = max(1.0, video_fps / fps)  # frames
    count = max(1, math.ceil((end - start) * video_fps / step - 1e-6))
    first = start * video_fps + 1e-6  # times in an index are rounded: 0.2 s * 15 / s must be frame 3
    numbers: NDArray[np.int64] = np.floor(first + step * np.arange(count)).astype(np.int64)
    return numbers
