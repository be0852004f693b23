import numpy as np
import pytest
from figure_2 import FIGURE_2
from sklearn import metrics

from emotion.core.errors import EmotionError
from emotion.evaluation import scores

SIX = ("happy", "sad", "neutral", "angry", "excited", "frustrated")


def planted(n=400, classes=6, dialogues=17, seed=0):
    rng = np.random.default_rng(seed)
    actual = rng.choice(classes, size=n, p=np.arange(1, classes + 1) / (classes * (classes + 1) / 2))
    logits = rng.normal(size=(n, classes)) + 1.5 * np.eye(classes)[actual]
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    groups = [f"d{i}" for i in rng.integers(0, dialogues, size=n)]
    return actual, probabilities.argmax(1), probabilities, groups


def test_the_papers_figure_2():
    found = scores.scores_of_matrix(FIGURE_2, labels=SIX)
    percent = {name: round(100 * found[name], 2) for name in ("accuracy", "weighted_f1", "macro_f1")}
    assert percent == {"accuracy": 61.74, "weighted_f1": 61.07, "macro_f1": 59.97}
    assert found["n"] == 1623
    columns = {
        name: [round(100 * scores[name], 1) for scores in found["per_class"].values()]
        for name in ("precision", "recall", "f1")
    }
    assert columns["f1"] == [36.0, 77.8, 57.3, 62.9, 70.6, 55.3]  # Table 2's F1
    assert columns["precision"] == [45.3, 75.7, 53.9, 61.1, 65.7, 62.1]  # what Table 2 calls Acc
    assert columns["recall"] == [29.9, 80.0, 61.2, 64.7, 76.3, 49.9]  # what the baselines' rows hold
    assert [scores["support"] for scores in found["per_class"].values()] == [144, 245, 384, 170, 299, 381]


@pytest.mark.parametrize("classes", [2, 6, 7])
def test_agrees_with_scikit_learn(classes):
    actual, predicted, probabilities, groups = planted(classes=classes)
    labels = [f"c{i}" for i in range(classes)]
    found = scores.scores(actual, predicted, probabilities, labels=labels, groups=groups, seed=1)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(actual, predicted))
    assert found["weighted_f1"] == pytest.approx(metrics.f1_score(actual, predicted, average="weighted"))
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(actual, predicted, average="macro"))
    assert found["unweighted_recall"] == pytest.approx(metrics.balanced_accuracy_score(actual, predicted))
    columns = metrics.precision_recall_fscore_support(actual, predicted)
    for name, expected in zip(("precision", "recall", "f1", "support"), columns, strict=True):
        assert [found["per_class"][label][name] for label in labels] == pytest.approx(list(expected))
    matrix = scores.confusion(actual, predicted, classes=classes)
    assert np.array_equal(matrix, metrics.confusion_matrix(actual, predicted))


