"""What the raters of a corpus say, from annotators.csv: a distribution over the classes per utterance."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError, check_waits
from emotion.core.tables import csv_rows
from emotion.core.text import shortened
from emotion.evaluation.calibration import Soft, rater_ceiling, soft_scores, vote_tables
from emotion.study.sheets import Sheet

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


@dataclass(frozen=True)
class Votes:
    """What the raters say of every utterance.

    Attributes:
        tables: utterance -> (raters, classes), rows sum to 1.
        counts: utterance -> labels that raters gave it, and how many of them are of no class.
    """

    tables: dict[str, NDArray[np.float64]]
    counts: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Raters:
    """The raters of the scored utterances.

    Attributes:
        ceiling: their own agreement; its `n` is 0 where no utterance has two of them.
        labels: how many labels they gave.
        dropped: how many of these are of no class, and left out.
    """

    ceiling: Soft
    labels: int
    dropped: int


def read_votes(path: Path, labels: Sequence[str]) -> Votes:
    """Votes of the outside raters (ids that begin with E; of all, where there are none such).

    Args:
        path: written by `emotion index --annotators`.
        labels: names of the classes.

    Raises:
        EmotionError: the file is missing or damaged, or names none of the classes.
    """
    check_waits(path)
    try:
        header, *lines = list(csv_rows(path.read_text(encoding="utf-8"))) or [[]]
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; write it with emotion index --annotators") from None
    except (UnicodeDecodeError, csv.Error):
        raise EmotionError(f"{path}: damaged, expected CSV in UTF-8; write it again") from None
    rows = [dict(zip(header, line, strict=False)) for line in lines]
    if not rows or any(name not in row for row in rows for name in _COLUMNS):
        raise EmotionError(
            f"{path}: expected the columns {','.join(_COLUMNS)}; write it with emotion index --annotators"
        )
    outside = [row for row in rows if row["rater"].startswith("E")] or rows
    ballots: dict[str, list[list[str]]] = {}
    for row in outside:
        ballots.setdefault(row["utterance"], []).append(row["labels"].split(";"))
    numbers = {name: number for number, name in enumerate(labels)}
    classes = numbers | {word: numbers[name] for word, name in WORDS.items() if name in numbers}
    tables = vote_tables(ballots, classes=classes)
    if not tables:
        raise EmotionError(f"{path}: no rater names one of the classes {shortened(', '.join(labels))}")
    given = {name: [label for row in rows for label in row if label] for name, rows in ballots.items()}
    return Votes(tables, {name: (len(said), sum(word not in classes for word in said)) for name, said in given.items()})


def soft_of(sheet: Sheet, votes: Votes) -> list[Soft]:
    """Scores of every seed against the raters' distribution, over the utterances that have raters."""
    known = [place for place, name in enumerate(sheet.utterances) if name in votes.tables]
    if not known:
        return []
    truth = np.stack([votes.tables[sheet.utterances[place]].mean(0) for place in known])
    return [soft_scores(truth, np.exp(logs[known])) for logs in sheet.logs]


def raters_of(sheet: Sheet, votes: Votes) -> Raters:
    """The raters' own agreement on the same utterances, and what of their votes counts."""
    ceiling = rater_ceiling([votes.tables[name] for name in sheet.utterances if name in votes.tables])
    counts = [votes.counts[name] for name in sheet.utterances if name in votes.counts]
    return Raters(ceiling, sum(given for given, _ in counts), sum(dropped for _, dropped in counts))
