"""Facial expressions over time: what brows, lids, mouth and head do while somebody speaks with an emotion.

Six emotions share four static expressions. Happy and excited (one smile) and angry and frustrated (one frown) walk the
same closed path through pose space and differ only in how fast: no single frame tells them apart, only motion does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Pose(NamedTuple):
    """One face at one moment; lengths in px of the drawn face (about 50 px half-width)."""

    inner: float = 0.0  # height of the inner brow ends over their resting place, px
    outer: float = 0.0  # height of the outer brow ends over their resting place, px
    lid: float = 1.0  # opening of the upper eyelids; 0 closed, 1 resting
    corner: float = 0.0  # height of the mouth corners over their resting place, px
    press: float = 0.0  # pressing of the lips, 0..1
    open: float = 0.0  # opening of the mouth, 0..1
    cheek: float = 0.0  # raising of the cheeks with the folds of a smile, 0..1
    frown: float = 0.0  # furrows between the brows, 0..1
    x: float = 0.0  # head to the right in the picture, px
    y: float = 0.0  # head down in the picture, px
    roll: float = 0.0  # head tilted clockwise in the picture, degrees
    scale: float = 0.0  # nearness of the head to the camera beyond its resting size, as a fraction
    yaw: float = 0.0  # features shifted to the right within the head's outline (turning), px
    pitch: float = 0.0  # features shifted down within the head's outline (nodding), px


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One turn of one actor."""

    start: float  # beginning of the turn, s
    end: float  # end of the turn, s
    emotion: str  # one of happy, sad, neutral, angry, excited, frustrated
    intensity: float  # how much of the emotion the face shows, 0..1
    # mouth opening 0..1 per video frame from the frame nearest to `start`, shape (n,), float32
    openness: NDArray[np.float32]
    seed: int  # seed of this turn's amplitude, phase and speed


@dataclass(frozen=True, slots=True)
class Liveliness:
    """How much one actor moves, relative to others."""

    vigour: float = 1.0  # size of all expressions
    tempo: float = 1.0  # speed of all movements
    brows: float = 1.0  # size of what brows and eyes do
    mouth: float = 1.0  # size of what mouth and cheeks do
    head: float = 1.0  # size of the head's movements

    def of(self, name: str) -> float:
        """The factor of a field of `Pose`, beside `vigour`."""
        if name in ("inner", "outer", "lid", "frown"):
            return self.brows
        return self.mouth if name in ("corner", "press", "open", "cheek") else self.head


_SMILE: Final = {"inner": 1.0, "outer": 2.0, "lid": -0.1, "corner": 7.0, "open": 0.2, "cheek": 1.0}
_FROWN: Final = {"inner": -6.5, "outer": 1.5, "lid": -0.08, "corner": -2.0, "press": 0.9, "frown": 1.0}
_GRIEF: Final = {"inner": 6.5, "outer": -3.5, "lid": -0.38, "corner": -6.5, "y": 2.0, "pitch": 1.5}


def _joy(phase: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Head round a tall ellipse, brows flashing at its top: a sway when slow, a bounce when fast. All average zero."""
    across, down = np.cos(phase), np.sin(phase)
    flash = np.square(np.maximum(-down, 0.0)) - 0.25
    return {
        "x": 4.0 * across,
        "yaw": 2.5 * across,
        "roll": 2.0 * across,
        "y": 6.0 * down,
        "pitch": 4.5 * down,
        "inner": 5.0 * flash,
        "outer": 5.0 * flash,
        "lid": 0.2 * flash,
    }


def _anger(phase: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Head to the sides and the front, lids shut every second round: a weary shake when slow, jerks when fast."""
    across, near = np.cos(phase), np.sin(phase)
    shut = np.clip((np.cos(phase / 2.0) - 0.55) / 0.25, 0.0, 1.0)
    return {
        "x": 5.0 * across,
        "yaw": 4.5 * across,
        "roll": 1.0 * across,
        "scale": 0.05 * near,
        "pitch": 2.5 * near,
        "y": 2.0 * near,
        "lid": -0.9 * shut,
    }


def _calm(phase: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Almost still."""
    return {"x": 0.8 * np.cos(phase), "y": 0.5 * np.sin(phase), "pitch": 0.4 * np.sin(phase)}


class Act(NamedTuple):
    """What a speaking face does in an emotion."""

    offsets: Mapping[str, float]  # from the resting pose at intensity 1
    tempo: float  # cycles of the head's path per second, Hz
    path: Callable[[NDArray[np.float64]], dict[str, NDArray[np.float64]]]  # phase of a cycle -> offsets that average 0


ACTS: Final[Mapping[str, Act]] = {
    "happy": Act(_SMILE, 0.4, _joy),
    "excited": Act(_SMILE, 2.2, _joy),
    "angry": Act(_FROWN, 2.3, _anger),
    "frustrated": Act(_FROWN, 0.5, _anger),
    "sad": Act(_GRIEF, 0.2, _calm),
    "neutral": Act({}, 0.2, _calm),
}
_UNREST: Final = {"x": 1.2, "y": 0.8, "yaw": 0.8, "pitch": 0.6, "roll": 0.6, "outer": 0.3, "corner": 0.3}


def _smooth(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth step from 0 (x <= 0) to 1 (x >= 1)."""
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x))


