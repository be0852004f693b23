"""What the scenario tells in the generated corpus, by light means: counts, and a bag of words."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

Names = NDArray[np.str_]
MAJORITY = "no features: the commonest emotion of the training utterances"
SCENARIO = "no features: the same, of the scenario"
WORDS = "bag of words: trained on the other sessions"
FEWER = "bag of words: the same, as many utterances left out at random as with the scenario"
APART = "bag of words: the scenario left out of the other sessions, too"


class Corpus:
    """Columns of `index.csv`, training and test rows only."""

    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] != "validation"]
        self.label, self.scenario = (np.array([row[name] for row in rows]) for name in ("label", "scenario"))
        self.test = np.array([row["split"] == "test" for row in rows])
        self.words = CountVectorizer(ngram_range=(1, 2)).fit_transform([row["text"] for row in rows])

    def guessed(self, train: NDArray[np.bool_]) -> str:
        """The commonest label."""
        return Counter(self.label[train].tolist()).most_common(1)[0][0]

    def read(self, train: NDArray[np.bool_]) -> Names:
        """The labels of all rows, by a model of the words of the training rows."""
        model = LogisticRegression(C=3.0, max_iter=1000)
        return np.asarray(model.fit(self.words[train], self.label[train]).predict(self.words))


def figures(index: Path) -> dict[str, tuple[float, float]]:
    """Name -> accuracy and weighted F1 on the test set."""
    corpus = Corpus(index)
    truth = corpus.label[corpus.test]
    found = {}
    for name, labels in _predictions(corpus):
        said = labels[corpus.test]
        score = f1_score(truth, said, average="weighted", zero_division=0)
        found[name] = (float(accuracy_score(truth, said)), float(score))
    return found


def _predictions(corpus: Corpus) -> Iterator[tuple[str, Names]]:
    train, rng = ~corpus.test, np.random.default_rng(0)
    yield MAJORITY, np.full(len(train), corpus.guessed(train))
    parts = {name: corpus.scenario == name for name in np.unique(corpus.scenario)}
    yield SCENARIO, _joined(parts.values(), [np.full(len(train), corpus.guessed(train & at)) for at in parts.values()])
    yield WORDS, corpus.read(train)
    fewer = []
    for at in parts.values():
        some = rng.permutation(np.flatnonzero(train))[: int((train & ~at).sum())]
        fewer.append(corpus.read(np.isin(np.arange(len(train)), some)))
    yield FEWER, _joined(parts.values(), fewer)
    yield APART, _joined(parts.values(), [corpus.read(train & ~at) for at in parts.values()])


def _joined(parts: Iterable[NDArray[np.bool_]], labels: Sequence[Names]) -> Names:
    """Each row's label from the list of its part."""
    return np.select(list(parts), list(labels), default="")


def section(index: Path) -> list[str]:
    """The section of docs/synthetic.md."""
    lines = [f"| {name} | {accuracy:.3f} | {score:.3f} |" for name, (accuracy, score) in figures(index).items()]
    return [
        "## Scenarios",
        "",
        "Session 5 plays what the other sessions play. How much that alone is worth on its test utterances:",
        "",
        "| what is known | accuracy | weighted F1 |",
        "| --- | --- | --- |",
        *lines,
        "",
        "So a split by session rewards knowing the play; a protocol that leaves the scenario out does not.",
        "",
    ]
