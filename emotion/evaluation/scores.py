"""Scores of a classifier: accuracy, F1 in its several senses, calibration, and an interval over dialogues.

Everything is counted from one confusion matrix (rows = actual class, columns = predicted class), so that the paper's
Figure 2 and our own predictions go through the same code.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Index

RESAMPLES = 1000
BINS = 15
FEWEST = 10
"""Clusters of utterances below which there is no interval and no p-value: a bootstrap of fewer is far too narrow."""


def confusion(actual: NDArray[np.int64], predicted: NDArray[np.int64], *, classes: int) -> NDArray[np.int64]:
    """Count utterances per pair of class numbers (n,): (classes, classes); row = actual, column = predicted."""
    counts = np.bincount(actual * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def weighted_f1(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """F1 per class, averaged with the classes' shares of the actual labels, in [0, 1].

    The matrices are (..., classes, classes), and so (...) scores.
    """
    counts = np.asarray(matrix, dtype=np.float64)
    support = counts.sum(-1)
    return np.asarray(_ratio((_f1(counts) * support).sum(-1), support.sum(-1)))


def scores_of_matrix(matrix: ArrayLike, *, labels: Sequence[str]) -> dict[str, Any]:
    """All that a confusion matrix alone can tell.

    Args:
        matrix: (classes, classes) counts; row = actual, column = predicted.
        labels: the classes' names in the matrix's order.

    Returns:
        `n`, `accuracy`, `weighted_f1`, `macro_f1` (over the classes that occur or are predicted, as scikit-learn's
        `f1_score(average="macro", zero_division=0)`), `unweighted_recall` (over the classes that occur, as its
        `balanced_accuracy_score`) and `per_class` with `precision`, `recall`, `f1`, `support`, `predicted`; a score
        that divides by 0 is 0.

    Raises:
        EmotionError: the matrix is not square with one row per label, or is empty.
    """
    counts = np.asarray(matrix, dtype=np.float64)
    if counts.shape != (len(labels), len(labels)):
        raise EmotionError(f"confusion matrix has shape {counts.shape}, expected {(len(labels), len(labels))}")
    if counts.sum() <= 0:
        raise EmotionError("there is no labelled utterance to score")
    right, support, guesses = np.diagonal(counts), counts.sum(1), counts.sum(0)
    columns = {"precision": _ratio(right, guesses), "recall": _ratio(right, support), "f1": _f1(counts)}
    per_class: dict[str, dict[str, float | int]] = {
        label: {name: float(values[i]) for name, values in columns.items()}
        | {"support": int(support[i]), "predicted": int(guesses[i])}
        for i, label in enumerate(labels)
    }
    return {
        "n": int(counts.sum()),
        "accuracy": float(right.sum() / counts.sum()),
        "weighted_f1": float(weighted_f1(counts)),
        "macro_f1": float(columns["f1"][support + guesses > 0].mean()),
        "unweighted_recall": float(columns["recall"][support > 0].mean()),
        "per_class": per_class,
    }


def scores(
    actual: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    *,
    labels: Sequence[str],
    groups: Sequence[str],
    seed: int,
) -> dict[str, Any]:
    """Everything reported for a set of utterances: `scores_of_matrix`, `ece`, the 95 % interval of the weighted F1.

    Args:
        actual: (n,) class numbers.
        predicted: (n,) class numbers.
        probabilities: (n, classes).
        labels: names of the classes.
        groups: (n) the cluster of each utterance, see `clusters`; whole clusters are resampled, since the utterances
            within one are not independent; where there are fewer than `FEWEST` the interval is left out.
        seed: of the resampling.

    Raises:
        EmotionError: there is nothing to score.
    """
    result = scores_of_matrix(confusion(actual, predicted, classes=len(labels)), labels=labels)
    result["ece"] = expected_calibration_error(actual, predicted, probabilities)
    if len(set(groups)) >= FEWEST:
        low, high = interval(actual, predicted, classes=len(labels), groups=groups, seed=seed)
        result |= {"weighted_f1_ci_low": low, "weighted_f1_ci_high": high}
    return result


def clusters(dialogues: Sequence[str], speakers: Sequence[str]) -> tuple[list[str], str]:
    """What is resampled: dialogues, or speakers where each utterance is a dialogue of its own.

    Returns:
        (n) the cluster of each utterance, and what the clusters are: `dialogues` or `speakers`, or `utterances` where
        both say nothing (a table without speakers).
    """
    if len(set(dialogues)) < len(dialogues):
        return list(dialogues), "dialogues"
    return list(speakers), "speakers" if len(set(speakers)) < len(speakers) else "utterances"


def clusters_of(index: Index) -> tuple[dict[str, str], str]:
    """The same of an index: utterance -> its cluster, and what the clusters are."""
    rows = index.utterances
    found, kind = clusters([row.dialogue for row in rows], [row.speaker for row in rows])
    return dict(zip((row.utterance for row in rows), found, strict=True)), kind


def too_few(count: int, kind: str) -> str:
    """Why there is no interval over so many clusters, e.g. `no interval: 6 dialogues, fewer than 10`."""
    return f"no interval: {count} {kind if count > 1 else kind[:-1]}, fewer than {FEWEST}"


def interval(
    actual: NDArray[np.int64],
    predicted: NDArray[np.int64],
    *,
    classes: int,
    groups: Sequence[str],
    seed: int,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the weighted F1, resampling whole dialogues (Efron and Tibshirani, 1993).

    A resample's confusion matrix is the sum of its dialogues' matrices, so no utterance is touched twice.
    """
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    cells = (group * classes + actual) * classes + predicted
    per_group = np.bincount(cells, minlength=len(names) * classes * classes).reshape(len(names), classes * classes)
    times = times_drawn(len(names), np.random.default_rng(seed), resamples=resamples)
    return percentile_interval(weighted_f1((times @ per_group).reshape(resamples, classes, classes)))


def times_drawn(g: int, rng: np.random.Generator, *, resamples: int = RESAMPLES) -> NDArray[np.int64]:
    """How often each of `g` things is drawn in each resample, with replacement: (resamples, g) counts."""
    flat = rng.integers(0, g, size=(resamples, g)) + g * np.arange(resamples)[:, None]
    return np.bincount(flat.ravel(), minlength=resamples * g).reshape(resamples, g).astype(np.int64)


def percentile_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """95 % interval of resampled values (r,)."""
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def expected_calibration_error(
    actual: NDArray[np.int64], predicted: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins of confidence (Guo et al., 2017), in [0, 1]."""
    confident, right, _ = confidence_bins(actual, predicted, probabilities)
    return float(np.abs(right - confident).sum() / len(predicted))


def confidence_bins(
    actual: NDArray[np.int64], predicted: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Sum of confidences, right predictions and utterances per equal-width bin of confidence; all (bins,).

    A bin is open below and closed above.
    """
    confidence = probabilities[np.arange(len(predicted)), predicted]
    place = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    confident, right = (
        np.bincount(place, weights=values, minlength=BINS).astype(np.float64)
        for values in (confidence, predicted == actual)
    )
    return confident, right, np.bincount(place, minlength=BINS)


def _f1(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 per class, (..., classes): 2 TP / (actual + predicted)."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    return _ratio(2 * right, counts.sum(-1) + counts.sum(-2))


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quotient, 0 where the divisor is 0."""
    return np.divide(above, below, out=np.zeros(np.shape(above)), where=np.asarray(below) > 0)
