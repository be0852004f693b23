"""Two channels that are a speaker each, as two microphones or the two ends of a telephone line give them.

Which channel is louder says who speaks, surer than any face does. It says nothing where both hear both, as with a
camera's stereo microphone, or where the channels are copies.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emotion.conversation.words import Region

STEP: Final = 0.1  # s

_LOUDER: Final = 4.0  # times the energy of the other channel: 6 dB
_DECIDED: Final = 0.7  # share of the speech in which one channel is that much louder
_EACH: Final = 0.05  # share of that for the channel with less of it
_SHORTEST: Final = 1.0  # s of speech in each
_FLOOR: Final = 10  # percentile of a channel's energies that is its noise
_SWING: Final = 2.0  # times that, as the noise swings
_MOST: Final = 2 / 3  # share of what is clear in a piece that is one channel's
_HEARD: Final = 0.25  # share of the piece


class Levels:
    """Energies of two channels of a recording that comes in blocks.

    Args:
        rate: Hz.
    """

    def __init__(self, rate: int) -> None:
        self._size = round(rate * STEP)
        self._rest = np.zeros((2, 0), np.float32)
        self._made: list[NDArray[np.float32]] = []

    def add(self, block: NDArray[np.float32]) -> None:
        """The next samples, (channels, t); of one channel nothing is kept."""
        if len(block) != 2:
            return
        whole = np.concatenate([self._rest, block], axis=1)
        count = whole.shape[1] // self._size
        used = whole[:, : count * self._size].reshape(2, count, self._size)
        self._made.append(np.square(used).mean(axis=2).T.astype(np.float32))
        self._rest = whole[:, count * self._size :].copy()

    def finish(self) -> NDArray[np.float32]:
        """(t, 2) mean energy of each 0.1 s, without the channel's noise; none for one channel."""
        energies = np.concatenate([np.zeros((0, 2), np.float32), *self._made])
        if len(energies):
            energies = np.maximum(energies - _SWING * np.percentile(energies, _FLOOR, axis=0), 0).astype(np.float32)
        return energies


def one_each(levels: NDArray[np.float32], speech: Sequence[Region]) -> bool:
    """Whether each channel is a speaker's own.

    Args:
        levels: from `Levels.finish`.
        speech: in which somebody speaks.
    """
    parts = [_louder(levels, region) for region in speech]
    louder = np.concatenate([np.zeros(0, np.int64), *parts])
    shares = [float((louder == channel).mean()) if len(louder) else 0.0 for channel in (0, 1)]
    enough = min(shares) >= _EACH and min(shares) * len(louder) * STEP >= _SHORTEST
    return enough and sum(shares) >= _DECIDED


def channel_of(levels: NDArray[np.float32], span: Region) -> int | None:
    """The channel that speaks in a span, 0 = left; None where both or neither do."""
    louder = _louder(levels, span)
    votes = [int((louder == channel).sum()) for channel in (0, 1)]
    best = int(np.argmax(votes))
    return best if votes[best] >= max(_MOST * sum(votes), _HEARD * len(louder), 1) else None


def _louder(levels: NDArray[np.float32], span: Region) -> NDArray[np.int64]:
    """(t,) the louder channel of each 0.1 s, -1 where it is not clear."""
    first = int(span.start / STEP)
    part = levels[first : max(first + 1, round(span.end / STEP))]
    best = part.argmax(axis=1)
    clear = part.max(axis=1) > np.maximum(_LOUDER * part.min(axis=1), 1e-9)
    return np.where(clear, best, -1)
