"""The finished runs of a study beside the labels: a row of figures per variant, and how the variants compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.evaluation import scores, significance
from emotion.evaluation.predictions import Predictions
from emotion.evaluation.scores import clusters_of
from emotion.study.folds import Fold
from emotion.study.missing import conditions
from emotion.study.plan import Run, Variant
from emotion.study.run import SPLITS, Result, read_result


@dataclass
class Row:
    """A variant's runs and figures; shares 0..1.

    Attributes:
        variant: what was run.
        runs: rows of runs.csv, in the order of folds, then seeds.
        predictions: by split, of the utterances that have a class; `test` is missing where none has.
        whole: the split that counts with all its utterances; class number -1 = it has no class.
        figures: column of study.csv -> value; None or NaN = there is none.
        per_class: see `Predictions.per_class`.
    """

    variant: Variant
    runs: list[dict[str, Any]]
    predictions: dict[str, Predictions]
    whole: Predictions
    figures: dict[str, Any] = field(default_factory=dict)
    per_class: dict[str, dict[str, float | None]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the variant."""
        return self.variant.name

    @property
    def ablation(self) -> bool:
        """Whether the model lacks something."""
        return self.variant.name != self.variant.full

    @property
    def split(self) -> str:
        """The one that counts: test, or validation where there is no other."""
        return "test" if "test" in self.predictions else "validation"

    @property
    def scored(self) -> Predictions:
        """For the split that counts."""
        return self.predictions[self.split]

    @cached_property
    def temperatures(self) -> NDArray[np.float64]:
        """(s, f) fitted on the validation utterances."""
        return self.predictions["validation"].temperatures()

    @cached_property
    def scaled(self) -> NDArray[np.float64]:
        """Probabilities (s, n, c) for the split that counts, at these temperatures."""
        return self.scored.scaled(self.temperatures)


def score(
    plan: Sequence[Variant],
    runs: Sequence[Run],
    folds: Sequence[Fold],
    truth: Mapping[str, str],
    *,
    reference: str,
) -> list[Row]:
    """Read the runs and score them: one row per variant.

    Models are compared with the reference, an ablation with its whole model. The correction for several comparisons is
    over all models, and over the ablations of each model apart.

    Args:
        plan: from `plan.variants`.
        runs: from `plan.runs`, all finished.
        folds: of the study.
        truth: label of every utterance.
        reference: name of the model that the others are compared with.

    Raises:
        EmotionError: a run's file has vanished.
    """
    rows = [_row(variant, [run for run in runs if run.variant.name == variant.name], folds, truth) for variant in plan]
    by_name = {row.name: row for row in rows}
    families: dict[str, list[Row]] = {}
    for row in rows:
        _add_figures(row)
        row.per_class = row.scored.per_class(folds[0].index.labels)
        against = row.variant.full if row.ablation else reference
        if row.name != against:
            _add_comparison(row, by_name[against])
            families.setdefault(row.variant.full if row.ablation else "", []).append(row)
    for family in families.values():
        for test in ("bootstrap_p", "wilcoxon_p"):
            corrected = significance.holm([row.figures[test] for row in family])
            for row, value in zip(family, corrected, strict=True):
                row.figures[f"{test}_holm"] = value
    return rows


def missing_rows(row: Row) -> list[dict[str, Any]]:
    """Rows of missing.csv: mean weighted F1 over seeds under every condition of `emotion.study.missing`."""
    found = []
    for place, condition in enumerate(conditions(row.variant.modalities, 0)):
        values = row.scored.tally_of(row.scored.missing[:, place]).scores()[0]
        found.append(
            {
                "model": row.name,
                "kind": condition.kind,
                "modalities": condition.modalities,
                "share": condition.share,
                "weighted_f1": float(values.mean()),
                "weighted_f1_std": significance.spread(values),
            }
        )
    return found


def _row(variant: Variant, runs: Sequence[Run], folds: Sequence[Fold], truth: Mapping[str, str]) -> Row:
    results: dict[str, list[Result]] = {}  # fold -> per seed
    lines, by_name = [], {fold.name: fold for fold in folds}
    for run in runs:
        result = read_result(run.path)
        if result is None:
            raise EmotionError(
                f"{run.path}: the result of a run has vanished or is damaged; run the same command again"
            )
        results.setdefault(run.fold, []).append(result)
        lines.append(_line(run, result, by_name[run.fold], truth))
    labelled = {row.split for fold in folds for row in fold.index.utterances if row.utterance in truth}
    whole = {split: _predictions(split, folds, results, truth) for split in SPLITS if split in labelled}
    return Row(variant, lines, {split: found.labelled for split, found in whole.items()}, list(whole.values())[-1])


