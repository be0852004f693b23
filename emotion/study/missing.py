"""Modalities that are missing when a classifier is used: all subsets, and rising shares of the utterances.

Nothing is trained anew: the features are hidden from the trained classifier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

SHARES = tuple(tenth / 10 for tenth in range(10))
ANY = "any"
_SEED = 1


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
