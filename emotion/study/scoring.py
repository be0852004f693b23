"""One row of figures per variant: means, intervals, comparisons, calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.evaluation import scores, significance
from emotion.evaluation.calibration import fit_temperature, heated
from emotion.evaluation.significance import Comparison
from emotion.study.sheets import Record, Sheet
from emotion.study.soft import Votes, soft_of

ENOUGH = 10
"""Utterances in a bin of confidence; of fewer the accuracy says nothing."""
_SEED = 1  # of the resampling of dialogues


@dataclass
class Row:
    """A variant's figures; shares 0..1.

    Attributes:
        record: the runs.
        figures: column of study.csv -> value; None or NaN = there is none.
        per_class: class -> precision, recall, f1 (means over seeds; None where they would divide by 0) and support.
        temperatures: one per run, fitted on its validation utterances.
        comparison: with the reference; None for the reference itself.
    """

    record: Record
    figures: dict[str, Any] = field(default_factory=dict)
    per_class: dict[str, dict[str, float | None]] = field(default_factory=dict)
    temperatures: list[float] = field(default_factory=list)
    comparison: Comparison | None = None

    @property
    def name(self) -> str:
        """Of the variant."""
        return self.record.variant.name

    @property
    def sheet(self) -> Sheet:
        """Of the split that counts."""
        return self.record.sheets[self.record.scored]


def score(
    records: Sequence[Record],
    *,
    reference: str,
    labels: Sequence[str],
    votes: Votes | None,
) -> list[Row]:
    """Figures of all variants.

    Models are compared with the reference, a variant with something taken away with the model it was taken from. The
    correction for several comparisons is over all models, and over the variants of each model apart.

    Args:
        records: the runs.
        reference: name of the variant that the others are compared with.
        labels: names of the classes.
        votes: the raters', from `soft.read_votes`.
    """
    rows = [_row(record, labels, votes) for record in records]
    by_name = {row.name: row for row in rows}
    families: dict[str, list[Row]] = {}
    for row in rows:
        full = row.record.variant.full
        against = reference if row.name == full else full
        if row.name != against:
            row.comparison = _compared(row, by_name[against])
            row.figures["compared_with"] = against
            families.setdefault("models" if row.name == full else full, []).append(row)
    for family in families.values():
        _correct(family)
    return rows


def _row(record: Record, labels: Sequence[str], votes: Votes | None) -> Row:
    row = Row(record)
    figures = row.figures
    figures["model"], figures["seeds"] = record.variant.name, len(row.sheet.logs)
    figures["members"] = record.variant.settings.get("members", 1)
    for split in ("validation", "test"):
        sheet = record.sheets.get(split)
        figures |= {f"{split}_{name}": value for name, value in _split_figures(sheet).items()}
    figures |= _peek(record)
    row.per_class = _per_class(row.sheet, labels)
    row.temperatures = _temperatures(record)
    before = np.exp(row.sheet.logs)
    after = np.stack([_heated(row, seed) for seed in range(len(before))])
    figures["temperature"] = float(np.mean(row.temperatures))
    figures["ece_before"], figures["ece_after"] = _ece(row.sheet, before), _ece(row.sheet, after)
    found = soft_of(row.sheet, votes) if votes else []
    for name in ("cross_entropy", "js", "cosine"):
        figures[f"soft_{name}"] = float(np.mean([getattr(soft, name) for soft in found])) if found else None
    return row


def _split_figures(sheet: Sheet | None) -> dict[str, float | None]:
    """Means over seeds on one split."""
    names = ("weighted_f1", "weighted_f1_std", "weighted_f1_ci_low", "weighted_f1_ci_high")
    more = ("accuracy", "accuracy_std", "macro_f1", "unweighted_recall", "ensemble_weighted_f1")
    if sheet is None:
        return dict.fromkeys((*names, *more))
    values = sheet.tally.scores()[0]
    low, high = None, None
    shared = len(set(sheet.utterances)) < len(sheet.utterances)  # folds share dialogues, which are not independent
    if not shared and significance.enough(sheet.tally.strata):
        low, high = scores.percentile_interval(sheet.tally.scores(_times(sheet)).mean(1))
    runs = _by_fold(sheet, sheet.predicted)
    accuracy = runs["accuracy"].mean(1)
    together = np.exp(sheet.logs).mean(0).argmax(1)
    ensemble = float(sheet.tally_of(together[None]).scores()[0, 0])
    main = (values.mean(), significance.spread(values), low, high)
    others = (accuracy.mean(), significance.spread(accuracy), runs["macro_f1"].mean(), runs["unweighted_recall"].mean())
    found = zip((*names, *more), (*main, *others, ensemble), strict=True)
    return {name: None if value is None else float(value) for name, value in found}


def _by_fold(sheet: Sheet, predicted: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Scores (s, folds) of each run and fold."""
    c = sheet.logs.shape[2]
    labels = [str(number) for number in range(c)]
    found = []
    for guess in predicted:
        inside = [sheet.strata == number for number in np.unique(sheet.strata)]
        matrices = [scores.confusion(sheet.actual[here], guess[here], classes=c) for here in inside]
        found.append([scores.scores_of_matrix(matrix, labels=labels) for matrix in matrices])
    names = ("accuracy", "macro_f1", "unweighted_recall")
    return {name: np.array([[fold[name] for fold in run] for run in found]) for name in names}


