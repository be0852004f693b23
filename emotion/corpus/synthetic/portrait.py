"""Portraits of ten actors: what of a drawn face does not move by itself (head, hair, shirt, wall), painted once."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError

Image = NDArray[np.uint8]
Field = NDArray[np.floating[Any]]
Values = Field | float
Colour = tuple[float, float, float]

WIDTH: Final = 192
HEIGHT: Final = 248
CENTRE: Final = (WIDTH / 2, HEIGHT / 2)
"""Width, height and face centre (x, y) of a drawn patch, px."""


class Look(NamedTuple):
    """What one actor looks like and how lively they are."""

    skin: Colour  # BGR 0..255, as all colours
    hair: Colour  # colour of hair and brows
    iris: Colour  # colour of the eyes
    shirt: Colour  # colour of the shirt
    wall: Colour  # colour of the wall behind
    half_width: float  # half the width of the head, px
    half_height: float  # half the height of the head, px
    jaw: float  # how much the head narrows towards the chin, as a fraction
    eyes: float  # distance of each eye from the middle, px
    brow: float  # thickness of the brows, px
    lips: float  # fullness of the lips relative to others'
    hairline: float  # height of the hairline over the middle, as a fraction of `half_height`
    volume: float  # thickness of the hair around the head, px
    length: float  # length of the hair, 0 (short) .. 1 (to the shoulders)
    light: float  # where the light comes from, -1 (left) .. 1 (right)
    vigour: float  # size of expressions relative to others'
    tempo: float  # speed of movements relative to others'


_COLOURS: Final[dict[tuple[int, str], tuple[Colour, Colour, Colour, Colour, Colour]]] = {
    (1, "F"): ((150, 178, 226), (40, 66, 110), (120, 92, 50), (120, 60, 60), (98, 92, 84)),
    (1, "M"): ((128, 160, 214), (28, 34, 44), (50, 70, 96), (64, 70, 60), (98, 92, 84)),
    (2, "F"): ((96, 132, 190), (22, 22, 30), (34, 44, 62), (90, 120, 150), (70, 84, 92)),
    (2, "M"): ((72, 100, 150), (16, 18, 24), (26, 34, 48), (110, 100, 90), (70, 84, 92)),
    (3, "F"): ((160, 188, 234), (90, 150, 196), (150, 120, 70), (70, 90, 70), (110, 104, 88)),
    (3, "M"): ((142, 172, 222), (60, 92, 140), (140, 104, 66), (130, 96, 66), (110, 104, 88)),
    (4, "F"): ((118, 150, 206), (30, 30, 78), (60, 90, 70), (60, 60, 90), (84, 78, 90)),
    (4, "M"): ((104, 138, 198), (52, 52, 56), (40, 58, 80), (80, 70, 54), (84, 78, 90)),
    (5, "F"): ((136, 166, 216), (36, 50, 84), (90, 80, 46), (100, 76, 110), (90, 96, 80)),
    (5, "M"): ((116, 148, 204), (24, 30, 40), (36, 50, 74), (70, 88, 110), (90, 96, 80)),
}
"""Colours of skin, hair, iris, shirt and wall."""

_SHAPES: Final[dict[tuple[int, str], tuple[float, ...]]] = {
    (1, "F"): (49, 65, 0.30, 21, 4.0, 1.2, 0.62, 9, 0.9, -0.6, 1.05, 0.95),
    (1, "M"): (52, 67, 0.16, 22, 6.5, 0.8, 0.66, 5, 0.0, 0.5, 0.95, 1.05),
    (2, "F"): (48, 64, 0.26, 20, 4.8, 1.3, 0.58, 7, 0.6, 0.6, 0.92, 1.08),
    (2, "M"): (52, 66, 0.14, 23, 7.0, 1.1, 0.72, 4, 0.0, -0.4, 1.08, 0.92),
    (3, "F"): (47, 66, 0.32, 21, 3.4, 1.0, 0.60, 11, 1.0, -0.3, 1.0, 1.1),
    (3, "M"): (51, 64, 0.20, 21, 5.5, 0.8, 0.60, 8, 0.2, 0.7, 0.9, 1.0),
    (4, "F"): (50, 64, 0.24, 22, 4.4, 1.4, 0.64, 8, 0.75, 0.4, 1.1, 0.9),
    (4, "M"): (53, 68, 0.12, 23, 6.0, 0.7, 0.76, 3, 0.0, -0.7, 1.0, 0.96),
    (5, "F"): (48, 65, 0.28, 21, 4.2, 1.2, 0.60, 9, 0.85, 0.2, 1.02, 1.04),
    (5, "M"): (51, 66, 0.18, 22, 6.2, 0.9, 0.68, 6, 0.1, -0.5, 0.97, 0.97),
}
"""The remaining fields of `Look`, in order."""


def look(session: int, gender: str) -> Look:
    """The look of the actor of `session` (1..5) and `gender` (F or M).

    Raises:
        EmotionError: There is no such actor.
    """
    try:
        return Look(*_COLOURS[session, gender], *_SHAPES[session, gender])
    except KeyError:
        raise EmotionError(
            f"no drawn actor for session {session}, gender {gender!r}: expected session 1..5, gender F or M"
        ) from None


@dataclass(frozen=True, eq=False)
class Portrait:
    """One actor ready for drawing."""

    look: Look  # the actor's look
    plain: Image  # head, hair, shirt and wall without brows, eyes and mouth, (HEIGHT, WIDTH, 3) BGR
    smile: Image  # the same with raised cheeks
    frown: Image  # the same with furrows between the brows
    across: Field  # what shifts columns, weights of x, roll, scale and yaw, (4, HEIGHT, WIDTH), px
    down: Field  # what shifts rows, weights of y, roll, scale, pitch and jaw, (5, HEIGHT, WIDTH), px


def _grid(height: int = HEIGHT, width: int = WIDTH) -> tuple[Field, Field]:
    """Columns and rows relative to the centre, each (height, width), px."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    return columns - np.float32(width / 2), rows - np.float32(height / 2)


