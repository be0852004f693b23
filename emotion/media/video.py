"""Frames of a video in one sequential pass, placed by their time stamps.

Frame i is what is shown at i / fps: of a video with a constant rate its i-th picture; of one with a varying rate
(phones, screen recordings) the last picture whose time stamp, rounded to frames, is not later. So a picture may be
several frames or none, and sound and picture stay together; fps is then the mean, so of a burst not all are seen.
Seeking by time is off by a frame or more in common decoders, so nothing here seeks; the pass stops after the last
wanted frame.

    time stamps   0.00  0.04        0.13  0.16         s, a rate of 25 frames/s with a hole
    pictures      A     B           C     D
    frames        0 A   1 B   2 B   3 C   4 D
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import av
import cv2
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from emotion.errors import MediaError
from emotion.media.opening import check_file, open_container

Image = NDArray[np.uint8]
AFTER_END: Final = "utterance beyond the video's end"

_PLANAR: Final = ("yuv420p", "yuv422p", "yuv444p", "yuv411p", "yuv440p", "nv12", "nv21", "gray")
_SMALLEST: Final = 16  # px, side of a picture that may show something
_FULL_RANGE: Final = 2  # FFmpeg's AVCOL_RANGE_JPEG


class Picture:
    """A decoded frame; nothing is converted before it is asked for.

    Args:
        frame: as decoded.
        shape: height and width in px that it is brought to, where it differs.
    """

    def __init__(self, frame: av.VideoFrame, shape: tuple[int, int]) -> None:
        self._frame, self._shape = frame, shape
        self._halves: dict[str, Image] = {}

    def grey(self, side: str = "full") -> Image:
        """The speaker's part, see `half`: (height, width) uint8, black 0 to white 255."""
        if side not in self._halves:
            luma, narrow = _luma(self._frame)
            if luma.shape != self._shape:
                luma = cv2.resize(luma, self._shape[::-1], interpolation=cv2.INTER_AREA)
            part = half(luma, side)
            self._halves[side] = _widened(part) if narrow else np.ascontiguousarray(part)
        return self._halves[side]


class Video:
    """A video file, open for one pass.

    Args:
        path: whatever FFmpeg decodes.

    Attributes:
        fps: frames per second; the mean where they vary.
        length: s according to the file's header, 0 where it does not say.
        decoded: frames passed so far.
        shape: height and width in px, (0, 0) before the first frame.

    Raises:
        MediaError: the file is missing, empty or no video; the message begins with the kind of problem.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        check_file(path, "video")
        self._container = open_container(path, "video")
        try:
            self._stream = _stream(self._container, path)
            self.fps = _rate(self._stream, path)
        except BaseException:
            self._container.close()
            raise
        self.length = _length(self._container, self._stream, self.fps)
        self.decoded, self.shape = 0, (0, 0)
        self._start = (self._container.start_time or 0) / 1e6  # s; some formats do not begin at 0
        self._coming = self._pictures()
        self._shown: Picture | None = None  # frame `decoded - 1`
        self._next: tuple[int, Picture] | None = None  # what comes after it, and its number

    def frames(self, wanted: Sequence[int] | NDArray[np.int64]) -> Iterator[tuple[int, Picture]]:
        """Yield the wanted frames in one pass; ends early where the video does.

        Args:
            wanted: numbers of frames, rising.

        Yields:
            Number and picture.

        Raises:
            MediaError: the pictures are too small to show anything.
        """
        for number in wanted:
            while self.decoded <= number and self._step():
                pass
            if self.decoded <= number or self._shown is None:
                return
            yield int(number), self._shown

    def end(self, start: float = 0.0, end: float = math.inf) -> str:
        """Why a pass gave nothing for a segment, as the reason of its utterance.

        Args:
            start: s.
            end: s.
        """
        seconds = self.decoded / self.fps
        if end <= max(0.0, start):
            return f"empty segment: {self.path}: {start:g}-{end:g} s, expected an end after the start"
        if self.decoded == 0:
            return f"no picture: {self.path} has a header, but no frame that can be decoded"
        if self.length > seconds + 1.5 / self.fps:
            return f"truncated video: {self.path} ends at {seconds:.2f} s, its header says {self.length:.2f} s"
        return f"{AFTER_END}: {self.path} is {seconds:.2f} s long"

    def _step(self) -> bool:
        """Go on by one frame; False at the end."""
        if self._next is None:
            self._next = next(self._coming, None)
        if self._next is None:
            return False
        number, picture = self._next
        if number <= self.decoded or self._shown is None:
            self._shown, self._next = picture, None
        self.decoded += 1
        return True

    def _pictures(self) -> Iterator[tuple[int, Picture]]:
        """All pictures and their frames' numbers, rising; of two for one frame the second is left out."""
        last = -1
        for frame in self._decode():
            number = last + 1 if frame.time is None else round((frame.time - self._start) * self.fps)
            if not self.shape[0]:
                self.shape = _luma(frame)[0].shape
                if min(self.shape) < _SMALLEST:
                    size = f"{self.shape[1]}x{self.shape[0]}"
                    raise MediaError(f"picture too small: {self.path} has {size} px, expected {_SMALLEST} or more")
            if number > last:
                last = number
                yield number, Picture(frame, self.shape)

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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()


