"""How far a classifier's probabilities can be trusted, and how near they come to what people say.

Notation: `n` utterances, `c` classes; logs are log-probabilities (or logits).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, xlogy

from emotion.evaluation.scores import confidence_bins

_COLDEST, _HOTTEST = 0.05, 20.0


def fit_temperature(logs: NDArray[np.float64], actual: NDArray[np.int64]) -> float:
    """The temperature that makes the labels likeliest (Guo et al., 2017): softmax(logs / T).

    Args:
        logs: (n, c) of the validation utterances.
        actual: (n,) class numbers.

    Returns:
        T, between 0.05 and 20; above 1 = the classifier was too sure.
    """
    rows = np.arange(len(actual))

    def loss(log_temperature: float) -> float:
        return float(-log_softmax(logs / np.exp(log_temperature), axis=1)[rows, actual].mean())

    found = minimize_scalar(
        loss, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded", options={"xatol": 1e-6}
    )
    return float(np.exp(found.x))


def heated(logs: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Probabilities (n, c) at a temperature."""
    return np.asarray(np.exp(log_softmax(logs / temperature, axis=1)))


def reliability(
    actual: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Mean confidence, accuracy and number of utterances per equal-width bin of confidence; NaN in empty bins.

    The bins are those of `scores.expected_calibration_error`.

    Returns:
        Three (bins,) arrays.
    """
    confident, right, count = confidence_bins(actual, probabilities.argmax(1), probabilities)
    with np.errstate(invalid="ignore"):
        return confident / count, right / count, count


@dataclass(frozen=True)
class Soft:
    """Distances between two distributions over the classes, means over utterances.

    Attributes:
        n: utterances.
        cross_entropy: of the second given the first as truth, in nats; at least the truth's entropy.
        js: Jensen-Shannon divergence in nats, 0 (equal) .. 0.69 (disjoint).
        cosine: 0 .. 1 (same direction).
    """

    n: int
    cross_entropy: float
    js: float
    cosine: float


def soft_scores(truth: NDArray[np.float64], given: NDArray[np.float64]) -> Soft:
    """Compare distributions row by row.

    Args:
        truth: (n, c), e.g. the raters' votes; rows sum to 1.
        given: (n, c), e.g. a classifier's probabilities; a 0 where the truth is not makes the cross-entropy infinite.
    """
    with np.errstate(divide="ignore"):
        logs = np.where(truth > 0, np.log(given), 0.0)
    middle = (truth + given) / 2
    js = (_entropy(middle) - (_entropy(truth) + _entropy(given)) / 2).clip(min=0.0)
    norms = np.linalg.norm(truth, axis=1) * np.linalg.norm(given, axis=1)
    return Soft(
        n=len(truth),
        cross_entropy=float(-(truth * logs).sum(1).mean()),
        js=float(js.mean()),
        cosine=float(((truth * given).sum(1) / norms).mean()),
    )


def rater_ceiling(votes: Sequence[NDArray[np.float64]]) -> Soft:
    """What a human reaches: each rater against the mean of the others, utterance by utterance.

    A single rater's vote makes the cross-entropy infinite, so its place takes the entropy of all raters' distribution,
    below which nothing can come.

    Args:
        votes: per utterance (raters, c), rows sum to 1; utterances with fewer than two raters are left out.
    """
    pairs, together = [], []
    for table in votes:
        if len(table) >= 2:
            others = (table.sum(0) - table) / (len(table) - 1)
            found = soft_scores(others, table)
            pairs.append((found.js, found.cosine))
            together.append(table.mean(0))
    if not pairs:
        return Soft(0, float("nan"), float("nan"), float("nan"))
    js, cosine = np.mean(pairs, axis=0)
    return Soft(len(pairs), float(_entropy(np.stack(together)).mean()), float(js), float(cosine))


def vote_tables(
    ballots: Mapping[str, Sequence[Sequence[str]]], *, classes: Mapping[str, int]
) -> dict[str, NDArray[np.float64]]:
    """Raters' labels as distributions.

    Args:
        ballots: utterance -> per rater the labels given; several share the rater's vote equally.
        classes: label as the raters write it -> class number; other labels are left out.

    Returns:
        utterance -> (raters, c) with rows that sum to 1; raters that name no known class are left out, and utterances
        without any rater too.
    """
    tables = {}
    for utterance, raters in ballots.items():
        rows = []
        for labels in raters:
            known = [classes[label] for label in labels if label in classes]
            if known:
                rows.append(np.bincount(known, minlength=max(classes.values()) + 1) / len(known))
        if rows:
            tables[utterance] = np.stack(rows)
    return tables


def _entropy(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-xlogy(rows, rows).sum(1))
