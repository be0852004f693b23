"""Modalities that are missing when a classifier is used: all subsets, and rising shares of the utterances.

Nothing is trained again: the features are hidden from the trained classifier.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

SHARES = tuple(tenth / 10 for tenth in range(10))
ANY = "any"
_SEED = 1
_SHOWN = 0.00005  # smaller differences round to nothing in the tables


@dataclass(frozen=True)
class Condition:
    """What is left.

    Attributes:
        kind: `present` = only the modalities named are there; `missing` = the one named is missing for a share.
        modalities: with `+` between them, or `any`: a utterance loses one of them, drawn at random.
        share: of the utterances, 0..1.
        keep: (n, m) bool.
    """

    kind: str
    modalities: str
    share: float
    keep: NDArray[np.bool_]


def subsets(modalities: Sequence[str]) -> list[tuple[str, ...]]:
    """All but the empty one, from single modalities to all of them."""
    return [subset for size in range(1, len(modalities) + 1) for subset in combinations(modalities, size)]


def conditions(modalities: Sequence[str], n: int) -> list[Condition]:
    """All conditions for `n` utterances; the same utterances are hit in every run, and more of them as shares rise.

    Args:
        modalities: in the order of the columns of `present`.
        n: utterances of the split.
    """
    found = []
    for subset in subsets(modalities):
        keep = np.tile([name in subset for name in modalities], (n, 1))
        found.append(Condition("present", "+".join(subset), 0.0, keep))
    rng = np.random.default_rng(_SEED)
    when, which = rng.random(n), rng.integers(len(modalities), size=n)
    for column, name in enumerate([*modalities, ANY]):
        hit = which if name == ANY else np.full(n, column)
        for share in SHARES:
            keep = np.ones((n, len(modalities)), dtype=bool)
            keep[np.arange(n), hit] = when >= share
            found.append(Condition("missing", name, share, keep))
    return found


@dataclass(frozen=True)
class Rise:
    """A score that rises from `before` to `after` where the share without a modality does from `low` to `high`."""

    model: str
    modalities: str
    low: float
    high: float
    before: float
    after: float


@dataclass(frozen=True)
class Beaten:
    """A score that rises from `before`, with the modalities `more`, to `after`, with some of them, `fewer`; 0..1."""

    model: str
    fewer: str
    more: str
    before: float
    after: float


def rises(rows: Sequence[Mapping[str, object]]) -> list[Rise]:
    """The steepest rise of each row of the second table that has any, the largest first.

    Args:
        rows: of missing.csv.
    """
    curves: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in rows:
        if row["kind"] == "missing":
            curve = curves.setdefault((str(row["model"]), str(row["modalities"])), [])
            curve.append((float(str(row["share"])), float(str(row["weighted_f1"]))))
    found = []
    for (model, name), curve in curves.items():
        pairs = [
            Rise(model, name, low, high, before, after)
            for (low, before), (high, after) in combinations(sorted(curve), 2)
            if after - before >= _SHOWN
        ]
        found += sorted(pairs, key=lambda rise: rise.before - rise.after)[:1]
    return sorted(found, key=lambda rise: rise.before - rise.after)


def more_with_less(rows: Sequence[Mapping[str, object]]) -> list[Beaten]:
    """For each model the subset that beats all modalities by most, where one does.

    Args:
        rows: of missing.csv.
    """
    scores: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["kind"] == "present":
            scores.setdefault(str(row["model"]), {})[str(row["modalities"])] = float(str(row["weighted_f1"]))
    found = []
    for model, by_name in scores.items():
        everything = max(by_name, key=lambda name: name.count("+"))
        best = max(by_name, key=lambda name: by_name[name])
        if by_name[best] - by_name[everything] >= _SHOWN:
            found.append(Beaten(model, best, everything, by_name[everything], by_name[best]))
    return found