def _times(sheet: Sheet) -> NDArray[np.int64]:
    """The same resampled dialogues for every variant."""
    return significance.resample(sheet.tally.strata, seed=_SEED)


def _peek(record: Record) -> dict[str, float | None]:
    """What choosing the epoch on the test set would have claimed, and by how much that is too high."""
    claims = [entry.peek_weighted_f1 for entry in record.entries if entry.peek_weighted_f1 is not None]
    honest = [entry.test_weighted_f1 for entry in record.entries if entry.test_weighted_f1 is not None]
    if not claims:
        return {"peek_weighted_f1": None, "peek_inflation": None}
    return {
        "peek_weighted_f1": float(np.mean(claims)),
        "peek_inflation": float(np.mean(claims) - np.mean(honest)),
    }


def _per_class(sheet: Sheet, labels: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Means over seeds, all folds together."""
    runs = [
        scores.scores_of_matrix(scores.confusion(sheet.actual, guess, classes=len(labels)), labels=labels)
        for guess in sheet.predicted
    ]
    return {label: _class([run["per_class"][label] for run in runs]) for label in labels}


def _class(runs: Sequence[Mapping[str, float]]) -> dict[str, float | None]:
    """One class's means; None where it does not occur or is never predicted, so that there is nothing to divide by."""
    found = {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}
    support, predicted = found["support"], found["predicted"]
    needs = {"precision": predicted, "recall": support, "f1": support + predicted, "support": 1}
    return {name: found[name] if needed else None for name, needed in needs.items()}


def _temperatures(record: Record) -> list[float]:
    """One per seed and fold, in the order of seeds, then folds."""
    sheet = record.sheets["validation"]
    found = []
    for logs in sheet.logs:
        for number in np.unique(sheet.strata):
            inside = sheet.strata == number
            found.append(fit_temperature(logs[inside], sheet.actual[inside]))
    return found


def _heated(row: Row, seed: int) -> NDArray[np.float64]:
    """A seed's probabilities (n, c) at the temperatures of its folds."""
    sheet = row.sheet
    folds = np.unique(row.record.sheets["validation"].strata)
    found: NDArray[np.float64] = np.zeros(sheet.logs[seed].shape)
    for place, number in enumerate(folds):
        inside = sheet.strata == number
        found[inside] = heated(sheet.logs[seed][inside], row.temperatures[seed * len(folds) + place])
    return found


def reliability_inputs(row: Row) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Class numbers (s * n,) and probabilities (s * n, c) before and after the temperature, all seeds together."""
    sheet = row.sheet
    s, n, c = sheet.logs.shape
    after = np.concatenate([_heated(row, seed) for seed in range(s)])
    return np.tile(sheet.actual, s), np.exp(sheet.logs).reshape(s * n, c), after


def _ece(sheet: Sheet, probabilities: NDArray[np.float64]) -> float:
    """Mean over seeds."""
    return float(
        np.mean([scores.expected_calibration_error(sheet.actual, given.argmax(1), given) for given in probabilities])
    )


def _compared(row: Row, against: Row) -> Comparison:
    found = significance.compare(row.sheet.tally, against.sheet.tally, _times(row.sheet))
    row.figures |= {
        "difference": found.difference,
        "difference_ci_low": found.low,
        "difference_ci_high": found.high,
        "bootstrap_p": found.bootstrap_p,
        "wilcoxon_p": found.wilcoxon_p,
    }
    return found


def _correct(family: Sequence[Row]) -> None:
    for test in ("bootstrap_p", "wilcoxon_p"):
        corrected = significance.holm([row.figures[test] for row in family])
        for row, value in zip(family, corrected, strict=True):
            row.figures[f"{test}_holm"] = value
