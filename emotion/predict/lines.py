"""How far a prediction is, as lines of the log."""

import time
from typing import Final

from emotion.core import logs

_EVERY: Final = 10.0  # s between two lines
_IN_SECONDS: Final = ("listen", "watch")  # steps that are told in s of the recording


class Lines:
    """Says every few seconds how far a step is.

    Args:
        name: of the recording.
    """

    def __init__(self, name: str) -> None:
        self._name, self._step, self._start, self._last = name, "", 0.0, 0.0

    def __call__(self, step: str, done: float, total: float) -> None:
        """The step is so far; see `Progress`."""
        now = time.monotonic()
        if step != self._step:
            self._step, self._start, self._last = step, now, now
        if now - self._last < _EVERY:
            return
        self._last = now
        of, left = "", ""
        if total > 0:
            of = f" of {total:.0f}"
            left = f", {(now - self._start) * max(0.0, total / max(done, 1e-3) - 1):.0f} s left"
        unit = " s" if step in _IN_SECONDS else ""
        logs.info(f"{self._name}: {step}: {done:.0f}{of}{unit}{left}")
