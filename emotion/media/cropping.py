"""From the track of a face to the squares that are cut out of its frames."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.media.detectors import Box, Image

_MARGIN = 1.15  # side of the crop in sides of the detector's box, which reaches from brows to chin
_WANDER = 0.25  # in sides of the box: where the face strays further than this from its median, the crop moves with it
_SMOOTH = 2.0  # s, mean over which a moving crop's centre is taken
# IEMOCAP's actors sit still, in rows 112..368 and columns 52..308 of a half of 360x480 px.
_SHAPE, _WINDOW = (480, 360), (52, 112, 256)  # height, width; left, top, side; px


def place(track: Sequence[Box | None], examined: NDArray[np.int64], count: int, *, fps: float) -> NDArray[np.float64]:
    """The square to crop from each of `count` frames, (count, 3) left, top, side in px; one, unless the face strays.

    Args:
        track: box or None per examined frame, at least one box.
        examined: their frame numbers; only as many as there are boxes in `track` are used.
        count: frames.
        fps: frames per second.
    """
    known = [(int(frame), box) for frame, box in zip(examined, track, strict=False) if box is not None]
    values = np.array([(box.x, box.y, box.side) for _, box in known])
    middle = np.median(values, axis=0)
    side = middle[2]
    centres = np.tile(middle[:2], (count, 1))
    if np.abs(values[:, :2] - middle[:2]).max() > _WANDER * side:
        frames = [frame for frame, _ in known]
        reach = round(_SMOOTH * fps / 2)
        for axis in (0, 1):
            moving = np.interp(np.arange(count), frames, values[:, axis])
            weights = np.full(2 * reach + 1, 1 / (2 * reach + 1))
            centres[:, axis] = np.convolve(np.pad(moving, reach, mode="edge"), weights, mode="valid")
    crop_side = side * _MARGIN
    return np.column_stack([centres - crop_side / 2, np.full(count, crop_side)])


def inside(boxes: NDArray[np.float64], *, height: int, width: int) -> NDArray[np.float64]:
    """Whole-pixel squares, pushed into the picture (and made smaller where they are larger than it)."""
    side = np.clip(np.round(boxes[:, 2]), 1, min(height, width))
    left = np.clip(np.round(boxes[:, 0]), 0, width - side)
    top = np.clip(np.round(boxes[:, 1]), 0, height - side)
    return np.column_stack([left, top, side])


def crop(pictures: Sequence[Image], boxes: NDArray[np.float64], *, size: int, roll: float = 0.0) -> Image:
    """Cut squares out of pictures, grey or in colour, and resize them: (t, size, size[, 3]) uint8.

    The squares are (t, 3) left, top, side in px.
    `roll` are the degrees that the face is turned clockwise; the square is turned with it, around its centre.
    """
    clip = np.empty((len(pictures), size, size, *pictures[0].shape[2:]), dtype=np.uint8)
    for out, picture, (left, top, side) in zip(clip, pictures, boxes.astype(int).tolist(), strict=True):
        how = cv2.INTER_AREA if side >= size else cv2.INTER_LINEAR
        square = _turned(picture, left, top, side, roll) if roll else picture[top : top + side, left : left + side]
        cv2.resize(square, (size, size), dst=out, interpolation=how)
    return clip


def _turned(picture: Image, left: int, top: int, side: int, roll: float) -> Image:
    """A square of the picture, (side, side), turned counter-clockwise by `roll` degrees around its centre."""
    middle = (left + (side - 1) / 2, top + (side - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, roll, 1.0)
    matrix[:, 2] -= (left, top)
    return np.asarray(cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)


def fixed_window(*, height: int, width: int) -> NDArray[np.float64] | None:
    """Where IEMOCAP's actors sit: (3,) left, top, side in px of a half; None where it has another shape.

    A half whose pixels were made square (those of television are 8/9 to 12/11 times as wide as high) is such a half.
    """
    scale, usual = height / _SHAPE[0], height / _SHAPE[0] * _SHAPE[1]
    if not 8 / 9 * usual - 1 <= width <= 12 / 11 * usual + 1:
        return None
    left, top, side = scale * np.array(_WINDOW)
    square = np.array([[(left + side / 2) * width / usual - side / 2, top, side]])
    window: NDArray[np.float64] = inside(square, height=height, width=width)[0]
    return window
