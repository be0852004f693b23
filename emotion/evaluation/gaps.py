"""How a score differs between groups of utterances: genders, speakers, sessions.

Whole dialogues are resampled, jointly for a group and the others, since people of several groups speak in one dialogue.
Sets of dialogues that no group connects (sessions, or people who never meet) are resampled apart.

Notation: `s` seeds, `n` utterances, `g` dialogues, `r` resamples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from emotion.corpus.utterance import Utterance, session_of
from emotion.evaluation import significance
from emotion.evaluation.scores import FEWEST, percentile_interval, weighted_f1

LARGEST = "largest gap"
_SEED = 1  # of the resampling, the same as in the other tables
_NONE = (float("nan"), float("nan"))


@dataclass(frozen=True)
class Grouped:
    """Utterances of one model by group and dialogue; all of one part of a corpus, a dialogue's utterances or less.

    Attributes:
        actual: (n,) class numbers.
        predicted: (s, n) class numbers.
        clusters: (n) dialogue of each, see `scores.clusters`.
        groups: (n) group of each; '' = not known, left out.
        classes: how many.
    """

    actual: NDArray[np.int64]
    predicted: NDArray[np.int64]
    clusters: Sequence[str]
    groups: Sequence[str]
    classes: int


def groups_of(rows: Sequence[Utterance]) -> dict[str, dict[str, str]]:
    """Kind -> utterance -> its group, '' where it is not known.

    Speakers are numbered in the order of their ids: a table that is shown around names nobody.
    """
    numbers = {name: number for number, name in enumerate(sorted({row.speaker for row in rows}), start=1)}
    digits = len(str(len(numbers)))
    return {
        "gender": {row.utterance: row.gender for row in rows},
        "speaker": {row.utterance: f"speaker {numbers[row.speaker]:0{digits}}" for row in rows},
        "session": {row.utterance: session_of(row.dialogue) for row in rows},
    }


def gap_lines(found: Grouped) -> list[dict[str, Any]]:
    """A row for each group, by name, and one for the largest gap; [] where there are not two groups.

    A group's weighted F1 is of all its utterances together, mean over seeds; `difference` is that less the weighted F1
    of all others. The largest gap is between the groups with the best and the worst score, of those with `FEWEST`
    dialogues or more. An interval is NaN where a side has fewer; p-values are Holm-corrected over the groups.
    """
    known = np.array([name != "" for name in found.groups])
    names = sorted(set(found.groups) - {""})
    if len(names) < 2:
        return []
    _, place = np.unique(list(compress(found.clusters, known)), return_inverse=True)
    group = np.array([names.index(name) for name in compress(found.groups, known)])
    counts = _Counts(found.actual[known], found.predicted[:, known], place, group, found.classes)
    times = significance.resample(_apart(place, group, len(names)), seed=_SEED)
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        own, rest = counts.of(group == number), counts.of(group != number)
        few = counts.dialogues(group == number) < FEWEST or counts.dialogues(group != number) < FEWEST
        rows.append(
            {"group": name, "n": int((group == number).sum()), "dialogues": counts.dialogues(group == number)}
            | _score(own, None if counts.dialogues(group == number) < FEWEST else times)
            | _difference(own, rest, None if few else times)
        )
    for row, p in zip(rows, significance.holm([row["p"] for row in rows]), strict=True):
        row["p"] = p
    return [*rows, *_largest(rows, counts, group, names, times)]


@dataclass(frozen=True)
class _Counts:
    """Confusion matrices by seed and dialogue of some of the utterances."""

    actual: NDArray[np.int64]
    predicted: NDArray[np.int64]
    place: NDArray[np.int64]  # (n,) number of the dialogue
    group: NDArray[np.int64]
    classes: int

    def of(self, here: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(s, g, c, c) of the utterances in (n,); 0 in dialogues that have none of them."""
        g, c = int(self.place.max()) + 1, self.classes
        cells = (self.place * c + self.actual) * c + self.predicted  # (s, n)
        return np.stack([np.bincount(row[here], minlength=g * c * c).reshape(g, c, c) for row in cells])

    def dialogues(self, here: NDArray[np.bool_]) -> int:
        """In how many dialogues these utterances are."""
        return len(np.unique(self.place[here]))


def _apart(place: NDArray[np.int64], group: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """Number of the set of connected dialogues that each dialogue is in, (g,)."""
    g = int(place.max()) + 1
    edges = coo_array((np.ones(len(place)), (place, g + group)), shape=(g + groups, g + groups))
    return np.asarray(connected_components(edges, directed=False)[1][:g], dtype=np.int64)


def _scores(counts: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean weighted F1 over seeds in every resample, (r,); NaN where nothing of the counts was drawn."""
    s, g, c, _ = counts.shape
    drawn = (times @ counts.transpose(1, 0, 2, 3).reshape(g, s * c * c)).reshape(len(times), s, c, c)
    return np.where(drawn.sum((1, 2, 3)) > 0, weighted_f1(drawn).mean(1), np.nan)


def _score(counts: NDArray[np.int64], times: NDArray[np.int64] | None) -> dict[str, float]:
    low, high = _NONE if times is None else _ends(_scores(counts, times))
    return {"weighted_f1": _whole(counts), "weighted_f1_ci_low": low, "weighted_f1_ci_high": high}


def _difference(own: NDArray[np.int64], rest: NDArray[np.int64], times: NDArray[np.int64] | None) -> dict[str, float]:
    found = {"difference": _whole(own) - _whole(rest)}
    drawn = np.full(1, np.nan) if times is None else _scores(own, times) - _scores(rest, times)
    low, high = _NONE if times is None else _ends(drawn)
    p = float("nan") if times is None else significance.bootstrap_p(drawn[~np.isnan(drawn)])
    return found | {"difference_ci_low": low, "difference_ci_high": high, "p": p}


def _largest(
    rows: Sequence[dict[str, Any]],
    counts: _Counts,
    group: NDArray[np.int64],
    names: Sequence[str],
    times: NDArray[np.int64],
) -> list[dict[str, Any]]:
    """The row of the two groups with the best and the worst score; no p-value, as they were chosen by it."""
    many = sorted((row for row in rows if row["dialogues"] >= FEWEST), key=lambda row: float(row["weighted_f1"]))
    if len(many) < 2:
        return []
    worst, best = many[0]["group"], many[-1]["group"]
    own, rest = (counts.of(group == names.index(name)) for name in (best, worst))
    here = (group == names.index(best)) | (group == names.index(worst))
    row = {"group": f"{LARGEST}: {best} - {worst}", "n": int(here.sum()), "dialogues": counts.dialogues(here)}
    score = dict.fromkeys(("weighted_f1", "weighted_f1_ci_low", "weighted_f1_ci_high"), float("nan"))
    return [row | score | _difference(own, rest, times) | {"p": float("nan")}]


def _whole(counts: NDArray[np.int64]) -> float:
    return float(weighted_f1(counts.sum(1)).mean())


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    return percentile_interval(values[~np.isnan(values)])