def _line(run: Run, result: Result, fold: Fold, truth: Mapping[str, str]) -> dict[str, Any]:
    """The run's row of runs.csv; a score is None where the fold has no test utterance."""
    actual = {split: _actual(fold, split, truth) for split in SPLITS}
    known = {split: numbers >= 0 for split, numbers in actual.items()}

    def f1(split: str, predicted: NDArray[Any]) -> float:
        right, guess = actual[split][known[split]], predicted[known[split]].astype(np.int64)
        return float(scores.weighted_f1(scores.confusion(right, guess, classes=len(fold.index.labels))))

    tested = bool(known["test"].any())
    chosen = {split: result.logs[split].argmax(1) for split in (SPLITS if tested else SPLITS[:1])}
    return {
        "model": run.variant.name,
        "seed": run.seed,
        "epoch": result.epoch,
        "validation_weighted_f1": f1("validation", chosen["validation"]),
        "test_weighted_f1": f1("test", chosen["test"]) if tested else None,
        "test_accuracy": float((actual["test"] == chosen["test"])[known["test"]].mean()) if tested else None,
        "peek_weighted_f1": max(f1("test", epoch) for epoch in result.by_epoch) if tested else None,
        "seconds": f"{result.seconds:.2f}",
    } | ({"held_out": run.fold} if run.fold else {})


def _actual(fold: Fold, split: str, truth: Mapping[str, str]) -> NDArray[np.int64]:
    """Class numbers of a split's rows, (n,); -1 = without a class."""
    numbers = {label: number for number, label in enumerate(fold.index.labels)}
    return np.array([numbers.get(truth.get(row.utterance, ""), -1) for row in fold.rows(split)], dtype=np.int64)


def _predictions(
    split: str, folds: Sequence[Fold], results: Mapping[str, Sequence[Result]], truth: Mapping[str, str]
) -> Predictions:
    """Of all seeds, the folds one after the other."""
    c = len(folds[0].index.labels)
    clusters = {fold.name: clusters_of(fold.index)[0] for fold in folds}
    sessions = list(dict.fromkeys(fold.session for fold in folds))
    rows = [(number, fold, row.utterance) for number, fold in enumerate(folds) for row in fold.rows(split)]
    logs = [np.stack([result.logs[split].reshape(-1, c) for result in results[fold.name]]) for fold in folds]
    missing = [np.stack([result.missing[split] for result in results[fold.name]]) for fold in folds]
    return Predictions(
        utterances=[name for _, _, name in rows],
        groups=[f"{fold.session} {clusters[fold.name][name]}" for _, fold, name in rows],
        folds=np.array([number for number, _, _ in rows]),
        strata=np.array([sessions.index(fold.session) for _, fold, _ in rows]),
        actual=np.concatenate([_actual(fold, split, truth) for fold in folds]),
        logs=np.concatenate(logs, axis=1).astype(np.float64),
        missing=np.concatenate(missing, axis=2).astype(np.int64),
    )


def _add_figures(row: Row) -> None:
    scored, figures = row.scored, row.figures
    figures["model"], figures["seeds"] = row.name, len(scored.logs)
    figures["members"] = row.variant.settings.get("members", 1)
    by_split = {split: predictions.figures() for split, predictions in row.predictions.items()}
    for split in SPLITS:
        known = by_split.get(split, dict.fromkeys(by_split["validation"]))
        figures |= {f"{split}_{name}": value for name, value in known.items()}
    figures |= _peek(row.runs)
    figures["temperature"] = float(row.temperatures.mean())
    figures["ece_before"] = scored.calibration_error(np.exp(scored.logs))
    figures["ece_after"] = scored.calibration_error(row.scaled)


def _peek(runs: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """What choosing the epoch on the test set would have claimed, and by how much that is too high."""
    tested = [run for run in runs if run["test_weighted_f1"] is not None]
    if not tested:
        return {"peek_weighted_f1": None, "peek_inflation": None}
    claim, honest = (float(np.mean([run[name] for run in tested])) for name in ("peek_weighted_f1", "test_weighted_f1"))
    return {"peek_weighted_f1": claim, "peek_inflation": claim - honest}


def _add_comparison(row: Row, against: Row) -> None:
    found = significance.compare(row.scored.tally, against.scored.tally, row.scored.resampled)
    row.figures |= {
        "difference": found.difference,
        "difference_ci_low": found.low,
        "difference_ci_high": found.high,
        "bootstrap_p": found.bootstrap_p,
        "wilcoxon_p": found.wilcoxon_p,
        "compared_with": against.name,
    }