def test_classes_without_utterances_or_predictions():
    actual, predicted = np.array([0, 0, 1, 1]), np.array([0, 2, 2, 2])
    found = scores.scores_of_matrix(scores.confusion(actual, predicted, classes=4), labels="abcd")
    expected = metrics.f1_score(actual, predicted, labels=None, average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(expected) == pytest.approx(2 / 9)  # over a, b and c
    assert found["unweighted_recall"] == pytest.approx(0.25)
    assert found["per_class"]["d"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0, "predicted": 0}


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("seed", range(30))
def test_averages_are_over_the_classes_that_scikit_learn_takes(seed):
    """Few utterances of many classes: some do not occur, some are never predicted, some neither."""
    actual, predicted = np.random.default_rng(seed).integers(0, 9, size=(2, 5))
    found = scores.scores_of_matrix(scores.confusion(actual, predicted, classes=12), labels="abcdefghijkl")
    expected = metrics.f1_score(actual, predicted, labels=None, average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(expected)
    assert found["unweighted_recall"] == pytest.approx(metrics.balanced_accuracy_score(actual, predicted))
    expected = metrics.f1_score(actual, predicted, average="weighted", zero_division=0)
    assert found["weighted_f1"] == pytest.approx(expected)


def test_interval_agrees_with_a_naive_bootstrap():
    actual, predicted, _, groups = planted(n=150, dialogues=6)
    names = sorted(set(groups))
    drawn = np.random.default_rng(4).integers(0, len(names), size=(60, len(names)))
    values = []
    for resample in drawn:
        rows = [i for j in resample for i, group in enumerate(groups) if group == names[j]]
        values.append(metrics.f1_score(actual[rows], predicted[rows], average="weighted", zero_division=0))
    expected = np.percentile(values, [2.5, 97.5])
    found = scores.interval(actual, predicted, classes=6, groups=groups, seed=4, resamples=60)
    assert found == pytest.approx(tuple(expected))


def test_interval_is_seeded_and_wide_enough():
    actual, predicted, probabilities, groups = planted(n=5000, dialogues=150)
    found = scores.scores(actual, predicted, probabilities, labels=SIX, groups=groups, seed=1)
    assert found == scores.scores(actual, predicted, probabilities, labels=SIX, groups=groups, seed=1)
    assert found["weighted_f1_ci_low"] < found["weighted_f1"] < found["weighted_f1_ci_high"]
    other = scores.scores(actual, predicted, probabilities, labels=SIX, groups=groups, seed=2)
    assert found["weighted_f1_ci_low"] != other["weighted_f1_ci_low"]


@pytest.mark.parametrize(("dialogues", "given"), [(1, False), (9, False), (10, True), (40, True)])
def test_few_dialogues_give_no_interval(dialogues, given):
    actual, predicted, probabilities, _ = planted()
    groups = [f"d{i % dialogues}" for i in range(len(actual))]
    found = scores.scores(actual, predicted, probabilities, labels=SIX, groups=groups, seed=1)
    assert ("weighted_f1_ci_low" in found) == ("weighted_f1_ci_high" in found) == given


def test_what_is_resampled():
    assert scores.clusters(["a", "a", "b"], ["x", "y", "x"]) == (["a", "a", "b"], "dialogues")
    assert scores.clusters(["a", "b", "c"], ["x", "y", "x"]) == (["x", "y", "x"], "speakers")
    assert scores.clusters(["a", "b", "c"], ["a", "b", "c"]) == (["a", "b", "c"], "utterances")
    assert scores.too_few(6, "dialogues") == "no interval: 6 dialogues, fewer than 10"
    assert scores.too_few(1, "speakers") == "no interval: 1 speaker, fewer than 10"


def test_interval_resamples_dialogues_not_utterances():
    """Two dialogues, one all right and one all wrong: a resample has one, the other or both."""
    actual, predicted = np.array([0] * 50 + [1] * 50), np.array([0] * 100)
    low, high = scores.interval(actual, predicted, classes=2, groups=["a"] * 50 + ["b"] * 50, seed=0)
    assert (low, high) == (0.0, 1.0)


def test_calibration_error_agrees_with_a_loop():
    actual, predicted, probabilities, _ = planted()
    confidence = probabilities.max(1)
    expected = 0.0
    for i in range(15):
        inside = (confidence > i / 15) & (confidence <= (i + 1) / 15)
        if inside.any():
            gap = abs((predicted == actual)[inside].mean() - confidence[inside].mean())
            expected += inside.mean() * gap
    assert scores.expected_calibration_error(actual, predicted, probabilities) == pytest.approx(expected)
    assert expected > 0.01
    sure = np.eye(6)[actual]
    assert scores.expected_calibration_error(actual, actual, sure) == 0.0
    assert scores.expected_calibration_error(actual, (actual + 1) % 6, np.roll(sure, 1, axis=1)) == 1.0


def test_impossible_input_is_refused():
    with pytest.raises(EmotionError, match=r"shape \(2, 3\), expected \(2, 2\)"):
        scores.scores_of_matrix([[1, 2, 3], [4, 5, 6]], labels=["a", "b"])
    with pytest.raises(EmotionError, match="no labelled utterance"):
        scores.scores_of_matrix([[0, 0], [0, 0]], labels=["a", "b"])
