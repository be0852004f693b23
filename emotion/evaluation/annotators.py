"""What a corpus's annotators (raters) say, as soft labels: a distribution over the classes per utterance.

Notation: `s` seeds, `n` utterances, `c` classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from emotion.core.errors import EmotionError
from emotion.core.text import shortened
from emotion.evaluation.rows import read_rows

WORDS = {
    "Happiness": "happy",
    "Sadness": "sad",
    "Neutral": "neutral",
    "Neutral state": "neutral",
    "Anger": "angry",
    "Excited": "excited",
    "Frustration": "frustrated",
}
"""The raters' words of IEMOCAP; a word that is the name of a class needs no entry."""
_COLUMNS = ("utterance", "rater", "labels")
_REMEDY = "write it with emotion index --annotators"


@dataclass(frozen=True)
class Soft:
    """Distances between two distributions over the classes, means over utterances.

    Attributes:
        n: utterances.
        cross_entropy: of the second given the first as truth, in nats; at least the truth's entropy.
        js: Jensen-Shannon divergence in nats, 0 (equal) .. 0.69 (disjoint).
        cosine: 0 .. 1 (same direction).
    """

    n: int
    cross_entropy: float
    js: float
    cosine: float


@dataclass(frozen=True)
class Agreement:
    """How well raters agree (`ceiling.n` is 0 where no utterance has two), and how many of their labels are dropped."""

    ceiling: Soft
    labels: int
    dropped: int


@dataclass(frozen=True)
class Votes:
    """What the raters say of every utterance.

    Attributes:
        tables: utterance -> (raters, c), rows sum to 1.
        counts: utterance -> labels that raters gave it, and how many of them are of no class.
    """

    tables: dict[str, NDArray[np.float64]]
    counts: dict[str, tuple[int, int]]

    def compare(self, utterances: Sequence[str], probabilities: NDArray[np.float64]) -> list[Soft]:
        """Scores of every seed against the raters' distribution; [] where none of the utterances has raters.

        Args:
            utterances: (n) ids; those without raters are left out.
            probabilities: (s, n, c).
        """
        known = [place for place, name in enumerate(utterances) if name in self.tables]
        if not known:
            return []
        truth = np.stack([self.tables[utterances[place]].mean(0) for place in known])
        return [soft_scores(truth, given[known]) for given in probabilities]

    def agreement(self, utterances: Sequence[str]) -> Agreement:
        """How well the raters of these utterances agree themselves, and what of their votes counts."""
        ceiling = rater_ceiling([self.tables[name] for name in utterances if name in self.tables])
        counts = [self.counts[name] for name in utterances if name in self.counts]
        return Agreement(ceiling, sum(given for given, _ in counts), sum(dropped for _, dropped in counts))


def read_votes(path: Path, labels: Sequence[str]) -> Votes:
    """Votes of the outside raters (ids that begin with E; of all, where there are none such).

    Args:
        path: from `emotion index --annotators`.
        labels: names of the classes.

    Raises:
        EmotionError: the file is missing or damaged, or names none of the classes.
    """
    rows = read_rows(path, remedy=_REMEDY)
    if not rows or any(name not in row for row in rows for name in _COLUMNS):
        raise EmotionError(f"{path}: expected the columns {','.join(_COLUMNS)}; {_REMEDY}")
    outside = [row for row in rows if row["rater"].startswith("E")] or rows
    ballots: dict[str, list[list[str]]] = {}
    for row in outside:
        ballots.setdefault(row["utterance"], []).append(row["labels"].split(";"))
    numbers = {name: number for number, name in enumerate(labels)}
    classes = numbers | {word: numbers[name] for word, name in WORDS.items() if name in numbers}
    votes = count_votes(ballots, classes=classes)
    if not votes.tables:
        raise EmotionError(f"{path}: no rater names one of the classes {shortened(', '.join(labels))}")
    return votes


def count_votes(ballots: Mapping[str, Sequence[Sequence[str]]], *, classes: Mapping[str, int]) -> Votes:
    """Raters' labels as distributions; raters that name no class have none, nor utterances without raters.

    Args:
        ballots: utterance -> per rater the labels given; several share the rater's vote equally.
        classes: label as the raters write it -> class number; other labels are left out.
    """
    tables, counts = {}, {}
    for utterance, raters in ballots.items():
        known = [[classes[label] for label in labels if label in classes] for labels in raters]
        rows = [np.bincount(votes, minlength=max(classes.values()) + 1) / len(votes) for votes in known if votes]
        if rows:
            tables[utterance] = np.stack(rows)
        given = [label for labels in raters for label in labels if label]
        counts[utterance] = (len(given), sum(label not in classes for label in given))
    return Votes(tables, counts)


def soft_scores(truth: NDArray[np.float64], given: NDArray[np.float64]) -> Soft:
    """Compare distributions (n, c) row by row, e.g. the raters' votes and a classifier's probabilities; rows sum to 1.

    Where something given is 0 and the truth is not, the cross-entropy is infinite.
    """
    with np.errstate(divide="ignore"):
        logs = np.where(truth > 0, np.log(given), 0.0)
    middle = (truth + given) / 2
    js = (_entropy(middle) - (_entropy(truth) + _entropy(given)) / 2).clip(min=0.0)
    norms = np.linalg.norm(truth, axis=1) * np.linalg.norm(given, axis=1)
    return Soft(
        n=len(truth),
        cross_entropy=float(-(truth * logs).sum(1).mean()),
        js=float(js.mean()),
        cosine=float(((truth * given).sum(1) / norms).mean()),
    )


def rater_ceiling(votes: Sequence[NDArray[np.float64]]) -> Soft:
    """What a human reaches: each rater against the mean of the others, utterance by utterance.

    A single rater's vote makes the cross-entropy infinite, so its place takes the entropy of all raters' distribution,
    below which nothing can come. The votes of an utterance are (raters, c), rows sum to 1; utterances with fewer than
    two raters are left out.
    """
    pairs, together = [], []
    for table in votes:
        if len(table) >= 2:
            others = (table.sum(0) - table) / (len(table) - 1)
            found = soft_scores(others, table)
            pairs.append((found.js, found.cosine))
            together.append(table.mean(0))
    if not pairs:
        return Soft(0, float("nan"), float("nan"), float("nan"))
    js, cosine = np.mean(pairs, axis=0)
    return Soft(len(pairs), float(_entropy(np.stack(together)).mean()), float(js), float(cosine))


def _entropy(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-xlogy(rows, rows).sum(1))