def _stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """The first video track that is no cover picture, to be decoded by one core."""
    tracks = [track for track in container.streams.video if not track.disposition & Disposition.attached_pic]
    if not tracks:
        raise MediaError(f"no video track: {path} has none, expected one")
    stream = tracks[0]
    if stream.codec_context is None:
        raise MediaError(f"undecodable video: {path} needs a decoder that FFmpeg does not have here")
    stream.thread_type, stream.codec_context.thread_count = "NONE", 1
    return stream


def _rate(stream: av.VideoStream, path: Path) -> float:
    """Frames per second."""
    rates = [float(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate]
    sound = [rate for rate in rates if 0.1 <= rate <= 1000]
    if not sound:
        raise MediaError(f"undecodable video: {path} does not say how many frames it has per second")
    return sound[0]


def _length(container: av.container.InputContainer, stream: av.VideoStream, fps: float) -> float:
    """Seconds according to the header."""
    if stream.frames:
        return float(stream.frames) / fps
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1e6


def _luma(frame: av.VideoFrame) -> tuple[Image, bool]:
    """Brightness of a frame (height, width), turned as its player would, and whether it is of 16..235 only."""
    name = frame.format.name
    plane = frame.planes[0]
    if name.replace("yuvj", "yuv") in _PLANAR and plane.line_size > 0:
        luma: Image = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
            : frame.height, : frame.width
        ]
        narrow = name != "gray" and not name.startswith("yuvj") and frame.color_range != _FULL_RANGE
    else:
        luma, narrow = cv2.cvtColor(frame.to_ndarray(format="bgr24"), cv2.COLOR_BGR2GRAY), False
    turns = round(frame.rotation / 90) % 4
    return (np.rot90(luma, turns) if turns else luma), narrow


def _widened(picture: Image) -> Image:
    """The 16..235 of television as 0..255; `addWeighted` is twice as fast as a table."""
    return np.asarray(cv2.addWeighted(picture, 255 / 219, picture, 0, -16 * 255 / 219), dtype=np.uint8)


def frame_numbers(start: float, end: float, *, video_fps: float, fps: float) -> NDArray[np.int64]:
    """The frames that show an utterance at a given rate.

    Args:
        start: s.
        end: s.
        video_fps: frames per second of the video.
        fps: frames per second that are wanted; no more than the video has.

    Returns:
        (t,) rising numbers: what is shown at start, start + 1 / fps, ... before end; at least one, unless the segment
        is empty.
    """
    start = max(0.0, start)
    if end <= start:
        return np.empty(0, dtype=np.int64)
    step = max(1.0, video_fps / fps)  # frames
    count = max(1, math.ceil((end - start) * video_fps / step - 1e-6))
    first = start * video_fps + 1e-6  # times in an index are rounded: 0.2 s * 15 / s must be frame 3
    numbers: NDArray[np.int64] = np.floor(first + step * np.arange(count)).astype(np.int64)
    return numbers


def half(picture: NDArray[Any], side: str) -> NDArray[Any]:
    """The speaker's part of a picture `(height, width, ...)`: left or right half, or all of it (`full`)."""
    middle = picture.shape[1] // 2
    return {"left": picture[:, :middle], "right": picture[:, middle:], "full": picture}[side]
