"""Drawn faces: brows, eyes and mouth of a pose on an actor's portrait, then the whole head moved by one warp."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.corpus.synthetic.expression import Pose
from emotion.corpus.synthetic.portrait import CENTRE, HEIGHT, WIDTH, Colour, Field, Image, Look, Portrait

_U: Final = np.linspace(-1.0, 1.0, 13)
_BULGE: Final = 1.0 - _U**2
_ROUND: Final = np.sqrt(_BULGE)
_TURN: Final = np.linspace(0.0, 2.0 * np.pi, 15)[:-1]
_CIRCLE: Final = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_SHIFT: Final = 4
_LIPS: Final = 36.0
_BROWS: Final = -27.0
_EYES: Final = -13.0

Points = NDArray[np.float64]


def _fixed(points: Points) -> NDArray[np.int32]:
    """Points (n, 2) relative to the face's centre as cv2's fixed-point picture coordinates."""
    return np.rint((points + CENTRE) * (1 << _SHIFT)).astype(np.int32)


def _fill(image: Image, points: Points, colour: Colour) -> None:
    """Fill a polygon, points (n, 2) px relative to the face's centre."""
    cv2.fillPoly(image, [_fixed(points)], colour, cv2.LINE_AA, _SHIFT)


def _line(image: Image, points: Points, colour: Colour, width: int = 1) -> None:
    """Draw an open line, points (n, 2) px relative to the face's centre."""
    cv2.polylines(image, [_fixed(points)], False, colour, width, cv2.LINE_AA, _SHIFT)


def _curve(x: Points, y: Points) -> Points:
    """Columns x and rows y as points (n, 2)."""
    points = np.empty((len(x), 2))
    points[:, 0], points[:, 1] = x, y
    return points


def _band(x: Points, top: Points, bottom: Points) -> Points:
    """The polygon between two curves over the same columns."""
    return np.concatenate([_curve(x, top), _curve(x, bottom)[::-1]])


def _tint(colour: Colour, factor: float) -> Colour:
    """A darker or lighter colour."""
    return (min(colour[0] * factor, 255.0), min(colour[1] * factor, 255.0), min(colour[2] * factor, 255.0))


def _eye(image: Image, look: Look, pose: Pose, side: int) -> None:
    """One eye: white, iris cut off by the lids, lashes and the lid's crease."""
    x = side * look.eyes + 11.5 * _U
    slant = side * _U  # -1 at the inner, 1 at the outer corner
    lift = 0.16 * (pose.inner * (1.0 - slant) + pose.outer * (1.0 + slant))
    low = _EYES + (3.6 - 1.6 * pose.cheek) * _BULGE - 0.8 * slant
    opening = 9.6 * pose.lid - 1.6 * pose.cheek * min(pose.lid, 1.0)
    lift[[0, -1]] = 0.0
    high = np.minimum(low - opening * _ROUND * (0.55 + 0.45 * _BULGE) - min(pose.lid, 0.6) * lift, low)
    _line(image, _curve(x, high - 3.5 - 0.5 * slant), _tint(look.skin, 0.5))
    if opening > 1.0:
        _fill(image, _band(x, high, low), (226.0, 230.0, 234.0))
        middle = (side * look.eyes + 0.2 * pose.yaw, _EYES - 1.2 + 0.2 * pose.pitch)
        for size, colour in ((5.2, look.iris), (2.4, (12.0, 10.0, 10.0))):
            disc = _CIRCLE * size + middle
            disc[:, 1] = np.clip(disc[:, 1], np.interp(disc[:, 0], x, high), np.interp(disc[:, 0], x, low))
            _fill(image, disc, colour)
        _line(image, _curve(x, low), _tint(look.skin, 0.55))
    _line(image, _curve(x, high), (24.0, 22.0, 26.0), 2)


