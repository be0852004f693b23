"""Detectors of faces in a grey picture: Viola and Jones' cascade that comes with OpenCV, and YuNet.

The cascade says where a face is and nothing else. It finds faces that are nearly upright, so what roll is left is
small; finding the eyes with OpenCV's eye cascades to measure it fails too often at this size (an eye has about 10 px,
brows and nostrils are hits as well) and would add more roll than it takes away. Its crops are therefore upright. YuNet
finds turned faces too, and eyes, nose and mouth with them; its crops are turned so that the eyes are level.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.core.text import shortened
from emotion.media import levelling, yunet
from emotion.media.settings import SCORE

Image = NDArray[np.uint8]

_SMALLEST: Final = 20  # px, side of the smallest face looked for; it is the cascade's own window
_ROOM: Final = 64  # px, least side of a picture for YuNet; smaller ones get a black border
_LEVELLED: Final = 0.5  # least score of a face that is looked at again: it is known to be one
_NEAR: Final = 1.5  # side of the window around a known face, in sides of its box
_SIZES: Final = (0.85, 1.18)  # of a face known from before, in sides of its box


@dataclass(frozen=True, slots=True)
class Box:
    """A face as the detector sees it.

    Attributes:
        x: px, centre.
        y: px, centre.
        side: px.
        score: higher is surer.
        roll: degrees that the face is turned clockwise in the picture; 0 where the detector does not say.
    """

    x: float
    y: float
    side: float
    score: float
    roll: float = 0.0


Detector = Callable[[Image], list[Box]]
"""From a grey picture (height, width) uint8 to the faces in it."""


@runtime_checkable
class NearDetector(Protocol):
    """A detector that can also look around known faces only, which is several times as fast."""

    def __call__(self, picture: Image) -> list[Box]:
        """Faces in the whole picture."""

    def near(self, picture: Image, known: Sequence[Box]) -> list[Box]:
        """One box, the surest, for each of the faces that are found close to where they were before."""


@runtime_checkable
class TurningDetector(Protocol):
    """A detector that can also look for faces that are turned in the picture, and say by how much."""

    def __call__(self, picture: Image) -> list[Box]:
        """Faces in the whole picture that are upright, or turned by some 30 degrees."""

    def turned(self, picture: Image, roll: float) -> list[Box]:
        """The same around another angle: faces that are turned by about `roll` degrees clockwise."""

    def level(self, picture: Image, box: Box) -> Box:
        """The box of a face as it would be if it was upright, and by how much it is turned."""


def make_detector(name: str, *, score: float = SCORE) -> Detector:
    """A detector by name.

    Args:
        name: `haar` (the cascade `alt2` that OpenCV 4 brings; score = neighbouring hits), `yunet` (once
            `emotion fetch yunet` has been run), or the path of another YuNet model (.onnx).
        score: least score 0..1 of YuNet's faces. At 0.9, OpenCV's own default, it misses a fifth of real faces.

    Raises:
        EmotionError: no such detector or file; says how to get it.
    """
    if name == "haar":
        return Haar()
    path = str(yunet.installed()) if name == "yunet" else name
    if not path.endswith(".onnx") or not Path(path).is_file():
        raise EmotionError(
            f"face.detector is {name!r}, expected haar, yunet or the path of an existing YuNet .onnx file"
        )
    return YuNet(path, score)


def sure_score(name: str) -> tuple[float, float]:
    """Score of a face that is hardly a false one, and how many times surer a face is that stands upright.

    Of the cascade real and drawn faces have 8 to 80, false ones 4 to 6, those upside down none. YuNet sees real faces
    that are upside down with 0.74 to 0.84, upright with 0.9 to 0.94.
    """
    return (10.0, 2.5) if name == "haar" else (0.85, 1.05)


class Haar:
    """A `NearDetector` after Viola and Jones (2001), "Rapid object detection using a boosted cascade"."""

    def __init__(self) -> None:
        if not hasattr(cv2, "CascadeClassifier"):
            raise EmotionError(
                f"face.detector is haar, which OpenCV {cv2.__version__} no longer has; choose yunet "
                f"({yunet.YUNET.command}), or pip install 'opencv-python<5'"
            )
        folder = Path(cv2.__file__).parent / "data"
        self._cascade = cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_alt2.xml"))

    def __call__(self, picture: Image) -> list[Box]:
        """Faces in the whole picture."""
        return self._search(picture, _SMALLEST, 0)

    def near(self, picture: Image, known: Sequence[Box]) -> list[Box]:
        """See `NearDetector.near`."""
        found = []
        for box in known:
            left, top = max(0, int(box.x - _NEAR * box.side / 2)), max(0, int(box.y - _NEAR * box.side / 2))
            right, bottom = math.ceil(box.x + _NEAR * box.side / 2), math.ceil(box.y + _NEAR * box.side / 2)
            smallest, largest = (max(_SMALLEST, round(factor * box.side)) for factor in _SIZES)
            boxes = self._search(picture[top:bottom, left:right], smallest, largest)
            if boxes:
                best = max(boxes, key=lambda box: box.score)
                found.append(Box(left + best.x, top + best.y, best.side, best.score))
        return found

    def _search(self, picture: Image, smallest: int, largest: int) -> list[Box]:
        """Faces with sides from smallest to largest px; largest 0 = any."""
        boxes, hits = self._cascade.detectMultiScale2(
            picture, 1.1, 3, minSize=(smallest, smallest), maxSize=(largest, largest)
        )
        return [
            Box(float(x + w / 2), float(y + h / 2), float(w), float(n))
            for (x, y, w, h), n in zip(boxes, hits, strict=True)
        ]


class YuNet:
    """A `TurningDetector` after Wu, Peng and Yu (2023), "YuNet: a tiny millisecond-level face detector".

    Args:
        path: of its weights.
        score: see `make_detector`.

    Raises:
        EmotionError: it is another network, or one that this OpenCV cannot run.
    """

    def __init__(self, path: str, score: float) -> None:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # OpenCV 5 has warnings of no use to anybody
        try:
            # One for each shape of pictures: another shape costs as much as a small picture.
            self._upright, self._turned = (cv2.FaceDetectorYN.create(path, "", (_ROOM, _ROOM), score) for _ in range(2))
            self._close = cv2.FaceDetectorYN.create(path, "", (levelling.SIDE, levelling.SIDE), _LEVELLED)
            self(np.zeros((_ROOM, _ROOM), np.uint8))
        except (cv2.error, ValueError, IndexError) as error:
            reason = shortened(str(getattr(error, "err", error)))
            raise EmotionError(f"{path}: not a YuNet model that OpenCV {cv2.__version__} can run ({reason})") from None

    def __call__(self, picture: Image) -> list[Box]:
        """Faces in the whole picture."""
        return _found(self._upright, picture)

    def turned(self, picture: Image, roll: float) -> list[Box]:
        """See `TurningDetector.turned`."""
        upright, back = levelling.turned(picture, roll)
        scale = math.sqrt(abs(float(np.linalg.det(back[:, :2]))))
        found = []
        for box in _found(self._turned, upright):
            x, y = (back @ (box.x, box.y, 1.0)).tolist()
            found.append(Box(x, y, box.side * scale, box.score, roll))
        return found

    def level(self, picture: Image, box: Box) -> Box:
        """See `TurningDetector.level`."""
        face = levelling.levelled(picture, levelling.Face(box.x, box.y, box.side, box.roll), self._middle)
        return Box(face.x, face.y, face.side, box.score, face.roll)

    def _middle(self, picture: Image) -> tuple[levelling.Face, levelling.Landmarks] | None:
        """The face in the middle of a square picture."""
        middle, found = picture.shape[0] / 2, []
        for row in _rows(self._close, picture):
            box = _box(row)
            face = levelling.Face(box.x, box.y, box.side)
            found.append((math.hypot(box.x - middle, box.y - middle), face, row[4:14].reshape(5, 2)))
        return min(found, key=itemgetter(0))[1:] if found else None


def _found(model: "cv2.FaceDetectorYN", picture: Image) -> list[Box]:
    # From pictures of 32 px or less OpenCV's implementation makes random boxes, of memory that nobody wrote to.
    below, right = (max(0, _ROOM - side) for side in picture.shape)
    picture = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_CONSTANT) if below or right else picture
    model.setInputSize(picture.shape[::-1])
    return [_box(row) for row in _rows(model, picture)]


def _rows(model: "cv2.FaceDetectorYN", picture: Image) -> Sequence[NDArray[np.float32]]:
    """Faces (15,): left, top, width, height; x and y of eyes, nose and corners of the mouth; score."""
    _, rows = model.detect(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    return () if rows is None else rows


def _box(row: NDArray[np.float32]) -> Box:
    """Boxes are upright and reach over the forehead; the square of their width is Haar's box.

    The landmarks say too little of how a face is turned: see `levelling`.
    """
    left, top, width, height = row[:4].tolist()
    return Box(left + width / 2, top + 0.55 * height, width, float(row[14]))
