"""A picture of the worst face clips of a corpus: a row of frames each, with what is known of it above."""

from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.core.files import writing
from emotion.extraction.coverage import Notes
from emotion.media.clips import read_clip
from emotion.store.cache import Cache

WORST: Final = 10  # clips
_FRAMES: Final = 8  # of each
_SIDE: Final = 96  # px, of a frame
_LINE: Final = 18  # px, height of a line of text
_WHITE, _INK = 255, 40  # grey


def write_sheet(path: Path, cache: Cache, notes: Notes) -> None:
    """Write the contact sheet, a PNG file: the clips whose frames show the face least, of those with the least score.

    Args:
        path: of the picture.
        cache: the open clip cache.
        notes: of its clips' tracks.
    """
    frames = np.diff(cache.offsets).tolist()
    present = [row for row, count in enumerate(frames) if count]
    worst = sorted(present, key=lambda row: _worth(notes[row], frames[row]))[:WORST]
    rows = [_strip(cache, row, notes[row], frames[row]) for row in worst]
    good, encoded = cv2.imencode(".png", np.concatenate(rows or [_text("no face clips")]))
    assert good, "OpenCV writes PNG"
    with writing(path) as partial:
        partial.write_bytes(bytes(encoded))


def _worth(note: dict[str, Any], count: int) -> tuple[float, float]:
    """Share of the utterance's frames that are in the clip and show the face, and the score."""
    seen = count - note.get("unseen", 0)
    return seen / (count + note.get("dropped", 0)), note.get("score", 0.0)


def _strip(cache: Cache, row: int, note: dict[str, Any], count: int) -> NDArray[np.uint8]:
    seen, dropped = count - note.get("unseen", 0), note.get("dropped", 0)
    more = f", {dropped} more left out" if dropped else ""
    fallback = ", the fixed window" if note.get("fallback") else ""
    text = f"{cache.ids[row]}: {seen} of {count} frames show the face{more}, score {note.get('score', 0):g}{fallback}"
    clip = read_clip(cache, cache.ids[row], frames=_FRAMES)
    small = [cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) for picture in clip]
    how = cv2.COLOR_GRAY2BGR if clip.ndim == 3 else cv2.COLOR_RGB2BGR
    strip = cv2.cvtColor(np.ascontiguousarray(np.concatenate(small, axis=1)), how)
    return np.concatenate([_text(text), np.asarray(strip, dtype=np.uint8)])


def _text(text: str) -> NDArray[np.uint8]:
    """A line of black on white; what the font does not have is shown as `?`."""
    line = np.full((_LINE, _FRAMES * _SIDE, 3), _WHITE, np.uint8)
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in text)
    cv2.putText(line, plain, (3, _LINE - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (_INK,) * 3, 1, cv2.LINE_AA)
    return line