def _idle(track: NDArray[np.float64], time: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Add slow drifts of the head and a blink every few seconds to `track` (frames, K)."""
    for name, size in _UNREST.items():
        column = Pose._fields.index(name)
        for _ in range(2):
            rate, phase = rng.uniform(0.06, 0.22), rng.uniform(0.0, 2.0 * np.pi)
            track[:, column] += 0.5 * size * np.sin(2.0 * np.pi * rate * time + phase)
    lid, moment = Pose._fields.index("lid"), rng.uniform(0.3, 3.0)
    while time.size and moment < time[-1]:
        track[:, lid] *= np.clip(np.abs(time - moment) / 0.09 - 0.3, 0.0, 1.0)
        moment += rng.uniform(2.0, 5.0)


def _act(track: NDArray[np.float64], time: NDArray[np.float64], segment: Segment, liveliness: Liveliness) -> None:
    """Add one turn's expression, motion and speech to `track` (frames, K)."""
    rng, act, column = np.random.default_rng(segment.seed), ACTS[segment.emotion], Pose._fields.index
    size = segment.intensity * liveliness.vigour * rng.uniform(0.85, 1.15)
    rate = act.tempo * liveliness.tempo * rng.uniform(0.9, 1.1)
    # Two full turns: paths may close only after the second one.
    phase = rng.uniform(0.0, 4.0 * np.pi) + 2.0 * np.pi * rate * (time - segment.start)
    envelope = size * _smooth((time - segment.start + 0.15) / 0.3) * _smooth((segment.end + 0.25 - time) / 0.3)
    for name, offset in act.offsets.items():
        track[:, column(name)] += envelope * liveliness.of(name) * offset
    for name, values in act.path(phase).items():
        track[:, column(name)] += envelope * liveliness.of(name) * values
    if segment.emotion == "sad":
        droop = envelope * _smooth((time - segment.start) / max(segment.end - segment.start, 0.5))
        for name, depth in (("y", 5.0), ("pitch", 4.5), ("lid", -0.15)):
            track[:, column(name)] += depth * droop


def poses(
    segments: Sequence[Segment], *, frames: int, fps: float, seed: int, liveliness: Liveliness = Liveliness()
) -> NDArray[np.float64]:
    """Turn one actor's turns into poses with smooth onsets and offsets; in between, the actor listens and blinks.

    `fps` is in Hz; `seed` is that of the idle movements.

    Returns:
        Shape (frames, len(Pose._fields)), columns as in `Pose`.
    """
    time = np.arange(frames, dtype=np.float64) / fps
    track = np.tile(np.asarray(Pose(), dtype=np.float64), (frames, 1))
    _idle(track, time, np.random.default_rng(seed))
    speech = np.zeros(frames)
    for segment in segments:
        near = slice(max(0, int((segment.start - 0.5) * fps)), max(0, int((segment.end + 0.5) * fps) + 1))
        _act(track[near], time[near], segment, liveliness)
        first = round(segment.start * fps)
        mouth = np.asarray(segment.openness, dtype=np.float64)[: max(0, frames - first)]
        speech[first : first + mouth.size] = np.clip(mouth, 0.0, 1.0)
    return _limit(track, speech)


def _limit(track: NDArray[np.float64], speech: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join expression and speech (frames,) at the mouth; keep `track` (frames, K) within what a face can do."""
    column = Pose._fields.index
    track[:, column("open")] = np.clip(track[:, column("open")] * (1.0 - 0.5 * speech) + 0.8 * speech, 0.0, 1.0)
    track[:, column("press")] = np.clip(track[:, column("press")], 0.0, 1.0) * (1.0 - 0.6 * speech)
    track[:, column("lid")] = np.clip(track[:, column("lid")], 0.0, 1.3)
    for name in ("cheek", "frown"):
        track[:, column(name)] = np.clip(track[:, column(name)], 0.0, 1.2)
    return track
