"""The predictions of a model's runs for the same utterances, and the figures that they give: means over seeds.

Notation: `s` seeds, `n` utterances of a split over all folds, `f` folds, `c` classes, `k` conditions. A fold is what
one training holds out; folds that hold out the same session are one stratum, and scores are means over strata.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.evaluation import scores, significance
from emotion.evaluation.calibration import fit_temperature, temperature_scaled
from emotion.evaluation.significance import Tally

_SEED = 1  # of the resampling of dialogues: the same ones for every model


@dataclass(frozen=True)
class Predictions:
    """Of one split; an utterance that several folds score stands once per fold.

    Attributes:
        utterances: (n) ids.
        groups: (n) stratum and cluster, see `scores.clusters_of`.
        folds: (n,) number of the fold, from 0.
        strata: (n,) number of the stratum.
        actual: (n,) class numbers; -1 = has none, which `labelled` leaves out.
        logs: (s, n, c) log-probabilities.
        missing: (s, k, n) predictions with modalities missing.
    """

    utterances: list[str]
    groups: list[str]
    folds: NDArray[np.int64]
    strata: NDArray[np.int64]
    actual: NDArray[np.int64]
    logs: NDArray[np.float64]
    missing: NDArray[np.int64]

    @property
    def labelled(self) -> "Predictions":
        """The same of the utterances that have a class: what all scores below are of."""
        known = self.actual >= 0
        return Predictions(
            utterances=list(compress(self.utterances, known)),
            groups=list(compress(self.groups, known)),
            folds=self.folds[known],
            strata=self.strata[known],
            actual=self.actual[known],
            logs=self.logs[:, known],
            missing=self.missing[:, :, known],
        )

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """(s, n) class numbers."""
        return np.asarray(self.logs.argmax(2))

    @cached_property
    def tally(self) -> Tally:
        """Confusion matrices by run and dialogue."""
        return self.tally_of(self.predicted)

    def tally_of(self, predicted: NDArray[np.int64]) -> Tally:
        """The same of other predictions (s, n)."""
        classes, strata = self.logs.shape[2], self.strata.tolist()
        return significance.tally(self.actual, predicted, classes=classes, groups=self.groups, strata=strata)

    @cached_property
    def resampled(self) -> NDArray[np.int64]:
        """How often each dialogue is drawn, see `significance.resample`."""
        return significance.resample(self.tally.strata, seed=_SEED)

    def figures(self) -> dict[str, float | None]:
        """Scores with their standard deviation over seeds (NaN for one seed), and 95 % interval over dialogues.

        There is no interval, None, over few dialogues, nor where folds share dialogues, which are not independent.
        """
        values = self.tally.scores()[0]
        low, high = None, None
        shared = len(set(self.utterances)) < len(self.utterances)
        if not shared and significance.enough(self.tally.strata):
            low, high = scores.percentile_interval(self.tally.scores(self.resampled).mean(1))
        names = [str(number) for number in range(self.logs.shape[2])]
        inside = [self.strata == stratum for stratum in np.unique(self.strata)]
        runs = [[self._scores(predicted, names, here) for here in inside] for predicted in self.predicted]
        accuracy, macro_f1, recall = (
            np.array([[stratum[name] for stratum in run] for run in runs])  # (s, strata)
            for name in ("accuracy", "macro_f1", "unweighted_recall")
        )
        ensemble = np.exp(self.logs).mean(0).argmax(1)
        return {
            "weighted_f1": float(values.mean()),
            "weighted_f1_std": significance.spread(values),
            "weighted_f1_ci_low": low,
            "weighted_f1_ci_high": high,
            "accuracy": float(accuracy.mean()),
            "accuracy_std": significance.spread(accuracy.mean(1)),
            "macro_f1": float(macro_f1.mean()),
            "unweighted_recall": float(recall.mean()),
            "ensemble_weighted_f1": float(self.tally_of(ensemble[None]).scores()[0, 0]),
        }

    def per_class(self, labels: Sequence[str]) -> dict[str, dict[str, float | None]]:
        """Class -> precision, recall, f1 and support: means over seeds, all folds together; None = divides by 0."""
        runs = [self._scores(predicted, labels)["per_class"] for predicted in self.predicted]
        return {label: _class([run[label] for run in runs]) for label in labels}

    def _scores(
        self, predicted: NDArray[np.int64], labels: Sequence[str], inside: NDArray[np.bool_] | slice = slice(None)
    ) -> dict[str, Any]:
        """Of one run (n,), over all utterances or those of a stratum."""
        matrix = scores.confusion(self.actual[inside], predicted[inside], classes=len(labels))
        return scores.scores_of_matrix(matrix, labels=labels)

    def temperatures(self) -> NDArray[np.float64]:
        """(s, f) fitted on these predictions, which are of validation utterances."""
        inside = [self.folds == fold for fold in range(self.folds.max() + 1)]
        return np.array([[fit_temperature(logs[fold], self.actual[fold]) for fold in inside] for logs in self.logs])

    def scaled(self, temperatures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities (s, n, c) at the temperatures (s, f) of their seeds and folds."""
        return temperature_scaled(self.logs, temperatures[:, self.folds, None])

    def calibration_error(self, probabilities: NDArray[np.float64]) -> float:
        """Expected calibration error of probabilities (s, n, c), mean over seeds."""
        errors = [scores.expected_calibration_error(self.actual, given.argmax(1), given) for given in probabilities]
        return float(np.mean(errors))


def _class(runs: Sequence[Mapping[str, float]]) -> dict[str, float | None]:
    """One class's means; None where it does not occur or is never predicted, so that there is nothing to divide by."""
    found = {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}
    support, predicted = found["support"], found["predicted"]
    needs = {"precision": predicted, "recall": support, "f1": support + predicted, "support": 1}
    return {name: found[name] if needed else None for name, needed in needs.items()}
