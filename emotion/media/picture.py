"""A decoded picture as it is shown: turned, with square pixels, in grey, no larger than what is cut out of it needs."""

import math
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.corpus.sides import Edges, box_of

Image = NDArray[np.uint8]
Shape = tuple[int, int]  # height, width; px

_PLANAR: Final = ("yuv420p", "yuv422p", "yuv444p", "yuv411p", "yuv440p", "nv12", "nv21", "gray")
_FULL_RANGE: Final = 2  # FFmpeg's AVCOL_RANGE_JPEG
_WIDEST: Final = 4.0  # a pixel that claims to be more times as wide as high, or as high as wide, is taken for square
_SMALLEST: Final = 1.15 * 20 / 240  # crop around a face, in heights of the picture: smaller ones are not found
_MOST: Final = 2_500_000  # px of a picture that is kept, whatever is cut out of it


class Picture:
    """A decoded frame; nothing is converted before it is asked for.

    Args:
        frame: as decoded.
        shape: that it is brought to, where it differs.
        turns: quarter turns counter-clockwise, besides what the file itself asks for.
    """

    def __init__(self, frame: av.VideoFrame, shape: Shape, turns: int = 0) -> None:
        self._frame, self._shape, self._turns = frame, shape, turns
        self._parts: dict[str, Image] = {}
        self._lumas: dict[str, tuple[Image, bool]] = {}
        self._coloured: dict[str, Image] = {}

    def grey(self, side: str = "full") -> Image:
        """The speaker's part, see `part_of`: (height, width) uint8, black 0 to white 255."""
        if side not in self._parts:
            part, narrow = self._part(side)
            self._parts[side] = widened(part) if narrow else np.ascontiguousarray(part)
        return self._parts[side]

    def luma(self, side: str = "full") -> tuple[Image, bool]:
        """The same as it is stored, which is quicker; and whether it is narrow: black is 16, white 235."""
        if side not in self._lumas:
            part, narrow = self._part(side)
            self._lumas[side] = part.copy(), narrow  # a view would keep the whole frame in memory
        return self._lumas[side]

    def rgb(self, side: str = "full") -> Image:
        """The same in colour: (height, width, 3) uint8."""
        if side not in self._coloured:
            whole: NDArray[Any] = self._frame.to_ndarray(format="rgb24")
            quarters = _quarters(self._frame, self._turns)
            whole = np.ascontiguousarray(np.rot90(whole, quarters)) if quarters else whole
            if whole.shape[:2] != self._shape:
                whole = cv2.resize(whole, self._shape[::-1], interpolation=cv2.INTER_AREA)
            self._coloured[side] = np.ascontiguousarray(part_of(whole, side, turns=self._turns))
        return self._coloured[side]

    def _part(self, side: str) -> tuple[NDArray[Any], bool]:
        luma, narrow = _luma(self._frame, self._turns)
        if luma.shape != self._shape:
            luma = cv2.resize(luma, self._shape[::-1], interpolation=cv2.INTER_AREA)
        return part_of(luma, side, turns=self._turns), narrow


def widened(picture: Image) -> Image:
    """The 16..235 of television as 0..255; `addWeighted` is twice as fast as a table."""
    return np.asarray(cv2.addWeighted(picture, 255 / 219, picture, 0, -16 * 255 / 219), dtype=np.uint8)


def shown_shape(frame: av.VideoFrame, *, pixel: float, turns: int = 0) -> Shape:
    """Height and width in px of a decoded frame as it is shown, turned see `Picture`.

    `pixel` is the width of a stored pixel in heights of it; 0 where the file does not say.
    """
    height, width = frame.height, frame.width
    if 1 / _WIDEST <= pixel <= _WIDEST:
        width = max(1, round(width * pixel))
    return (width, height) if _quarters(frame, turns) % 2 else (height, width)


def kept_shape(shape: Shape, *, crop: int) -> Shape:
    """The shape at which pictures of a shape are kept: a whole number of times smaller, where crops lose nothing by it.

    Memory follows it: what is kept of a video of 3840x2160 px for crops of 48 px is 960x540 px. For large crops of very
    large pictures it is 2.5 million px at most, although small faces lose by it. `crop` is the side in px of what will
    be cut out around a face; 0 = keep all.
    """
    if not crop:
        return shape
    height, width = shape
    factor = max(height * _SMALLEST // crop, math.ceil(math.sqrt(height * width / _MOST)), 1)
    return max(1, round(height / factor)), max(1, round(width / factor))


def shrunk(picture: Image, height: int) -> tuple[Image, float]:
    """A copy of at most that height in px, and how many times smaller it is.

    Whole pixels are averaged as far as that goes, the rest is interpolated: five times as fast as averaging parts of
    pixels.
    """
    scale = max(1.0, picture.shape[0] / height)
    for part, how in ((math.floor(scale), cv2.INTER_AREA), (scale / math.floor(scale), cv2.INTER_LINEAR)):
        if part > 1:
            size = (max(1, round(picture.shape[1] / part)), max(1, round(picture.shape[0] / part)))
            picture = np.asarray(cv2.resize(picture, size, interpolation=how), dtype=np.uint8)
    return picture, scale


def part_of(picture: NDArray[Any], side: str, *, turns: int = 0) -> NDArray[Any]:
    """The speaker's part of a picture `(height, width, ...)`, at least one pixel.

    Args:
        picture: as it is shown.
        side: of an utterance, see `emotion.corpus.sides`.
        turns: quarter turns counter-clockwise that the picture was turned by us: a box is of the picture that people
            see in a player.
    """
    middle, box = picture.shape[1] // 2, box_of(side)
    if box is None:
        return {"left": picture[:, :middle], "right": picture[:, middle:], "full": picture}[side]
    left, top, right, bottom = _turned(box, turns)
    height, width = picture.shape[:2]
    return picture[int(top * height) : math.ceil(bottom * height), int(left * width) : math.ceil(right * width)]


def _turned(box: Edges, turns: int) -> Edges:
    for _ in range(turns % 4):
        left, top, right, bottom = box
        box = top, 1 - right, bottom, 1 - left
    return box


def _quarters(frame: av.VideoFrame, turns: int) -> int:
    """Quarter turns counter-clockwise, the file's own and ours."""
    return (round(frame.rotation / 90) + turns) % 4


def _luma(frame: av.VideoFrame, turns: int) -> tuple[Image, bool]:
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
    quarters = _quarters(frame, turns)
    return (np.rot90(luma, quarters) if quarters else luma), narrow
