"""Numbers of many utterances as short text, and the whole data as JSON that is safe inside HTML."""

import base64
import json
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

NO_LABEL = 255
MISSING = -32768
_PLACE = 32767


def u8(values: ArrayLike) -> str:
    """Whole numbers 0..255 as `u8:<base64>`, row after row."""
    return "u8:" + base64.b64encode(np.ascontiguousarray(values, dtype=np.uint8).tobytes()).decode("ascii")


def i16(values: ArrayLike) -> str:
    """Whole numbers -32768..32767 as `i16:<base64>`, little-endian."""
    return "i16:" + base64.b64encode(np.ascontiguousarray(values, dtype="<i2").tobytes()).decode("ascii")


def shares(values: NDArray[Any]) -> str:
    """Numbers 0..1 as `u8:`, 255 = 1."""
    return u8(np.rint(np.clip(values, 0, 1) * 255))


def places(xy: NDArray[np.float64], present: NDArray[np.bool_]) -> str:
    """Points (n, 2) as `i16:`, the farthest one at the edge; -32768 where there is none.

    Args:
        xy: (n, 2) finite numbers.
        present: (n,).
    """
    far = np.abs(xy[present]).max(initial=0.0) or 1.0
    scaled = np.where(present[:, None], np.rint(xy / far * _PLACE), MISSING)
    return i16(scaled)


def safe_json(data: object) -> str:
    """JSON that nothing can end or open a tag in; the same data give the same text.

    Raises:
        ValueError: a number is not finite.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode("utf-8", "replace").decode("utf-8")
