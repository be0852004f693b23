"""Statistics of repeated runs: intervals over dialogues, paired comparisons, correction for several of them.

A run is scored on dialogues, and the utterances within one are not independent; so whole dialogues are resampled
(Efron and Tibshirani, 1993), the same ones for every model and seed. What is resampled is the mean over seeds: its
interval says how far the result depends on the dialogues, its standard deviation over seeds on the random start.

Notation: `s` seeds, `g` dialogues, `c` classes, `r` resamples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from emotion.evaluation.scores import FEWEST, RESAMPLES, percentile_interval, times_drawn, weighted_f1

PAIRS = 6
"""Pairs of seeds below which a signed-rank test cannot reach 0.05: its least two-sided p-value is 2 / 2^n."""


@dataclass(frozen=True)
class Tally:
    """Confusion matrices of a model's runs, one per dialogue.

    Attributes:
        counts: (s, g, c, c); row = actual, column = predicted.
        strata: (g) the group of each dialogue, e.g. the held-out session; scores are means over groups.
    """

    counts: NDArray[np.int64]
    strata: NDArray[np.int64]

    def scores(self, times: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Weighted F1 of every run, (r, s): with each dialogue as often as `times` (r, g) says; None = once, r = 1."""
        s, g, c, _ = self.counts.shape
        weights = np.ones((1, g), dtype=np.int64) if times is None else times
        found = []
        for stratum in np.unique(self.strata):
            inside = self.strata == stratum
            flat = self.counts[:, inside].transpose(1, 0, 2, 3).reshape(int(inside.sum()), s * c * c)
            found.append(weighted_f1((weights[:, inside] @ flat).reshape(len(weights), s, c, c)))
        return np.asarray(np.mean(found, axis=0))


def tally(
    actual: NDArray[np.int64],
    predicted: NDArray[np.int64],
    *,
    classes: int,
    groups: Sequence[str],
    strata: Sequence[int] | None = None,
) -> Tally:
    """Count a model's runs by dialogue.

    The class numbers are (n,), actual, and (s, n), predicted in every run; each utterance is of a dialogue, `groups`
    (n), and each dialogue of a stratum, `strata` (n); None = all of one.
    """
    names, first, group = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
    cells = (group * classes + actual) * classes + predicted  # (s, n)
    size = len(names) * classes * classes
    counts = [np.bincount(row, minlength=size).reshape(len(names), classes, classes) for row in cells]
    known = np.zeros(len(actual), dtype=np.int64) if strata is None else np.asarray(strata, dtype=np.int64)
    return Tally(np.stack(counts).astype(np.int64), known[first])


def resample(strata: NDArray[np.int64], *, seed: int, resamples: int = RESAMPLES) -> NDArray[np.int64]:
    """How often each dialogue is drawn, with replacement, within its group; of groups (g) the counts (r, g)."""
    rng = np.random.default_rng(seed)
    times = np.zeros((resamples, len(strata)), dtype=np.int64)
    for stratum in np.unique(strata):
        places = np.flatnonzero(strata == stratum)
        times[:, places] = times_drawn(len(places), rng, resamples=resamples)
    return times


@dataclass(frozen=True)
class Comparison:
    """A model against the reference.

    Attributes:
        difference: mean weighted F1 of the model less the reference's.
        low: lower end of its 95 % interval over dialogues; NaN where there are too few, see `enough`.
        high: upper end; NaN likewise.
        bootstrap_p: two-sided; the share of resamples in which the sign is the other way, twice; NaN likewise.
        wilcoxon_p: two-sided, signed ranks of the seeds' differences; NaN where it cannot reach 0.05.
    """

    difference: float
    low: float
    high: float
    bootstrap_p: float
    wilcoxon_p: float


def compare(model: Tally, reference: Tally, times: NDArray[np.int64]) -> Comparison:
    """Compare two models' runs on the same dialogues; their seeds are paired in order where they are equally many.

    `times` (r, g) is from `resample`, the same for all comparisons.
    """
    own, other = model.scores()[0], reference.scores()[0]
    difference, signed = float(own.mean() - other.mean()), wilcoxon_p(own, other)
    if not enough(model.strata):
        return Comparison(difference, float("nan"), float("nan"), float("nan"), signed)
    drawn = model.scores(times).mean(1) - reference.scores(times).mean(1)
    low, high = percentile_interval(drawn)
    return Comparison(difference, low, high, bootstrap_p(drawn), signed)


def independent(strata: NDArray[np.int64]) -> int:
    """How many independent dialogues an interval rests on: each further group (g,) costs one, as its mean is fixed."""
    return len(strata) - len(np.unique(strata)) + 1


def enough(strata: NDArray[np.int64]) -> bool:
    """Whether these dialogues (g,) allow an interval."""
    return independent(strata) >= FEWEST


def bootstrap_p(differences: NDArray[np.float64]) -> float:
    """Two-sided p-value of resampled differences (r,) against 0; never 0, since r resamples show no less than 1 / r."""
    below, above = (differences <= 0).sum() + 1, (differences >= 0).sum() + 1
    return float(min(1.0, 2 * min(below, above) / (len(differences) + 1)))


def wilcoxon_p(own: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Two-sided p-value of the signed-rank test (Wilcoxon, 1945) over paired seeds; NaN where it cannot reach 0.05."""
    if len(own) != len(other) or len(own) < PAIRS:
        return float("nan")
    differences = own - other
    if not differences.any():
        return 1.0
    if np.count_nonzero(differences) < PAIRS:  # equal pairs do not count
        return float("nan")
    return float(stats.wilcoxon(differences).pvalue)


def holm(values: Sequence[float]) -> list[float]:
    """P-values corrected for how many there are (Holm, 1979); NaN stays and does not count."""
    known = [place for place, value in enumerate(values) if not np.isnan(value)]
    corrected, worst = list(values), 0.0
    for rank, place in enumerate(sorted(known, key=lambda place: values[place])):
        worst = max(worst, min(1.0, (len(known) - rank) * values[place]))
        corrected[place] = worst
    return corrected


def spread(values: NDArray[np.float64]) -> float:
    """Standard deviation over seeds (n - 1 in the divisor); NaN for a single one."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
