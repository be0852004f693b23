import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from emotion.evaluation import calibration, scores


def planted(n=4000, classes=4, sharpness=1.0, seed=0):
    """Labels drawn from softmax(logits); what the classifier gives is sharper by `sharpness`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, classes)) * 1.5
    truth = np.exp(log_softmax(logits, axis=1))
    actual = np.array([rng.choice(classes, p=row) for row in truth])
    return log_softmax(logits * sharpness, axis=1), actual


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_sharpened(sharpness):
    logs, actual = planted(sharpness=sharpness)
    found = calibration.fit_temperature(logs, actual)
    assert found == pytest.approx(sharpness, rel=0.1)
    loss = log_loss(actual, calibration.temperature_scaled(logs, found))
    for other in (0.9 * found, 1.1 * found):
        assert loss < log_loss(actual, calibration.temperature_scaled(logs, other))


def test_the_temperature_fixes_the_calibration_of_other_utterances():
    logs, actual = planted(sharpness=3.0)
    other, others = planted(sharpness=3.0, seed=1)
    temperature = calibration.fit_temperature(logs, actual)
    errors = []
    for given in (np.exp(other), calibration.temperature_scaled(other, temperature)):
        errors.append(scores.expected_calibration_error(others, given.argmax(1), given))
    assert errors[1] < errors[0] / 4


def test_the_temperature_stays_finite():
    logs = log_softmax(np.eye(3) * 1000, axis=1)
    assert 0.04 < calibration.fit_temperature(logs, np.arange(3)) < 20.1
    assert calibration.temperature_scaled(np.array([[0.0, -np.inf]]), 2.0).tolist() == [[1.0, 0.0]]


def test_reliability_agrees_with_scikit_learn_and_with_the_calibration_error():
    logs, actual = planted()
    given = np.exp(logs)
    mean, right, count = calibration.reliability(actual, given)
    expected = calibration_curve(given.argmax(1) == actual, given.max(1), n_bins=scores.BINS)
    full = count > 0
    assert right[full] == pytest.approx(expected[0])
    assert mean[full] == pytest.approx(expected[1])
    error = (np.abs(mean - right)[full] * count[full]).sum() / count.sum()
    assert error == pytest.approx(scores.expected_calibration_error(actual, given.argmax(1), given))
    assert count.sum() == len(actual)