def _brow(image: Image, look: Look, pose: Pose, side: int) -> None:
    """One brow: a tapering arch between its inner and outer end."""
    along = (_U + 1.0) / 2.0
    x = side * (look.eyes - 13.0 - 1.5 * pose.frown + (27.0 + 1.0 * pose.frown) * along)
    arch = 3.2 * np.sin(np.pi * np.clip(along * 0.9 + 0.05, 0.0, 1.0)) ** 1.2
    middle = _BROWS - pose.inner * (1.0 - along) ** 1.3 - pose.outer * along - arch + 1.0 * along
    thick = look.brow * (0.35 + 0.65 * np.sqrt(np.clip(1.0 - along**2.5, 0.0, 1.0))) / 2.0
    _fill(image, _band(x, middle - thick, middle + thick), _tint(look.hair, 0.7))


def _mouth(image: Image, look: Look, pose: Pose) -> None:
    """Both lips around a gap with teeth; smiling widens, pressing thins the lips."""
    half = 19.5 + 0.75 * max(pose.corner, 0.0) + 0.25 * min(pose.corner, 0.0) + 1.0 * pose.press - 3.0 * pose.open
    x = half * _U
    bend = np.abs(_U) ** 2.0
    seam = _LIPS + 0.3 * pose.corner - 1.3 * pose.corner * bend
    gap = 15.0 * pose.open
    top, bottom = seam - 0.25 * gap * _BULGE, seam + 0.75 * gap * _BULGE
    thin = 1.0 - 0.65 * pose.press
    bow = 1.0 - 0.25 * np.exp(-((_U / 0.14) ** 2))
    upper = top - 4.4 * look.lips * thin * _BULGE**0.8 * bow
    lower = bottom + 5.6 * look.lips * thin * _BULGE**0.8
    red = (look.skin[0] * 0.62, look.skin[1] * 0.58, look.skin[2] * 0.82)
    _fill(image, _band(x, upper, top), _tint(red, 0.84))
    _fill(image, _band(x, bottom, lower), red)
    if gap > 1.0:
        _fill(image, _band(x, top, bottom), (34.0, 26.0, 58.0))
        teeth = np.minimum(top + min(0.45 * gap, 4.5) * _BULGE, bottom)
        _fill(image, _band(x, top, teeth), (214.0, 222.0, 226.0))
    _line(image, _curve(x, top), _tint(red, 0.42), 1 if gap > 1.0 else 2)
    _line(image, _curve(x, 0.5 * (bottom + lower))[4:9], _tint(red, 1.14))


class Painter:
    """Draws one actor's face again and again, re-using its buffers."""

    def __init__(self, portrait: Portrait) -> None:
        self.portrait = portrait
        rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        self._rest: tuple[Field, Field] = (columns, rows)
        self._map: tuple[Field, Field] = (np.empty_like(columns), np.empty_like(rows))

    def draw(self, pose: Pose) -> Image:
        """Draw the face in a pose, (HEIGHT, WIDTH, 3) BGR, uint8."""
        who = self.portrait
        cheek, frown = min(pose.cheek, 1.0), min(pose.frown, 1.0)
        image: Image = cv2.addWeighted(who.plain, 1.0 - cheek, who.smile, cheek, 0.0)
        image = cv2.addWeighted(image, 1.0 - frown, who.frown, frown, 0.0)
        for side in (-1, 1):
            _eye(image, who.look, pose, side)
            _brow(image, who.look, pose, side)
        _mouth(image, who.look, pose)
        roll = np.deg2rad(pose.roll)
        across = self._shift(0, who.across, (pose.x, roll, pose.scale, pose.yaw))
        down = self._shift(1, who.down, (pose.y, roll, pose.scale, pose.pitch, 4.0 * pose.open))
        moved: Image = cv2.remap(image, across, down, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
        return moved

    def _shift(self, axis: int, fields: Field, weights: tuple[float, ...]) -> Field:
        """Where each picture element comes from along one axis, px; elementwise, so threads cannot change sums."""
        place = self._map[axis]
        np.copyto(place, self._rest[axis])
        for field, weight in zip(fields, weights, strict=True):
            cv2.scaleAdd(field, -weight, place, dst=place)
        return place
