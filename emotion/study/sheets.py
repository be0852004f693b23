"""The runs of a variant laid side by side with the labels: what all tables are made from.

Notation: `s` seeds, `n` utterances of a split over all folds, `c` classes, `k` conditions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.evaluation import scores, significance
from emotion.evaluation.clusters import clusters_of
from emotion.evaluation.significance import Tally
from emotion.study.folds import Fold
from emotion.study.plan import Run, Variant
from emotion.study.run import Result, read_result


@dataclass(frozen=True)
class Sheet:
    """A variant's predictions for one split; an utterance that several folds score stands once per fold.

    Attributes:
        utterances: (n) ids.
        groups: (n) fold and cluster, see `clusters.clusters_of`.
        strata: (n,) number of the fold.
        actual: (n,) class numbers.
        logs: (s, n, c) log-probabilities.
        missing: (s, k, n) predictions with modalities missing.
    """

    utterances: list[str]
    groups: list[str]
    strata: NDArray[np.int64]
    actual: NDArray[np.int64]
    logs: NDArray[np.float64]
    missing: NDArray[np.int64]

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
        return significance.tally(
            self.actual,
            predicted,
            classes=self.logs.shape[2],
            groups=self.groups,
            strata=self.strata.tolist(),
        )


@dataclass(frozen=True)
class Entry:
    """One finished run with its scores; a score is None where the fold has no test utterance."""

    run: Run
    epoch: int
    validation_weighted_f1: float
    test_weighted_f1: float | None
    test_accuracy: float | None
    peek_weighted_f1: float | None
    seconds: float

    @property
    def cells(self) -> dict[str, Any]:
        """The columns of runs.csv."""
        scores = (self.validation_weighted_f1, self.test_weighted_f1, self.test_accuracy, self.peek_weighted_f1)
        names = ("validation_weighted_f1", "test_weighted_f1", "test_accuracy", "peek_weighted_f1")
        return {
            "model": self.run.variant.name,
            "seed": self.run.seed,
            "epoch": self.epoch,
            **dict(zip(names, scores, strict=True)),
            "seconds": f"{self.seconds:.2f}",
            **({"held_out": self.run.fold} if self.run.fold else {}),
        }


@dataclass(frozen=True)
class Record:
    """All runs of a variant.

    Attributes:
        variant: what was run.
        entries: one per seed and fold, in the order of folds, then seeds.
        sheets: by split; `test` is missing where there is no test utterance.
    """

    variant: Variant
    entries: list[Entry]
    sheets: dict[str, Sheet]

    @property
    def scored(self) -> str:
        """The split that counts: test, or validation where there is no other."""
        return "test" if "test" in self.sheets else "validation"


def record(variant: Variant, runs: Sequence[Run], folds: Sequence[Fold], truth: Mapping[str, str]) -> Record:
    """Read the runs of a variant and score them.

    Args:
        variant: the model and its settings.
        runs: of the whole study.
        folds: of the study.
        truth: label of every utterance.

    Raises:
        EmotionError: a run's file has vanished.
    """
    own = [run for run in runs if run.variant.name == variant.name]
    results = {(run.fold, run.seed): _present(run.path) for run in own}
    seeds = sorted({run.seed for run in own})
    by_name = {fold.name: fold for fold in folds}
    entries = [_entry(run, results[run.fold, run.seed], by_name[run.fold], truth) for run in own]
    sheets = {}
    for split in ("validation", "test"):
        parts = [
            _part(number, fold, split, [results[fold.name, seed] for seed in seeds], truth)
            for number, fold in enumerate(folds)
        ]
        known = [part for part in parts if len(part.actual)]
        if known:
            sheets[split] = _joined(known)
    return Record(variant, entries, sheets)


def _present(path: Path) -> Result:
    result = read_result(path)
    if result is None:
        raise EmotionError(f"{path}: the result of a run has vanished or is damaged; run the same command again")
    return result


def _actual(fold: Fold, split: str, truth: Mapping[str, str]) -> NDArray[np.int64]:
    """Class numbers of a split's rows, (n,)."""
    return np.array([fold.index.labels.index(truth[row.utterance]) for row in fold.rows(split)], dtype=np.int64)


def _part(number: int, fold: Fold, split: str, results: Sequence[Result], truth: Mapping[str, str]) -> Sheet:
    rows, c = fold.rows(split), len(fold.index.labels)
    cluster, _ = clusters_of(fold.index)
    return Sheet(
        utterances=[row.utterance for row in rows],
        groups=[f"{fold.name} {cluster[row.utterance]}" for row in rows],
        strata=np.full(len(rows), number),
        actual=_actual(fold, split, truth),
        logs=np.stack([result.logs[split].reshape(-1, c) for result in results]).astype(np.float64),
        missing=np.stack([result.missing[split] for result in results]).astype(np.int64),
    )


def _joined(parts: Sequence[Sheet]) -> Sheet:
    return Sheet(
        utterances=[name for part in parts for name in part.utterances],
        groups=[name for part in parts for name in part.groups],
        strata=np.concatenate([part.strata for part in parts]),
        actual=np.concatenate([part.actual for part in parts]),
        logs=np.concatenate([part.logs for part in parts], axis=1),
        missing=np.concatenate([part.missing for part in parts], axis=2),
    )


def _entry(run: Run, result: Result, fold: Fold, truth: Mapping[str, str]) -> Entry:
    c = len(fold.index.labels)
    chosen = result.logs["validation"].argmax(1)
    entry: dict[str, Any] = {"validation_weighted_f1": _f1(_actual(fold, "validation", truth), chosen, c)}
    entry |= {"seconds": result.seconds, "epoch": result.epoch}
    actual = _actual(fold, "test", truth)
    if not len(actual):
        return Entry(run, test_weighted_f1=None, test_accuracy=None, peek_weighted_f1=None, **entry)
    chosen = result.logs["test"].argmax(1)
    return Entry(
        run,
        test_weighted_f1=_f1(actual, chosen, c),
        test_accuracy=float((actual == chosen).mean()),
        peek_weighted_f1=max(_f1(actual, guess.astype(np.int64), c) for guess in result.by_epoch),
        **entry,
    )


def _f1(actual: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> float:
    return float(scores.weighted_f1(scores.confusion(actual, predicted, classes=classes)))
