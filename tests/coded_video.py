"""Videos whose every frame tells its own number, in both halves."""

import cv2
import numpy as np

BITS = 12
RIGHT = 2048  # added to the number in the right half
BOX = (40, 40, 96)  # left, top, side of the code in each half, px


def write_coded(path, *, frames, fps=15.0, codec="XVID", size=(360, 240)):
    """A video of `frames` frames; the code is a 4 x 3 grid of black and white cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, size)
    assert writer.isOpened()
    left, top, side = BOX
    for number in range(frames):
        picture = np.full((size[1], size[0], 3), 128, dtype=np.uint8)
        for half, code in enumerate((number, number + RIGHT)):
            bits = np.array([code >> bit & 1 for bit in range(BITS)], dtype=np.uint8).reshape(3, 4) * 255
            cells = np.repeat(np.repeat(bits, side // 3, axis=0), side // 4, axis=1)
            x = left + half * size[0] // 2
            picture[top : top + side, x : x + side] = cells[..., None]
        writer.write(picture)
    writer.release()


def read_code(square):
    """The number in a square picture of the code."""
    height, width = square.shape
    cells = square.reshape(3, height // 3, 4, width // 4).mean(axis=(1, 3))
    return int(((cells.ravel() > 128) << np.arange(BITS)).sum())
