"""How loud a sound is, and what is odd about that: silence, another scale, a zero line that is off, a clipped voice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emotion.corpus.reading import Kind

SILENT: Final = Kind.warning(
    "sound file{s} that {is|are} silent (peak below -60 dBFS)",
    "record or copy them again, or leave the audio of their rows empty: silence is taken for a voice",
)
OFF_SCALE: Final = Kind.warning(
    "sound file{s} with samples of another scale",
    "divide the samples, so that they lie within -1 and 1 (16-bit numbers: by 32768)",
)
OFF_ZERO: Final = Kind.warning(
    "sound file{s} whose zero line is off (a direct current from the sound card)",
    "subtract the mean of their samples; features take it for a deep hum",
)
CLIPPED: Final = Kind.warning(
    "sound file{s} that {is|are} clipped",
    "record them again with less gain: what was louder than the file can hold is lost",
)
REMARKS: Final[Mapping[Kind, str]] = {
    SILENT: "silent (peak below -60 dBFS), record it again or leave its audio empty",
    OFF_SCALE: "not the scale of sound, divide its samples so that they lie within -1 and 1",
    OFF_ZERO: "the zero line is off, subtract the mean of its samples",
    CLIPPED: "clipped, record it again with less gain",
}
"""The same of one utterance."""

_SILENCE: Final = 1e-3  # half the distance from the lowest to the highest sample, of a full scale of 1
_LOUDEST: Final = 2.0  # decoders of good sound overshoot a little
_OFF: Final = 0.1  # share of the peak that the mean may be; that of voices is under 0.02
_FULL: Final = 0.985  # a sample from here on is at full scale: resampling and lossy formats move clipped ones a little
_CLIPPED: Final = 0.01  # share of samples at full scale; good recordings have next to none


@dataclass(slots=True)
class Level:
    """Of a sound's samples, block by block."""

    samples: int = 0  # how many were seen, all channels together
    low: float = 0.0  # the lowest
    high: float = 0.0  # the highest
    total: float = 0.0  # their sum
    full: int = 0  # how many were at full scale

    def add(self, block: NDArray[np.float32]) -> None:
        """Take in samples of any shape; all have to be finite."""
        if not block.size:
            return
        low, high = float(block.min()), float(block.max())
        self.low, self.high = (min(self.low, low), max(self.high, high)) if self.samples else (low, high)
        self.samples += block.size
        self.total += float(block.sum(dtype=np.float64))
        self.full += int((np.abs(block) >= _FULL).sum()) if max(-low, high) >= _FULL else 0

    @property
    def peak(self) -> float:
        """Largest absolute sample."""
        return max(-self.low, self.high)

    def oddities(self) -> dict[Kind, str]:
        """What is odd -> what was found."""
        peak, mean = self.peak, self.total / max(1, self.samples)
        if (self.high - self.low) / 2 < _SILENCE:
            same = f"always {self.low:.3g}, no swing" if self.low else "nothing but zeros"
            return {SILENT: same if self.low == self.high else f"peak {peak:.2g}"}
        if peak > _LOUDEST:
            return {OFF_SCALE: f"peak {peak:.6g}, expected about 1 at most"}
        found = {}
        if abs(mean) > _OFF * peak:
            found[OFF_ZERO] = f"mean {mean:.2g}, peak {peak:.2g}"
        if self.full > _CLIPPED * self.samples:
            found[CLIPPED] = f"{self.full / self.samples:.0%} of the samples are at full scale"
        return found
