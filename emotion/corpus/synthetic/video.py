"""Writing a dialogue's video as IEMOCAP has it: 720x480, both actors side by side, the picture in the rows 112..368."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.corpus.synthetic.expression import Liveliness, Pose, Segment, poses
from emotion.corpus.synthetic.face import Painter
from emotion.corpus.synthetic.habits import habits
from emotion.corpus.synthetic.portrait import HEIGHT, WIDTH, Image, backdrop, look, prepare

FRAME: Final = (480, 720)
ROWS: Final = (112, 368)
HALF: Final = 360
_TOP: Final = 240 - HEIGHT // 2
_LEFT: Final = HALF // 2 - WIDTH // 2


def _opened(path: Path, fps: float) -> cv2.VideoWriter:
    """A writer of XVID; raises EmotionError where the file cannot be created or the codec is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = cv2.VideoWriter.fourcc(*"XVID")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, fps, FRAME[::-1])
    if not writer.isOpened():
        raise EmotionError(f"{path}: cannot write an XVID AVI: check that the folder is writable and the disk has room")
    return writer


def _check(part: Path, path: Path) -> None:
    """Raise EmotionError unless `part` is as long as its RIFF headers announce: cv2 does not report a full disk."""
    content = part.read_bytes() if part.is_file() else b""
    announced = 0
    while announced < len(content) and content[announced : announced + 4] == b"RIFF":
        announced += 8 + int.from_bytes(content[announced + 4 : announced + 8], "little")
    if not content or announced != len(content):
        raise EmotionError(
            f"{path}: only {len(content)} bytes of the video could be written: make room on the disk and run again"
        )


def tracks(
    *, session: int, genders: str, turns: Sequence[Sequence[Segment]], frames: int, fps: float, seed: int
) -> list[NDArray[np.float64]]:
    """Poses of both actors, each with their own habits; see `expression.poses`."""
    result = []
    for side, (gender, segments) in enumerate(zip(genders, turns, strict=True)):
        who = look(session, gender)
        idle = int(np.random.SeedSequence([seed, session, side]).generate_state(1)[0])
        own = habits(session, gender)
        liveliness = Liveliness(who.vigour, who.tempo, own.brows, own.mouth, own.head)
        result.append(poses(segments, frames=frames, fps=fps, seed=idle, liveliness=liveliness))
    return result


def canvas(session: int, genders: str) -> Image:
    """An empty frame: black bars and both actors' walls, (480, 720, 3) BGR."""
    frame: Image = np.zeros((*FRAME, 3), dtype=np.uint8)
    for side, gender in enumerate(genders):
        frame[ROWS[0] : ROWS[1], side * HALF : (side + 1) * HALF] = backdrop(session, gender, ROWS[1] - ROWS[0], HALF)
    return frame


def write_video(
    path: Path,
    *,
    session: int,
    left_gender: str,
    left: Sequence[Segment],
    right: Sequence[Segment],
    duration: float,
    fps: float,
    seed: int,
) -> None:
    """Draw and write one dialogue; the same arguments give the same bytes whatever the number of cores.

    The session (1..5) fixes the two actors; the one of `left_gender` (F or M) is in the left half. The turns of both,
    the duration in s and `fps` in Hz say what is seen, `seed` what no turn fixes: idle movements and blinks.

    Raises:
        EmotionError: Unknown actor, or the file could not be written in full.
    """
    genders = "FM" if left_gender == "F" else "MF"
    look(session, left_gender)
    frames = max(1, round(duration * fps))
    both = tracks(session=session, genders=genders, turns=(left, right), frames=frames, fps=fps, seed=seed)
    painters = [Painter(prepare(session, gender)) for gender in genders]
    frame = canvas(session, genders)
    part = path.with_name(f"{path.stem}.partial.avi")
    writer = _opened(part, fps)
    try:
        for moment in range(frames):
            for side, (painter, track) in enumerate(zip(painters, both, strict=True)):
                column = side * HALF + _LEFT
                frame[_TOP : _TOP + HEIGHT, column : column + WIDTH] = painter.draw(Pose(*track[moment].tolist()))
            writer.write(frame)
        writer.release()
        _check(part, path)
        part.replace(path)
    finally:
        writer.release()
        part.unlink(missing_ok=True)
