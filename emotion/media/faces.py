"""Finding one person's face and following it through an utterance, to a square clip.

    kept frames   0 1 2 3 4 5 6 7 8 9 ...      every frame at the clip's rate, the speaker's part of the picture only
    shots         a a a a a a a|b b b ...      where the picture changes at once; nothing crosses their border
    examined      x . . . . x .|x . . ...      the detector looks at some of these, see `looks` and `search`
    track         choose per examined frame the box that continues best (shortest path), drop outliers; in a shot one
                  person only
    box           one square per shot, and per stretch of 512 frames of it: the median of the track, enlarged by a
                  margin, and turned so that the eyes are level, where the detector can say how a face is turned
    delivered     frames that show the person, and short gaps between them; the others are left out

The box stands still: nods, shakes and leans carry emotion, and a box that follows the face would take them out of the
clip. Only where the face would leave the still box (somebody walks or sits down) does the centre move, as a mean over
2 s. Whether the faces of two shots are one person is not known: a film that cuts to the listener shows the listener.
"""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.media.cropping import crop, fixed_window, inside, place
from emotion.media.detectors import Box, Detector, Image, TurningDetector
from emotion.media.looks import Looks
from emotion.media.picture import widened
from emotion.media.shots import Change, Shots
from emotion.media.tracks import follow, longest_gap, one_person, visible

FALLBACKS: Final = ("none", "iemocap")