def _blob(x: Field, y: Field, cx: float, cy: float, sx: float, sy: float) -> Field:
    """A Gaussian hill of height 1 at (cx, cy) with widths sx, sy, px."""
    return np.exp(-0.5 * (((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2)).astype(np.float32)


def _pair(x: Field, y: Field, cx: float, cy: float, sx: float, sy: float) -> Field:
    """Two hills, one on each side of the face."""
    return _blob(np.abs(x), y, cx, cy, sx, sy)


def _inside(distance: Field) -> Field:
    """Coverage 0..1 of an outline given as signed distance (negative inside), px."""
    return np.asarray(np.clip(0.5 - distance, 0.0, 1.0), dtype=np.float32)


def _ellipse(x: Field, y: Field, a: Values, b: float) -> Field:
    """Signed distance to an ellipse with half-axes a, b about (0, 0), roughly, px."""
    return np.asarray((np.sqrt((x / a) ** 2 + (y / b) ** 2) - 1.0) * np.minimum(a, b), dtype=np.float32)


def _over(image: Field, colour: Field | Colour, cover: Field) -> Field:
    """Lay `colour` (BGR or an image) over `image` where `cover` (HEIGHT, WIDTH) is 1."""
    return image + (np.asarray(colour, dtype=np.float32) - image) * cover[..., None]


def _outline(look: Look, x: Field, y: Field) -> Field:
    """Signed distance to the head's outline, narrowing to the chin, px."""
    low = np.clip(y / look.half_height, 0.0, 1.2)
    return _ellipse(x, y, look.half_width * (1.0 - look.jaw * low**2.2), look.half_height)


def _relief(look: Look, x: Field, y: Field) -> Field:
    """Brightness of the bare face relative to its skin colour: rounding, light, sockets, nose, cheeks, chin."""
    radius = (x / look.half_width) ** 2 + (y / look.half_height) ** 2
    shade = 1.06 - 0.30 * np.clip(radius, 0, 1.5) + 0.10 * look.light * x / look.half_width
    shade -= 0.34 * _pair(x, y, look.eyes, -15, 11, 7) + 0.08 * _pair(x, y, look.eyes + 2, -5, 9, 4)
    shade += 0.14 * _blob(x, y, 0, -2, 4, 14) + 0.10 * _blob(x, y, 0, 12, 5, 4) + 0.07 * _blob(x, y, 0, -44, 24, 12)
    shade -= 0.13 * _blob(x, y, -9 * np.sign(look.light), 4, 3.5, 12) + 0.16 * _blob(x, y, 0, 20, 9, 2.6)
    shade -= 0.42 * _pair(x, y, 5.2, 17.5, 2.4, 1.6)
    shade += 0.10 * _pair(x, y, 28, 10, 10, 9) - 0.08 * _pair(x, y, 34, 32, 9, 14)
    shade -= 0.12 * _blob(x, y, 0, 47, 14, 3.5)
    return np.asarray(shade + 0.07 * _blob(x, y, 0, 56, 10, 6), dtype=np.float32)


def _hair(look: Look, x: Field, y: Field) -> tuple[Field, Field]:
    """Coverage of the hair behind the head and of the hair in front of it."""
    a, b = look.half_width, look.half_height
    behind = _inside(_ellipse(x, y + 8, a + look.volume, b + look.volume))
    cut = _inside(y - (-8.0 + look.length * 84.0 + 6.0 * np.cos(x / 9.0)))
    long = _inside(np.abs(x) - (a + look.volume + 2.0 * np.sin(y / 17.0))) * _inside(-y - 4)
    behind = np.maximum(behind, long) * cut
    line = -look.hairline * b + 20.0 * np.abs(x / a) ** 3.0 + 4.0 * look.light * x / a
    front = _inside((y - line) * 0.8) * _inside(_ellipse(x, y + 5, a + 0.7 * look.volume, b + 0.7 * look.volume))
    return behind, front


def _wall(look: Look, x: Field, y: Field) -> Field:
    """The wall with its light and shadow."""
    light = 1.0 + 0.0018 * look.light * x - 0.0012 * y
    return np.asarray(look.wall, dtype=np.float32) * light[..., None]


def _body(image: Field, look: Look, x: Field, y: Field) -> Field:
    """Lay the shirt and the neck over `image`."""
    shoulders = _inside(104.0 + 0.0022 * x**2 - 8.0 * np.exp(-((x / 30.0) ** 2)) - y)
    neck = _inside(np.abs(x) - (0.52 * look.half_width + np.maximum(0.0, y - 84.0) * 0.35)) * _inside(30 - y)
    skin = np.asarray(look.skin, dtype=np.float32) * (0.62 + 0.002 * np.abs(y - 66.0) - 0.0035 * np.abs(x))[..., None]
    image = _over(image, np.asarray(look.shirt) * (1.0 - 0.002 * np.abs(x))[..., None], shoulders)
    return _over(image, skin, neck * _inside(y - 108.0 + 0.02 * x**2))


def _texture(look: Look, x: Field, y: Field, extra: Field | float) -> Image:
    """The actor without brows, eyes and mouth; `extra` is added to the face's brightness."""
    streaks = np.random.default_rng(7).normal(size=(1, WIDTH)).astype(np.float32)
    streaks = 1.0 + 0.10 * cv2.GaussianBlur(np.repeat(streaks, HEIGHT, axis=0), (0, 0), 1.2)
    gloss = streaks * (0.9 + 0.5 * _blob(x, y, 18 * look.light, -58, 26, 10))
    hair = np.asarray(look.hair, dtype=np.float32) * gloss[..., None]
    behind, front = _hair(look, x, y)
    image = _body(_over(_wall(look, x, y), hair * 0.75, behind), look, x, y)
    ears = _inside(_ellipse(np.abs(x) - look.half_width, y + 2, 6.0, 13.0)) * (1.0 - min(look.length, 1.0))
    image = _over(image, np.asarray(look.skin) * 0.8, ears)
    skin = np.asarray(look.skin, dtype=np.float32) * (_relief(look, x, y) + extra)[..., None]
    rosy = 0.35 * _pair(x, y, 27, 14, 10, 9) * look.lips
    skin = skin * (1.0 - rosy[..., None] * np.array([0.18, 0.16, -0.04], dtype=np.float32))
    image = _over(image, skin, _inside(_outline(look, x, y)))
    image = _over(image, hair, front)
    return np.asarray(np.clip(cv2.GaussianBlur(image, (0, 0), 0.6), 0, 255), dtype=np.uint8)


def _fields(look: Look, x: Field, y: Field) -> tuple[Field, Field]:
    """How far the picture follows motion (the head, fading to the patch's rim) and turning (only the features)."""
    rim = np.minimum(np.minimum(CENTRE[0] - 2 - np.abs(x), CENTRE[1] - 2 - np.abs(y)) / 26.0, 1.0)
    head = np.clip(rim, 0.0, 1.0)
    head = (head * head * (3.0 - 2.0 * head)).astype(np.float32)
    inner = np.clip(1.15 - (x / look.half_width) ** 2 - (y / look.half_height) ** 2, 0.0, 1.0)
    jaw = head * _blob(x, y, 0, 58, 26, 14) * (y > 20)
    across = np.stack([head, head * -y, head * x, inner])
    down = np.stack([head, head * x, head * y, inner, jaw])
    return across.astype(np.float32), down.astype(np.float32)


def backdrop(session: int, gender: str, height: int, width: int) -> Image:
    """The actor's wall, shirt and neck for the picture around the patch, centred like it, (height, width, 3) BGR."""
    who, (x, y) = look(session, gender), _grid(height, width)
    image = _body(_wall(who, x, y), who, x, y)
    return np.asarray(np.clip(cv2.GaussianBlur(image, (0, 0), 0.6), 0, 255), dtype=np.uint8)


@lru_cache(maxsize=16)
def prepare(session: int, gender: str) -> Portrait:
    """Paint everything of an actor that does not depend on the moment.

    Raises:
        EmotionError: There is no such actor.
    """
    this = look(session, gender)
    x, y = _grid()
    fold = np.exp(-0.5 * ((np.abs(x) - 13 - 0.55 * (y - 16)) / 2.0) ** 2) * _blob(x, y, 0, 26, 60, 9)
    smile = 0.16 * _pair(x, y, 29, 7, 9, 6) - 0.20 * fold - 0.12 * _pair(x, y, this.eyes + 3, -2, 10, 2)
    smile -= 0.14 * _pair(x, y, 29, 17, 8, 3)
    frown = -0.30 * _pair(x, y, 4.5, -27, 1.8, 6) - 0.14 * _blob(x, y, 0, -20, 16, 5)
    across, down = _fields(this, x, y)
    return Portrait(
        look=this,
        plain=_texture(this, x, y, 0.0),
        smile=_texture(this, x, y, smile.astype(np.float32)),
        frown=_texture(this, x, y, frown.astype(np.float32)),
        across=across,
        down=down,
    )
