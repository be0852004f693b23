"""Guesses without any feature, beside which the models stand: what is played tells a good deal."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from emotion.corpus.shared import AGAINST
from emotion.study.folds import Fold

CORPUS = "no features: majority of the corpus"
SCENARIO = "no features: majority of the scenario"


def baselines(folds: Sequence[Fold], scored: str, labels: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Name -> guesses (1, n) for the scored utterances, fold by fold in the order of the index.

    Each guess is the label that training and validation have most often, of all utterances or of those that play the
    same; of all where nothing there plays it. Of equally frequent ones the first class is taken. Where validation is
    scored training alone counts.

    Args:
        folds: with the labels of what is scored hidden, if that is the test set.
        scored: `test` or `validation`.
        labels: names of the classes.
    """
    found: dict[str, list[int]] = {CORPUS: [], SCENARIO: []}
    known = False
    for fold in folds:
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        whole: Counter[str] = Counter()
        for row in fold.index.utterances:
            if row.split in AGAINST[scored] and row.label:
                counts[row.scenario][row.label] += 1
                whole[row.label] += 1
        for row in fold.rows(scored):
            known = known or bool(row.scenario)
            found[CORPUS].append(_majority(whole, labels))
            found[SCENARIO].append(_majority(counts.get(row.scenario, whole), labels))
    names = [CORPUS, SCENARIO] if known else [CORPUS]
    return {name: np.array([found[name]], dtype=np.int64) for name in names}


def _majority(counts: Mapping[str, int], labels: Sequence[str]) -> int:
    return max(range(len(labels)), key=lambda place: (counts.get(labels[place], 0), -place))