_STRETCH = 512  # frames that are held in memory and share one box
_HELD = 200_000_000  # bytes of them; of large pictures fewer are held
_LEVELLED, _MOST = 5, 3  # examined frames to one in which it is measured how the face is turned, and most of these
_LEVEL = 2.0  # degrees: a face that is turned by less is not turned back


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face was followed.

    Attributes:
        examined: frames that the detector saw, or that lie between two in which it saw the same, see `looks`.
        found: how many of these have the face.
        gap: s, the longest time without it.
        score: mean of the detector's scores.
        box: mean left, top and side in px of the part of the picture that was given.
        roll: degrees by which the clip was turned back, counter-clockwise; its mean.
        fallback: whether nothing was found and the clip shows a fixed window instead.
        shots: how many begin or go on in the utterance.
        dropped: frames that are not in the clip, because the face is not in them.
        unseen: frames of the clip in which the detector did not see the whole face.
        sides: how often the face was in the other half of the picture than in the shot (or stretch) before.
    """

    examined: int
    found: int
    gap: float
    score: float
    box: tuple[float, float, float]
    roll: float = 0.0
    fallback: bool = False
    shots: int = 1
    dropped: int = 0
    unseen: int = 0
    sides: int = 0

    def note(self) -> dict[str, Any]:
        """JSON values for the cache; those with a default only where they say something."""
        usual = {field.name: field.default for field in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != usual[name]}


class FaceTrack:
    """Collects an utterance's frames one by one; memory is bounded by 512 frames, or 200 MB.

    Args:
        detect: from `make_detector`.
        size: px, side of the clip.
        every: the detector looks at every so many frames.
        fps: frames per second of what is added.
        fallback: what the clip shows where no face is found: `none` (there is no clip) or `iemocap` (the part of the
            picture in which that corpus's actors sit; only of halves of its shape, 360x480 px or another size of it).

    Raises:
        EmotionError: no such fallback.
    """

    def __init__(self, detect: Detector, *, size: int, every: int, fps: float, fallback: str = "none") -> None:
        if fallback not in FALLBACKS:
            raise EmotionError(f"face.fallback is {fallback!r}, expected one of {', '.join(FALLBACKS)}")
        self._looks, self._size, self._every, self._fps = Looks(detect), size, every, fps
        self._level = detect.level if isinstance(detect, TurningDetector) else None
        self._fallback = fallback != "none"
        self._shots, self._cuts = Shots(), 0
        self._pictures: list[Image] = []
        self._narrow = False
        self._shown: list[Image] = []  # what is cut out of: the same, or these in colour
        self._last: Box | None = None  # of the stretch before, in the same shot
        self._clips: list[Image] = []
        self._spare: list[Image] = []  # what the fixed window shows before the first face
        self._tracks: list[Box | None] = []
        self._covered: list[int] = []  # frames for which each examined one stands
        self._boxes: list[NDArray[np.float64]] = []
        self._rolls: list[float] = []  # of the stretches
        self._dropped = self._unseen = self._sides = 0
        self._left: bool | None = None  # whether the face was in the left half

    def add(self, picture: Image, rgb: Image | None = None, *, narrow: bool = False) -> None:
        """The next frame, the speaker's part of it.

        Args:
            picture: (height, width) uint8 grey, in which the face is looked for.
            rgb: (height, width, 3) uint8, out of which it is cut; None = out of `picture`.
            narrow: whether black is 16 and white 235 in `picture`; the clip is widened to 0..255, which is quicker.
        """
        self._narrow = narrow and rgb is None
        change = self._shots.look(picture)
        if change is Change.SURE or (change is Change.PERHAPS and not self._looks.goes_on(picture, self._last)):
            self._begin_shot()
        if len(self._pictures) % self._every == 0:
            self._looks.add(picture)
        self._pictures.append(picture)
        self._shown.append(picture if rgb is None else rgb)
        size = picture.nbytes + (0 if rgb is None else rgb.nbytes)
        if len(self._pictures) >= min(_STRETCH, max(1, _HELD // size)):
            self._crop()

    def finish(self) -> tuple[Image | None, Quality]:
        """The clip (t, size, size[, 3]) uint8, None where no face was found, and its quality.

        Frames without the face are not in it, so it may be shorter than what was added.
        """
        self._crop()
        found = [box for box in self._tracks if box is not None]
        score = float(np.mean([box.score for box in found])) if found else 0.0
        mean = np.concatenate(self._boxes).mean(axis=0) if self._boxes else np.zeros(3)
        clips = self._clips or self._spare
        fallback = bool(clips) and not self._clips
        instead = sum(map(len, clips)) if fallback else 0
        quality = Quality(
            examined=len(self._tracks),
            found=len(found),
            gap=longest_gap(np.repeat([box is not None for box in self._tracks], self._covered).tolist()) / self._fps,
            score=round(score, 3),
            box=(round(float(mean[0]), 1), round(float(mean[1]), 1), round(float(mean[2]), 1)),
            roll=round(float(np.mean(self._rolls)), 1) if self._rolls else 0.0,
            fallback=fallback,
            shots=1 + self._cuts,
            dropped=self._dropped - instead,
            unseen=self._unseen + instead,
            sides=self._sides,
        )
        return (np.concatenate(clips) if clips else None), quality

    def _begin_shot(self) -> None:
        """Nothing of the shot before counts any more."""
        self._cuts += bool(self._pictures or self._tracks)
        self._crop()
        self._last = None
        self._shots.begin()

    def _crop(self) -> None:
        """Crop the frames held and let go of them."""
        if not self._pictures:
            return
        path = follow(self._looks.finish(), before=self._last)
        track = one_person(path, step=self._every / self._fps, before=self._last)
        self._tracks += track
        self._covered += [min(self._every, len(self._pictures) - at * self._every) for at in range(len(track))]
        found = [box for box in track if box is not None]
        self._last = found[-1] if found else self._last
        height, width = self._pictures[0].shape
        if found:
            self._cut_out(track, height=height, width=width)
        else:
            self._dropped += len(self._pictures)
            if self._fallback and (window := fixed_window(height=height, width=width)) is not None:
                self._spare.append(self._cut(self._shown, np.tile(window, (len(self._shown), 1))))
        self._pictures, self._shown = [], []

    def _cut_out(self, track: list[Box | None], *, height: int, width: int) -> None:
        """Crop the frames that show the person."""
        track, roll = self._levelled(track)
        frames = np.arange(len(track)) * self._every
        boxes = place(track, frames, len(self._pictures), fps=self._fps)
        boxes = inside(boxes, height=height, width=width)
        delivered, seen = visible(track, boxes, every=self._every, fps=self._fps)
        self._dropped += int((~delivered).sum())
        self._unseen += int((delivered & ~seen).sum())
        self._rolls.append(roll if abs(roll) >= _LEVEL else 0.0)
        self._boxes.append(boxes[delivered])
        before, self._left = self._left, bool(np.mean(boxes[delivered, 0] + boxes[delivered, 2] / 2) < width / 2)
        self._sides += before is not None and before != self._left
        pictures = list(itertools.compress(self._shown, delivered))
        self._clips.append(self._cut(pictures, boxes[delivered], roll=self._rolls[-1]))

    def _cut(self, pictures: Sequence[Image], boxes: NDArray[np.float64], *, roll: float = 0.0) -> Image:
        clip = crop(pictures, boxes, size=self._size, roll=roll)
        return widened(clip.reshape(-1, self._size)).reshape(clip.shape) if self._narrow else clip

    def _levelled(self, track: Sequence[Box | None]) -> tuple[list[Box | None], float]:
        """The person's boxes as they would be if the face was upright, and degrees by which it is turned, its median.

        A box of a turned face is larger, and its middle is not that of the face.
        """
        known = [(self._pictures[number * self._every], box) for number, box in enumerate(track) if box is not None]
        if self._level is None:
            return list(track), float(np.median([box.roll for _, box in known]))
        spread = np.arange(0.5, count := min(_MOST, 1 + len(known) // _LEVELLED)) * len(known) / count
        chosen, some = [known[number] for number in spread.astype(int)], list[tuple[Box, Box]]()
        for picture, box in [chosen.pop(count // 2), *chosen]:  # the middle one first
            some.append((box, self._level(picture, box)))
            if abs(some[0][1].roll) < _LEVEL:  # upright; a look costs as much as five searches
                break
        moves = [((new.x - old.x) / old.side, (new.y - old.y) / old.side, new.side / old.side) for old, new in some]
        right, down, times = np.median(moves, axis=0).tolist()
        boxes = [
            box and replace(box, x=box.x + right * box.side, y=box.y + down * box.side, side=box.side * times)
            for box in track
        ]
        return boxes, float(np.median([new.roll for _, new in some]))
