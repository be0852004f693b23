"""The recording with what was found drawn into it: a box around the face of who speaks, the name, and the emotion."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from emotion.conversation.following import Follower, Track
from emotion.conversation.recording import NONE
from emotion.core import logs
from emotion.core.text import shortened
from emotion.corpus.sides import box_of
from emotion.media.detectors import make_detector
from emotion.media.settings import SCORE
from emotion.page.transcode import transcode
from emotion.predict.run import Finished
from emotion.timeline.subtitles import in_words, warned
from emotion.timeline.timeline import Timeline, Turn

NAME: Final = "annotated.mp4"
_WIDTH, _HEIGHT = 1280, 720  # px at most
_EVERY: Final = 0.2  # s from one look for faces to the next
_LETTERS: Final = 26  # heights of a letter in the height of the picture
_SURE, _UNSURE, _PAPER = (235, 169, 41), (190, 190, 190), (20, 20, 22)
_HALVES: Final = {"left": (0.0, 0.0, 0.5, 1.0), "right": (0.5, 0.0, 1.0, 1.0), "full": (0.0, 0.0, 1.0, 1.0)}


def write_video(finished: Finished) -> Path | None:
    """The annotated video; None, with a line that says so, where the recording has no pictures.

    Raises:
        MediaError: its pictures cannot be decoded.
    """
    recording = finished.recording
    if recording.video is None:
        logs.warning(f"{recording.path.name}: has no pictures, so there is no {NAME}")
        return None
    path = finished.work / NAME
    draw = Annotator(finished.timeline, detector=finished.detector, score=finished.score)
    sound = recording.sound if recording.sound != recording.video else None
    transcode(recording.video, sound, path, width=_WIDTH, height=_HEIGHT, draw=draw)
    return path


class Annotator:
    """Draws into the pictures of a recording, one after the other.

    Args:
        timeline: its turns say where in the picture their speakers are (`side`).
        detector: of faces; `none` = draw no boxes.
        score: see `make_detector`.
    """

    def __init__(self, timeline: Timeline, *, detector: str, score: float = SCORE) -> None:
        self._timeline = timeline
        self._follower = Follower(make_detector(detector, score=score)) if detector != NONE else None
        self._looked = -_EVERY
        self._until, self._warnings = warned(timeline) or (0.0, "")
        self._font: ImageFont.FreeTypeFont | None = None

    def __call__(self, image: NDArray[np.uint8], time: float) -> None:
        """Draw into a picture (height, width, 3) uint8 RGB, shown at a time in s."""
        spoken = [turn for turn in self._timeline.turns if turn.start <= time < turn.end]
        tracks = self._faces(image, time, spoken)
        picture = Image.fromarray(image)
        pen = ImageDraw.Draw(picture)
        below, middle = float(image.shape[0]), image.shape[1] / 2
        for turn in spoken:
            colour = _UNSURE if "speaker" in turn.unsure else _SURE
            track = _face_of(turn, tracks, image.shape[:2])
            if track is None:
                below -= self._write(pen, image.shape, middle, below, _caption(turn), colour, up=True)
                continue
            left, top = track.box.x - track.box.side / 2, track.box.y - track.box.side / 2
            square = (left, top, left + track.box.side, top + track.box.side)
            pen.rectangle(square, outline=colour, width=max(2, image.shape[0] // 180))
            self._write(pen, image.shape, track.box.x, square[3], _caption(turn), colour)
        if self._warnings:  # all of them for a while, the first one all the time
            told = self._warnings if time < self._until else f"warning: {self._timeline.warnings[0]}"
            self._write(pen, image.shape, middle, 0.0, [told.strip("()")], _UNSURE, share=1.0)
        image[:] = np.asarray(picture)

    def _faces(self, image: NDArray[np.uint8], time: float, spoken: Sequence[Turn]) -> Sequence[Track]:
        """All faces, looked for now and then while somebody speaks whose face is in the picture."""
        if self._follower is None:
            return ()
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        cut = self._follower.cut(grey)
        wanted = any(_seen(turn) for turn in spoken)
        if wanted and (cut or time - self._looked >= _EVERY - 1e-6):
            self._looked = time
            self._follower.examine(time, grey)
        return self._follower.open if wanted else ()

    def _write(
        self,
        pen: ImageDraw.ImageDraw,
        shape: Sequence[int],
        x: float,
        y: float,
        lines: Sequence[str],
        colour: tuple[int, int, int],
        *,
        up: bool = False,
        share: float = 0.55,
    ) -> float:
        """Lines on dark ground around `x`, within the picture; returns their height in px.

        They are broken to a share of the picture's width; `up`: they end at `y`.
        """
        size = max(11, shape[0] // _LETTERS)
        self._font = self._font or ImageFont.truetype(_font_file(), size)
        width = share * (shape[1] - size)
        text = "\n".join(line for whole in lines for line in _broken(pen, whole, self._font, width))
        _, _, right, bottom = pen.multiline_textbbox((0, 0), text, font=self._font, spacing=size // 4)
        wide, high = right + size // 2, bottom + size // 2
        left = min(max(0.0, x - wide / 2), max(0.0, shape[1] - wide))
        top = min(max(0.0, y - high if up else y), max(0.0, shape[0] - high))
        pen.rectangle((left, top, left + wide, top + high), fill=_PAPER)
        pen.multiline_text((left + size // 4, top + size // 4), text, fill=colour, font=self._font, spacing=size // 4)
        return float(high)


def _caption(turn: Turn) -> list[str]:
    """Who speaks, and what it looks and sounds most like."""
    name = shortened(turn.speaker, most=40)
    return [name, in_words(turn).strip("()")] if in_words(turn) else [name]


def _broken(pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Lines of a text that are not wider than so many px, unless a word is."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pen.textlength(longer, font=font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _seen(turn: Turn) -> bool:
    return bool(turn.side) and "face" not in turn.absent


def _face_of(turn: Turn, tracks: Sequence[Track], shape: Sequence[int]) -> Track | None:
    """The face of who speaks: in a box the one next to its middle, in a half or the whole picture the largest."""
    if not _seen(turn):
        return None
    height, width = shape
    box = box_of(turn.side)
    left, top, right, bottom = box or _HALVES[turn.side]
    inside = [
        track for track in tracks if left <= track.box.x / width <= right and top <= track.box.y / height <= bottom
    ]
    if box is None:
        return max(inside, key=lambda track: track.box.side, default=None)
    x, y = (left + right) / 2 * width, (top + bottom) / 2 * height
    return min(inside, key=lambda track: abs(track.box.x - x) + abs(track.box.y - y), default=None)


def _font_file() -> str:
    """A font with the letters of most scripts, the same on every machine: Matplotlib brings it."""
    from matplotlib import get_data_path

    return f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf"
