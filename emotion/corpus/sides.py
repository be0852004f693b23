"""Which part of the picture shows the speaker: `left`, `right`, `full`, or `box l t r b`.

A box has the left, top, right and bottom edge in fractions of the picture's width and height, from its upper left
corner, as a player shows it: `box 0 0 0.5 1` is the left half.
"""

import re
from collections.abc import Mapping
from typing import Final

from emotion.core.errors import EmotionError
from emotion.core.text import quoted

Edges = tuple[float, float, float, float]
"""Left, top, right, bottom; fractions of the picture."""

SIDES: Final = ("left", "right", "full")
EXPECTED: Final = (
    f"one of {', '.join(SIDES)}, or box l t r b in fractions of the picture (0 <= l < r <= 1, 0 <= t < b <= 1)"
)
_BOX: Final = re.compile(r"box((?: (?:[01]|[01]?[.,][0-9]{1,17})){4})")
_DIGITS: Final = 4  # after the point: less than half a pixel of pictures of 4096 px


def tidy_side(text: str) -> str | None:
    """A side as people type it in one spelling; None where it is none."""
    side = " ".join(text.split()).casefold()
    if side in SIDES:
        return side
    found = _BOX.fullmatch(side)
    if found is None:
        return None
    l, t, r, b = (round(float(value.replace(",", ".")), _DIGITS) for value in found[1].split())  # noqa: E741
    return f"box {l:g} {t:g} {r:g} {b:g}" if l < r <= 1 and t < b <= 1 else None


def side(row: Mapping[str, str], place: str) -> str:
    """The part of the picture in column side, `full` where the cell is empty.

    Raises:
        EmotionError: it is none.
    """
    text = row.get("side", "")
    value = tidy_side(text) if text else "full"
    if value is None:
        raise EmotionError(f"{place}: side is {quoted(text)}, expected {EXPECTED}")
    return value


def box_of(side: str) -> Edges | None:
    """The edges of a box in one spelling, see `tidy_side`; None for the other sides."""
    if not side.startswith("box "):
        return None
    left, top, right, bottom = map(float, side.split()[1:])
    return left, top, right, bottom
