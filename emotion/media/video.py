"""Frames of a video in one sequential pass.

Frame i is what is shown from i / fps until (i + 1) / fps. Seeking by time is off by a frame or more in common decoders,
so nothing here seeks: unwanted frames are grabbed (decoded, not converted); the pass stops after the last wanted one.
"""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read when the first video is opened; -8 = quiet

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.errors import MediaError

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class Video:
    """A video file, open for one pass.

    Args:
        path: whatever OpenCV's FFmpeg decodes.

    Attributes:
        fps: frames per second.
        length: s according to the file's header, 0 where it does not say.
        decoded: frames passed so far.

    Raises:
        MediaError: the file is missing, empty or no video; the message begins with the kind of problem.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise MediaError(f"no video file: {path} does not exist")
        if path.stat().st_size == 0:
            raise MediaError(f"empty video file: {path} has 0 bytes")
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        self.fps = float(self._capture.get(cv2.CAP_PROP_FPS)) if self._capture.isOpened() else 0.0
        if not (math.isfinite(self.fps) and 0.1 <= self.fps <= 1000):
            self._capture.release()
            raise MediaError(f"undecodable video: {path} is not a video that OpenCV can open")
        self.length = max(0.0, float(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))) / self.fps
        self.decoded = 0

    def frames(self, wanted: Sequence[int] | NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield the wanted frames in one pass; ends early where the video does.

        Args:
            wanted: numbers of frames, rising.

        Yields:
            Number and picture `(height, width, 3)` uint8 BGR.
        """
        for number in wanted:
            while self.decoded <= number:
                if not self._capture.grab():
                    return
                self.decoded += 1
            good, picture = self._capture.retrieve()
            if not good:
                return
            yield int(number), picture

    def end(self) -> str:
        """Where a pass that ended early ended, for the reason of an utterance that lies behind."""
        seconds = self.decoded / self.fps
        if self.length > seconds + 1.5 / self.fps:
            return f"truncated video: {self.path} ends at {seconds:.2f} s, its header says {self.length:.2f} s"
        return f"utterance beyond the video's end: {self.path} is {seconds:.2f} s long"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.release()


def frame_numbers(start: float, end: float, *, video_fps: float, fps: float) -> NDArray[np.int64]:
    """The frames that show an utterance at a given rate.

    Args:
        start: s.
        end: s, after start.
        video_fps: frames per second of the video.
        fps: frames per second that are wanted; no more than the video has.

    Returns:
        (t,) rising numbers: what is shown at start, start + 1 / fps, ... before end; at least one.
    """
    step = max(1.0, video_fps / fps)  # frames
    count = max(1, math.ceil((end - start) * video_fps / step - 1e-6))
    first = max(0.0, start) * video_fps + 1e-6  # times in an index are rounded: 0.2 s * 15 / s must be frame 3
    numbers: NDArray[np.int64] = np.floor(first + step * np.arange(count)).astype(np.int64)
    return numbers


def half(picture: NDArray[Any], side: str) -> NDArray[Any]:
    """The speaker's part of a picture `(height, width, ...)`: left or right half, or all of it (`full`)."""
    middle = picture.shape[1] // 2
    return {"left": picture[:, :middle], "right": picture[:, middle:], "full": picture}[side]
