"""Measured figures with their targets, and how they are timed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class Figure:
    """One line of a table.

    Attributes:
        area: what it is about, e.g. faces.
        what: was measured.
        value: the figure.
        unit: of it, '' for a ratio.
        least: what it should be at least, or None.
        most: what it should be at most, or None.
        part: which part of the benchmark measured it.
    """

    area: str
    what: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None
    part: str = ""

    @property
    def target(self) -> str:
        """In words."""
        bounds = [f">= {self.least:g}" if self.least is not None else "", f"<= {self.most:g}" if self.most else ""]
        return " and ".join(bound for bound in bounds if bound)

    @property
    def good(self) -> bool:
        """Whether it is met."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    def shown(self) -> list[str]:
        """Cells of a table: three digits are enough."""
        digits = max(0, 2 - len(str(int(abs(self.value)))) + 1) if abs(self.value) >= 0.1 else 4
        met = "" if not self.target else "met" if self.good else "missed"
        return [self.area, self.what, f"{self.value:.{digits}f} {self.unit}".strip(), self.target, met]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {**asdict(self), "target": self.target, "good": self.good}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(**{field.name: values[field.name] for field in fields(cls) if field.name in values})


def best_of(
    functions: Sequence[Callable[[], Any]], *, times: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Shortest time of each function, s; they take turns, so that whatever else the machine does meets all alike.

    Args:
        functions: what to time.
        times: how often each.
        clock: `time.perf_counter` for time on the wall, `time.process_time` for time of this process's cores.
    """
    best = [float("inf")] * len(functions)
    for _ in range(times):
        for number, function in enumerate(functions):
            start = clock()
            function()
            best[number] = min(best[number], clock() - start)
    return best
