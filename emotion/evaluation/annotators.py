"""What a corpus's annotators (raters) say: the file, and their votes as distributions over the classes.

How predictions compare with them: `emotion.evaluation.against_raters`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.core.text import shortened
from emotion.corpus.raters import WORDS, is_outside
from emotion.corpus.utterance import Index
from emotion.evaluation.rows import parse_lines, read_text

_COLUMNS = ("utterance", "rater", "labels")
_REMEDY = "write it with emotion index --annotators"

Targets = Mapping[str, tuple[float, ...]]
"""Utterance -> the raters' distribution over the classes, which sums to 1."""


@dataclass(frozen=True)
class Votes:
    """What the raters say of every utterance.

    Attributes:
        tables: utterance -> (raters, c), rows sum to 1; a word of IEMOCAP's raters counts as the class it means.
        counts: utterance -> labels that raters gave it, and how many of them are of no class.
    """

    tables: dict[str, NDArray[np.float64]]
    counts: dict[str, tuple[int, int]]

    def targets(self, index: Index) -> Targets:
        """What may be trained on: of the utterances of an index that are not for testing."""
        open_rows = (row.utterance for row in index.utterances if row.split != "test")
        return {name: tuple(self.tables[name].mean(0).tolist()) for name in open_rows if name in self.tables}

    def labels(self, utterances: Sequence[str]) -> tuple[int, int]:
        """How many labels the raters gave to these utterances, and how many of them are of no class."""
        counts = [self.counts[name] for name in utterances if name in self.counts]
        return sum(given for given, _ in counts), sum(dropped for _, dropped in counts)


def read_votes(path: Path, labels: Sequence[str]) -> Votes | None:
    """Votes of the outside raters (`raters.is_outside`; of all, where there are none such).

    Args:
        path: from the stage `index`, or `emotion index --annotators`.
        labels: names of the classes.

    Returns:
        The votes; None where the file has a header only: the corpus has no raters.

    Raises:
        EmotionError: the file is missing or damaged, or names none of the classes.
    """
    header, *lines = parse_lines(read_text(path, remedy=_REMEDY), path, remedy=_REMEDY)
    rows = [dict(zip(header, line, strict=False)) for line in lines]
    if any(name not in row for row in (header, *rows) for name in _COLUMNS):
        raise EmotionError(f"{path}: expected the columns {','.join(_COLUMNS)}; {_REMEDY}")
    if not rows:
        return None
    outside = [row for row in rows if is_outside(row["rater"])] or rows
    ballots: dict[str, list[list[str]]] = {}
    for row in outside:
        ballots.setdefault(row["utterance"], []).append(row["labels"].split(";"))
    numbers = {name: number for number, name in enumerate(labels)}
    classes = numbers | {word: numbers[name] for word, name in WORDS.items() if name in numbers}
    votes = count_votes(ballots, classes=classes)
    if not votes.tables:
        raise EmotionError(f"{path}: no rater names one of the classes {shortened(', '.join(labels))}")
    return votes


def read_targets(path: Path | None, index: Index) -> Targets:
    """What `target: votes` trains on; nothing of the test set.

    Raises:
        EmotionError: there are no votes, or see `read_votes`.
    """
    votes = read_votes(path, index.labels) if path is not None and path.exists() else None
    targets = {} if votes is None else votes.targets(index)
    check_targets(targets, index)
    return targets


def digest_of(targets: Targets) -> str:
    """Sha256 (hex) that names them."""
    return hashlib.sha256(repr(sorted(targets.items())).encode()).hexdigest()


def check_targets(targets: Targets, index: Index) -> None:
    """Raise EmotionError where `target: votes` has no votes of the training utterances to train on."""
    if not any(row.split == "train" and row.utterance in targets for row in index.utterances):
        raise EmotionError(
            f"target is votes, but no raters' votes are known of the training utterances of corpus "
            f"{shortened(index.corpus)} (annotators.csv, which the index stage writes; imported features have none); "
            "set target to majority"
        )


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
