"""How good a model is, how far its probabilities can be trusted, and from where on it should say that it is unsure."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.bundle.card import TestScores, Unsure, ValidationScores
from emotion.core.errors import EmotionError
from emotion.core.objects import read_object
from emotion.corpus.utterance import Index
from emotion.evaluation import scores
from emotion.evaluation.calibration import fit_temperature, temperature_scaled
from emotion.evaluation.report import interval_text
from emotion.evaluation.rows import LEAST, read_probabilities
from emotion.fusion.logits import predict
from emotion.fusion.saved import PROBABILITIES, Classifier
from emotion.fusion.sequences import Sequences

_AGAIN = "run dvc repro evaluate"
_EQUAL = 2e-3  # by which a score may differ from what was written: another processor rounds otherwise
_KEPT = ("n", "accuracy", "weighted_f1", "weighted_f1_ci_low", "weighted_f1_ci_high", "macro_f1", "unweighted_recall")


@dataclass(frozen=True)
class Worth:
    """What the card says of it."""

    test: TestScores
    validation: ValidationScores
    temperature: float
    unsure: Unsure


def worth(project: Path, classifier: Classifier, index: Index, validation: Sequences) -> Worth:
    """Read the test's scores, and choose temperature and threshold on validation.

    Args:
        project: with metrics/metrics.json, metrics/details.json and models/fusion/probabilities.csv.
        classifier: the trained model.
        index: whose labels of validation are known.
        validation: the split.

    Raises:
        EmotionError: there are no scores yet, they are damaged or another model's, or validation has no labels.
    """
    known = (validation.labels >= 0).numpy()
    actual = validation.labels.numpy()[known].astype(np.int64)
    if not len(actual):
        raise EmotionError(f"{project / 'data' / 'index.csv'}: no labelled validation utterances; choose another split")
    logits = _logits(project, classifier, index, validation)[known]
    temperature = round(fit_temperature(logits, actual), 4)
    before, after = (temperature_scaled(logits, value) for value in (1.0, temperature))
    predicted = np.asarray(before.argmax(axis=1), np.int64)
    matrix = scores.confusion(actual, predicted, classes=len(index.labels))
    found = ValidationScores(
        n=len(actual),
        accuracy=_rounded((predicted == actual).mean()),
        weighted_f1=_rounded(scores.weighted_f1(matrix)),
        ece=_rounded(scores.expected_calibration_error(actual, predicted, before)),
        ece_scaled=_rounded(scores.expected_calibration_error(actual, predicted, after)),
    )
    unsure = choose_threshold(after.max(axis=1), predicted == actual)
    return Worth(_test(project / "metrics", found), found, temperature, unsure)


def choose_threshold(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Unsure:
    """The confidence that best tells right predictions from wrong ones.

    It is where the share of the right ones that are above and the share of the wrong ones that are below are largest
    together (Youden, 1950); of several the lowest. Where all are right, or all wrong, nothing is unsure: 0.

    Args:
        confidence: (n,) of the predicted classes.
        right: (n,).
    """
    below = 0.0
    if right.any() and not right.all():
        values = np.unique(confidence)
        places = np.concatenate([[0.0], (values[1:] + values[:-1]) / 2])
        gains = [(confidence[right] >= place).mean() + (confidence[~right] < place).mean() for place in places]
        below = round(float(places[int(np.argmax(gains))]), 4)
    unsure = confidence < below
    accuracies = [_rounded(right[part].mean()) if part.any() else None for part in (~unsure, unsure)]
    return Unsure(
        below=below, share=_rounded(unsure.mean()), accuracy_sure=accuracies[0], accuracy_unsure=accuracies[1]
    )


def _logits(project: Path, classifier: Classifier, index: Index, validation: Sequences) -> NDArray[np.float64]:
    """(n, c) for validation, by a model that has not learnt it: with `refit` those of the first training."""
    if not classifier.settings.get("refit"):
        return predict(classifier.module, validation).double().cpu().numpy()
    path = project / "models" / "fusion" / PROBABILITIES
    found: NDArray[np.float64] = np.log(read_probabilities(path, index, validation.utterances).clip(min=LEAST))
    return found


def _test(folder: Path, found: ValidationScores) -> TestScores:
    """The test's scores, of the same model: its scores on validation are those that were written with them."""
    path = folder / "metrics.json"
    metrics, details = (read_object(folder / name, remedy=_AGAIN) for name in ("metrics.json", "details.json"))
    try:
        test, interval = metrics["test"], details["interval"]
        there = float(metrics["validation"]["weighted_f1"])
        words = interval_text(test, int(interval["count"]), str(interval["over"]))
        read = TestScores(**{name: test[name] for name in (*_KEPT, "ece") if name in test}, interval=words)
    except (KeyError, TypeError, ValueError):
        raise EmotionError(f"{path}: not the scores of a run (damaged, or of an earlier version); {_AGAIN}") from None
    if abs(there - found.weighted_f1) > _EQUAL:
        said = json.dumps(there)
        raise EmotionError(
            f"{path}: validation weighted F1 is {said}, but the model in models/fusion has {found.weighted_f1}: the "
            f"scores are another model's; {_AGAIN}"
        )
    return read


def _rounded(value: Any) -> float:  # noqa: ANN401 - any kind of number
    return round(float(value), 6)
