from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.metrics import f1_score, precision_recall_fscore_support

from emotion.evaluation import calibration, scores
from emotion.evaluation.predictions import Predictions

LABELS = ("sad", "angry", "happy", "bored")  # nobody is bored


def planted(s=3, n=120, folds=2, seed=0):
    """Labels of three classes and logits that point to them, sharper in the second fold; dialogues of five."""
    rng = np.random.default_rng(seed)
    actual, fold = rng.integers(0, 3, n), np.arange(n) * folds // n
    logits = rng.normal(size=(s, n, 4)) + 1.5 * np.eye(4)[actual]
    logits[..., 3] = -30
    logs = log_softmax(logits * (1 + 2 * fold)[:, None], axis=2)
    names = [f"u{place}" for place in range(n)]
    groups = [f"{fold[place]} d{place // 5}" for place in range(n)]
    return Predictions(names, groups, fold, fold, actual, logs, np.zeros((s, 0, n), dtype=np.int64))


def test_figures_are_means_over_seeds_and_folds():
    made = planted()
    found = made.figures()
    by_run = [
        [
            f1_score(made.actual[here], guess[here], average="weighted", zero_division=0)
            for here in (made.folds == 0, made.folds == 1)
        ]
        for guess in made.predicted
    ]
    values = np.mean(by_run, axis=1)
    assert found["weighted_f1"] == pytest.approx(values.mean())
    assert found["weighted_f1_std"] == pytest.approx(values.std(ddof=1))
    assert found["weighted_f1_ci_low"] < found["weighted_f1"] < found["weighted_f1_ci_high"]
    right = np.mean([(guess == made.actual).mean() for guess in made.predicted])  # the folds are equally large
    assert found["accuracy"] == pytest.approx(right)


def test_few_dialogues_and_folds_that_share_utterances_have_no_interval():
    made = planted()
    few = replace(made, groups=[name.split()[0] for name in made.groups])
    shared = replace(made, utterances=made.utterances[:60] * 2)
    for other in (few, shared):
        found = other.figures()
        assert (found["weighted_f1_ci_low"], found["weighted_f1_ci_high"]) == (None, None)
        assert found["weighted_f1"] == made.figures()["weighted_f1"]


def test_classes_that_do_not_occur_have_no_figures():
    made = planted()
    found = made.per_class(LABELS)
    assert found["bored"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    runs = [
        precision_recall_fscore_support(made.actual, guess, labels=range(3), zero_division=0)
        for guess in made.predicted
    ]
    for place, name in enumerate(("precision", "recall", "f1", "support")):
        expected = np.mean([run[place] for run in runs], axis=0)
        assert [found[label][name] for label in LABELS[:3]] == pytest.approx(expected)


def test_each_fold_has_its_own_temperature():
    made = planted()
    temperatures = made.temperatures()
    assert temperatures.shape == (3, 2) and (temperatures[:, 1] > 2 * temperatures[:, 0]).all()
    scaled = made.scaled(temperatures)
    for seed in range(3):
        for fold in range(2):
            here = made.folds == fold
            alone = calibration.temperature_scaled(made.logs[seed][here], temperatures[seed, fold])
            np.testing.assert_array_equal(scaled[seed][here], alone)
    before, after = made.calibration_error(np.exp(made.logs)), made.calibration_error(scaled)
    assert after < before
    errors = [scores.expected_calibration_error(made.actual, given.argmax(1), given) for given in scaled]
    assert after == pytest.approx(np.mean(errors))
