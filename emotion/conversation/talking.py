"""Does a face talk? By Light-ASD's network, where its weights are given, and by how much the mouth moves.

A mouth that moves may smile, chew or be silent, so its motion is a hint only: of expressive silent faces beside a
talking one it picked the right one half of the time.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from emotion.conversation.light_asd import FPS, RATIO, SIDE, LightAsd, averaged
from emotion.media.detectors import Box, Image

_LENGTHS: Final = tuple(FPS * seconds for seconds in range(1, 7))  # pictures in a window, as its authors test it
_FEWEST: Final = 8  # pictures that can be judged
# The square that the network was trained on, from the eyes to below the chin: how far its centre lies below that of a
# box, and its side; both in sides of the box.
_SQUARES: Final = {"haar": (0.26, 0.75), "yunet": (0.20, 0.91)}
_MOUTH: Final = (slice(SIDE // 2, SIDE), slice(SIDE // 4, 3 * SIDE // 4))  # in the square


@dataclass(frozen=True, slots=True)
class Clip:
    """The lower part of a face while somebody speaks.

    Attributes:
        first: number of its first picture at 25 per second, from the beginning of the recording.
        pictures: (t, 112, 112) uint8 grey.
        moved: (t,) how much the mouth moves, see `motion`; none where it is not asked for.
    """

    first: int
    pictures: Image
    moved: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for a face that talks.

    Attributes:
        talking: mean score of the network, above 0 = it talks; nan = it cannot say.
        motion: how much the mouth moves, see `motion`; nan = the clip is too short.
    """

    talking: float = math.nan
    motion: float = math.nan


class Judge:
    """Judges clips.

    Args:
        network: None = by motion only.
        sound: (t, 13) coefficients of the whole recording, see `Mfcc`; None = there is none.

    Attributes:
        by_motion: whether the motion of the mouth is all there is to go by.
    """

    def __init__(self, network: LightAsd | None, sound: NDArray[np.float32] | None) -> None:
        self._network, self._sound = network, sound
        self.by_motion = network is None or sound is None

    def __call__(self, clip: Clip) -> Signs:
        """The signs of a clip."""
        enough = len(clip.moved) >= _FEWEST
        return Signs(self._talking(clip), float(np.mean(clip.moved)) if enough else math.nan)

    def _talking(self, clip: Clip) -> float:
        if self._network is None or self._sound is None:
            return math.nan
        sound = self._sound[clip.first * RATIO : (clip.first + len(clip.pictures)) * RATIO]
        count = len(sound) // RATIO
        if count < _FEWEST:
            return math.nan
        with torch.inference_mode():
            seen = self._network.see(torch.from_numpy(clip.pictures[None, :count]).float())
            heard = self._network.hear(torch.from_numpy(sound[None, : count * RATIO]))
            return float(averaged(self._network, seen, heard, lengths=_LENGTHS).mean())


def motion(before: Image, now: Image) -> float:
    """How much the mouth moves from one picture to the next, in deviations of the picture.

    Args:
        before: (112, 112) uint8, cut out of the same place as `now`, or a box that trembles would count.
        now: (112, 112) uint8.
    """
    return float(cv2.absdiff(before[_MOUTH], now[_MOUTH]).mean()) / max(1.0, float(now.std()))


def kind_of(detector: str) -> str:
    """`haar` or `yunet`.

    Args:
        detector: see `make_detector`.
    """
    return "haar" if detector == "haar" else "yunet"


def square(box: Box, *, detector: str) -> tuple[float, float, float]:
    """Left, top and side in px of what is cut out around a detector's box.

    Args:
        box: as the detector gives it.
        detector: its kind, see `kind_of`.
    """
    down, size = _SQUARES[detector]
    side = size * box.side
    return box.x - side / 2, box.y + down * box.side - side / 2, side
