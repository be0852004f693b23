"""One model under several protocols: how much of its score is knowing who speaks, what is played, or more data.

Protocols that score the same utterances are compared in pairs, over the same resampled dialogues.

Notation: `s` seeds, `n` scored utterances.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.corpus.scenarios import kind_of
from emotion.evaluation import scores, significance
from emotion.evaluation.significance import Tally
from emotion.study.baselines import baselines
from emotion.study.study import Studied

ALL = "all"
_SEED = 1  # of the resampling, the same as in the other tables


@dataclass(frozen=True)
class Scored:
    """What one protocol scores, sorted by id, and what was said of it.

    Attributes:
        protocol: its name.
        split: `test`, or `validation` where there is no other.
        utterances: (n) ids.
        actual: (n,) class numbers.
        groups: (n) held-out session and cluster, see `scores.clusters_of`.
        strata: (n,) number of the held-out session.
        kinds: (n) `scripted`, `improvised` or ''.
        predicted: model or baseline -> (s, n) class numbers.
        models: names of the models.
        classes: how many there are.
    """

    protocol: str
    split: str
    utterances: list[str]
    actual: NDArray[np.int64]
    groups: list[str]
    strata: NDArray[np.int64]
    kinds: list[str]
    predicted: dict[str, NDArray[np.int64]]
    models: list[str]
    classes: int

    def part(self, kind: str) -> NDArray[np.bool_]:
        """(n,) which utterances are of a kind, or `ALL`."""
        return np.array([kind in (ALL, own) for own in self.kinds])

    def tally(self, model: str, kind: str) -> Tally:
        """Confusion matrices by run and dialogue, of a kind of utterances."""
        here = self.part(kind)
        groups = [name for name, inside in zip(self.groups, here, strict=True) if inside]
        predicted, strata = self.predicted[model][:, here], self.strata[here].tolist()
        return significance.tally(self.actual[here], predicted, classes=self.classes, groups=groups, strata=strata)


def scored(found: Studied) -> Scored:
    """Bring what a protocol's folds score into the order of ids, and add the baselines."""
    first = found.rows[0].scored
    split, labels = found.rows[0].split, list(found.about.labels)
    played = {row.utterance: row.scenario for fold in found.folds for row in fold.rows(split)}
    place = {name: number for number, name in enumerate(sorted(played))}
    order = np.argsort([place[name] for name in first.utterances], kind="stable")
    names = [first.utterances[number] for number in order]
    known = [row.utterance in found.labels for fold in found.folds for row in fold.rows(split)]
    guesses = {name: guess[:, known] for name, guess in baselines(found.folds, split, labels).items()}
    predicted = {row.name: row.scored.predicted[:, order] for row in found.rows if not row.ablation}
    return Scored(
        protocol=found.about.protocol,
        split=split,
        utterances=names,
        actual=first.actual[order],
        groups=[first.groups[number] for number in order],
        strata=first.strata[order],
        kinds=[kind_of(played[name]) for name in names],
        predicted=predicted | {name: guess[:, order] for name, guess in guesses.items()},
        models=list(predicted),
        classes=len(labels),
    )


def kinds(found: Sequence[Scored]) -> list[str]:
    """The parts that are scored: all utterances and, where names say it, scripted and improvised ones."""
    known = {kind for one in found for kind in one.kinds}
    return [ALL, *(kind for kind in ("scripted", "improvised") if kind in known)]


def lines(found: Sequence[Scored]) -> list[dict[str, Any]]:
    """Rows of protocols.csv: every kind of utterances, protocol and model; NaN = there is none."""
    rows = []
    for kind in kinds(found):
        for one in found:
            if not one.part(kind).any():
                continue
            for model in one.predicted:
                rows.append({"utterances": kind, "protocol": one.protocol, "model": model} | _figures(one, model, kind))
    return rows


def _figures(one: Scored, model: str, kind: str) -> dict[str, Any]:
    tally, here = one.tally(model, kind), one.part(kind)
    values, ends = tally.scores()[0], (float("nan"), float("nan"))
    if significance.enough(tally.strata):
        times = significance.resample(tally.strata, seed=_SEED)
        ends = scores.percentile_interval(tally.scores(times).mean(1))
    return {
        "n": int(here.sum()),
        "dialogues": len(tally.strata),
        "weighted_f1": float(values.mean()),
        "weighted_f1_std": significance.spread(values),
        "weighted_f1_ci_low": ends[0],
        "weighted_f1_ci_high": ends[1],
        "pooled_weighted_f1": float(scores.weighted_f1(tally.counts.sum(1)).mean()),
        "accuracy": float((one.predicted[model][:, here] == one.actual[here]).mean()),
    }


def differences(found: Sequence[Scored]) -> list[dict[str, Any]]:
    """Rows of differences.csv: of each model, a protocol less a later one, where both score the same utterances.

    P-values are Holm-corrected over the lines of the same kind of utterances.
    """
    rows: list[dict[str, Any]] = []
    for kind in kinds(found):
        family: list[dict[str, Any]] = []
        for one, other in combinations(found, 2):
            if (one.utterances, one.groups) != (other.utterances, other.groups) or not one.part(kind).any():
                continue
            for model in one.models:
                mine, theirs = one.tally(model, kind), other.tally(model, kind)
                times = significance.resample(mine.strata, seed=_SEED)
                given = significance.compare(mine, theirs, times)
                family.append(
                    {
                        "utterances": kind,
                        "model": model,
                        "protocol": one.protocol,
                        "less": other.protocol,
                        "difference": given.difference,
                        "difference_ci_low": given.low,
                        "difference_ci_high": given.high,
                        "bootstrap_p": given.bootstrap_p,
                    }
                )
        corrected = significance.holm([row["bootstrap_p"] for row in family])
        rows += [row | {"bootstrap_p_holm": value} for row, value in zip(family, corrected, strict=True)]
    return rows
