import numpy as np
import pytest
from scipy.spatial.distance import cosine, jensenshannon
from scipy.special import log_softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from emotion.evaluation import calibration, scores


def planted(n=4000, classes=4, heat=1.0, seed=0):
    """Labels drawn from softmax(logits); what the classifier gives is sharper by `heat`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, classes)) * 1.5
    truth = np.exp(log_softmax(logits, axis=1))
    actual = np.array([rng.choice(classes, p=row) for row in truth])
    return log_softmax(logits * heat, axis=1), actual


@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_sharpened(heat):
    logs, actual = planted(heat=heat)
    found = calibration.fit_temperature(logs, actual)
    assert found == pytest.approx(heat, rel=0.1)
    loss = log_loss(actual, calibration.heated(logs, found))
    for other in (0.9 * found, 1.1 * found):
        assert loss < log_loss(actual, calibration.heated(logs, other))


def test_the_temperature_mends_the_calibration_of_other_utterances():
    logs, actual = planted(heat=3.0)
    other, others = planted(heat=3.0, seed=1)
    temperature = calibration.fit_temperature(logs, actual)
    errors = []
    for given in (np.exp(other), calibration.heated(other, temperature)):
        errors.append(scores.expected_calibration_error(others, given.argmax(1), given))
    assert errors[1] < errors[0] / 4


def test_the_temperature_stays_finite():
    logs = log_softmax(np.eye(3) * 1000, axis=1)
    assert 0.04 < calibration.fit_temperature(logs, np.arange(3)) < 20.1
    assert calibration.heated(np.array([[0.0, -np.inf]]), 2.0).tolist() == [[1.0, 0.0]]


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


def test_soft_scores_agree_with_scipy():
    rng = np.random.default_rng(0)
    truth, given = rng.dirichlet(np.ones(4), size=30), rng.dirichlet(np.ones(4), size=30)
    truth[:5] = np.eye(4)[:, [0, 1, 2, 3]][[0, 1, 2, 3, 0]]
    found = calibration.soft_scores(truth, given)
    assert found.n == 30
    assert found.js == pytest.approx(np.mean([jensenshannon(a, b) ** 2 for a, b in zip(truth, given, strict=True)]))
    assert found.cosine == pytest.approx(np.mean([1 - cosine(a, b) for a, b in zip(truth, given, strict=True)]))
    assert found.cross_entropy == pytest.approx(
        np.mean([-(a * np.log(b)).sum() for a, b in zip(truth, given, strict=True)])
    )
    same = calibration.soft_scores(truth, truth)
    assert same.js == pytest.approx(0, abs=1e-12)
    assert same.cosine == pytest.approx(1)
    assert calibration.soft_scores(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])).cross_entropy == np.inf


def test_votes_and_the_raters_agreement():
    ballots = {
        "a": [["Sad"], ["Sad"], ["Sad", "Mad"]],
        "b": [["Other"], ["Mad"]],
        "c": [["Other"]],
        "d": [["Sad"], ["Mad"]],
    }
    tables = calibration.vote_tables(ballots, classes={"Sad": 0, "Mad": 1})
    assert {name: table.tolist() for name, table in tables.items()} == {
        "a": [[1, 0], [1, 0], [0.5, 0.5]],
        "b": [[0, 1]],
        "d": [[1, 0], [0, 1]],
    }
    ceiling = calibration.rater_ceiling(list(tables.values()))
    assert ceiling.n == 2  # b has one rater
    in_a = [jensenshannon([0.75, 0.25], [1, 0]) ** 2] * 2 + [jensenshannon([1, 0], [0.5, 0.5]) ** 2]
    assert ceiling.js == pytest.approx(np.mean([np.mean(in_a), np.log(2)]))
    together = np.array([5 / 6, 1 / 6])
    assert ceiling.cross_entropy == pytest.approx(np.mean([-(together * np.log(together)).sum(), np.log(2)]))
    assert np.isnan(calibration.rater_ceiling([]).js)
