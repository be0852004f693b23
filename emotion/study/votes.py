"""A study's models against the raters' votes, on every rated utterance: a final table, like those that read labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isnan
from typing import Any

import numpy as np

from emotion.core.tables import markdown_table
from emotion.evaluation import against_raters as against
from emotion.evaluation.against_raters import MEANS
from emotion.evaluation.annotators import Votes
from emotion.study import notes
from emotion.study.plan import TARGET
from emotion.study.scoring import Row

_table = partial(markdown_table, figures=True)
TITLE = "## Against the raters"
_PARTS = {
    "all rated": "All rated utterances",
    "with a class": "Those with a class, i.e. a majority",
    "ambiguous": "Ambiguous ones, without a majority",
}


@dataclass(frozen=True)
class AgainstRaters:
    """What votes.csv holds, and what its page says.

    Attributes:
        lines: rows of votes.csv, see `against_raters.lines`; [] where nobody gave a scored utterance a class.
        labels: how many labels the raters gave the scored utterances, and how many of them are of no class.
    """

    lines: list[dict[str, Any]]
    labels: tuple[int, int]


def compared(rows: Sequence[Row]) -> list[Row]:
    """The models, and of the ablations those that are trained on the other target."""
    of = {row.name: _target(row) for row in rows}
    return [row for row in rows if not row.ablation or _target(row) != of[row.variant.full]]


def _target(row: Row) -> str:
    return str(row.variant.settings.get(TARGET, "majority"))


def scores_against_raters(rows: Sequence[Row], votes: Votes) -> AgainstRaters:
    """Compare models with the raters.

    Args:
        rows: from `compared`.
        votes: of the raters, those of the test set included.
    """
    whole = rows[0].whole
    raters = against.panel(votes, whole.utterances)
    if raters is None:
        return AgainstRaters([], votes.labels(whole.utterances))
    names = [whole.utterances[place] for place in raters.places]
    lines = against.lines(
        raters,
        {row.name: np.exp(row.whole.logs[:, raters.places]) for row in rows},
        labelled=whole.actual[raters.places] >= 0,
        groups=[whole.groups[place] for place in raters.places],
        strata=whole.strata[raters.places],
    )
    score = {row.name: row.figures[f"{row.split}_weighted_f1"] for row in rows}
    trained = {row.name: _target(row) for row in rows}
    for line in lines:
        name, ambiguous = line["model"], line["utterances"] == "ambiguous"
        line |= {"majority_weighted_f1": None if ambiguous else score.get(name), "target": trained.get(name, "")}
    return AgainstRaters(lines, votes.labels(names))


def section(found: AgainstRaters) -> str:
    """The part of study.md."""
    if not found.lines:
        return f"{TITLE}\n\nNo rater names a class for any of the scored utterances, so nothing is compared with them."
    parts = [TITLE]
    for part, title in _PARTS.items():
        lines = [line for line in found.lines if line["utterances"] == part]
        if lines:
            n, pairs = lines[0]["n"], lines[0]["held_out_n"]
            parts.append(f"{title}: {n}; {pairs} of them have two raters or more, of whom each is held out in turn.")
            parts.append(_table(_HEADER, list(map(_cells, lines))))
    given, dropped = found.labels
    counts = (
        f"{dropped} of the {given} labels that raters gave to these utterances are of no class and left out; the "
        "others of the same rater share the vote."
    )
    return "\n\n".join([*parts, f"{notes.raters()} {counts}"])


_HEADER = [
    *("model", "trained on", "cross-entropy", "Jensen-Shannon distance", "a rater says so"),
    *("distance, one rater held out", "another rater says so", "weighted F1 to the others' majority"),
    "weighted F1, classes",
]


def _cells(line: Mapping[str, Any]) -> list[str]:
    figures = [_with_ends(line, name, share=name.endswith("named")) for name in MEANS]
    scores = [_percent(line["held_out_weighted_f1"]), _percent(line["majority_weighted_f1"])]
    return [line["model"], line["target"], *figures, *scores]


def _with_ends(line: Mapping[str, Any], name: str, *, share: bool) -> str:
    """A figure and its interval, where it has one."""
    text = _percent if share else _plain
    low, high = line[f"{name}_ci_low"], line[f"{name}_ci_high"]
    return text(line[name]) if isnan(low) else f"{text(line[name])} ({text(low)} to {text(high)})"


def _plain(value: float) -> str:
    return "" if isnan(value) else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "" if value is None or isnan(value) else f"{100 * value:.2f}"
