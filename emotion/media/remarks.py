"""What is odd about a waveform that is used all the same: its level (`emotion.corpus.level`), a cut."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.corpus.level import REMARKS, Level
from emotion.corpus.utterance import Utterance


def remark(row: Utterance, wave: NDArray[np.float32], *, max_seconds: float) -> dict[str, Any] | None:
    """A note on an utterance's waveform (t,): {"remarks": {kind: what was found}}; None where nothing is odd.

    Of an utterance no more than `max_seconds` was read.
    """
    level = Level()
    level.add(wave)
    found = {REMARKS[kind]: about for kind, about in level.oddities().items()}
    if row.end - row.start > max_seconds:
        found[f"longer than max_seconds, read up to {max_seconds:g} s"] = f"{row.end - row.start:g} s"
    return {"remarks": found} if found else None
