"""Is a video upside down, or on its side, without saying so?

A detector finds a false face in many pictures, so finding one proves nothing. That turned pictures show far surer ones
does.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from emotion.media.detectors import Detector
from emotion.media.picture import Image, shrunk

LOOKED_AT: Final = 4  # pictures of a video that are turned, at most

_ORDER: Final = (2, 1, 3)  # quarter turns: upside down first
_ENOUGH: Final = 2  # pictures without a sure face in them after which the others are not turned
_HEIGHT: Final = 240  # px, of the copies that are searched


def better_turn(pictures: Sequence[Image], detect: Detector, *, sure: float, clearly: float) -> int:
    """Quarter turns counter-clockwise after which faces are found clearly better; 0 where there are none such.

    Args:
        pictures: (height, width) uint8 each, whole.
        detect: from `make_detector`.
        sure: the least mean score of a turned picture's best face, see `sure_score`.
        clearly: how many times the upright pictures' score that is at least.
    """
    for turns in _ORDER if pictures else ():
        turned: list[float] = []
        for picture in pictures:
            turned.append(_best(np.ascontiguousarray(np.rot90(picture, turns)), detect))
            if len(turned) == _ENOUGH and max(turned) < sure:
                break
        if len(turned) < len(pictures) or float(np.mean(turned)) < sure:
            continue
        upright = [_best(picture, detect) for picture in pictures]
        more = sum(after > before for before, after in zip(upright, turned, strict=True))
        if float(np.mean(turned)) >= clearly * float(np.mean(upright)) and 2 * more > len(pictures):
            return turns
    return 0


def _best(picture: Image, detect: Detector) -> float:
    """Score of the surest face."""
    return max((box.score for box in detect(shrunk(picture, _HEIGHT)[0])), default=0.0)
