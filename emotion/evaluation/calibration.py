"""How far a classifier's probabilities can be trusted, and the temperature that makes them fit.

Notation: `n` utterances, `c` classes; logs are log-probabilities (or logits).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from emotion.evaluation.scores import confidence_bins

FEWEST_IN_BIN = 10
"""Utterances in a bin of confidence; of fewer the accuracy says nothing."""
_COLDEST, _HOTTEST = 0.05, 20.0


def fit_temperature(logs: NDArray[np.float64], actual: NDArray[np.int64]) -> float:
    """The temperature T that makes the labels likeliest (Guo et al., 2017): softmax(logs / T), between 0.05 and 20.

    `logs` (n, c) are those of the validation utterances, `actual` (n,) class numbers; above 1 = it was too sure.
    """
    rows = np.arange(len(actual))

    def loss(log_temperature: float) -> float:
        return float(-log_softmax(logs / np.exp(log_temperature), axis=1)[rows, actual].mean())

    found = minimize_scalar(
        loss, bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded", options={"xatol": 1e-6}
    )
    return float(np.exp(found.x))


def temperature_scaled(logs: NDArray[np.float64], temperature: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (..., c) at one temperature, or at one (..., 1) for each row."""
    return np.asarray(np.exp(log_softmax(logs / temperature, axis=-1)))


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
