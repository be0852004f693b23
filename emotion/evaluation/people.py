"""Raters and groups of people, for the test set of one run: what details.json says of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.corpus.utterance import Index, Utterance
from emotion.evaluation import against_raters as against
from emotion.evaluation.annotators import Votes
from emotion.evaluation.gaps import LARGEST, Grouped, gap_lines, groups_of
from emotion.evaluation.scores import FEWEST, clusters_of


def against_votes(
    index: Index, rows: Sequence[Utterance], probabilities: NDArray[np.float64], votes: Votes
) -> dict[str, Any]:
    """Part of the utterances -> `model` and `rater` -> figures, see `against_raters`; {} where none has votes.

    Args:
        index: with labels.
        rows: (n) that are scored, those without a class too.
        probabilities: (n, c).
        votes: of the raters.
    """
    raters = against.panel(votes, [row.utterance for row in rows])
    if raters is None:
        return {}
    here = [rows[place] for place in raters.places]
    of = clusters_of(index)[0]
    found: dict[str, Any] = {}
    for line in against.lines(
        raters,
        {"model": probabilities[None, raters.places]},
        labelled=np.array([bool(row.label) for row in here]),
        groups=[of[row.utterance] for row in here],
        strata=np.zeros(len(here), dtype=np.int64),
    ):
        who = "rater" if line["model"] == against.RATERS else "model"
        found.setdefault(line["utterances"], {})[who] = _given(line, leave=("model", "utterances"))
    return found


def gaps_of(
    index: Index, rows: Sequence[Utterance], actual: NDArray[np.int64], predicted: NDArray[np.int64]
) -> dict[str, Any]:
    """`gender`, `speaker`, `session` -> rows of `gap_lines`; those that have two groups.

    The scored utterances are `rows` (n), their class numbers and the predicted ones (n,).
    """
    of, found = clusters_of(index)[0], {}
    for kind, groups in groups_of(index.utterances).items():
        grouped = Grouped(
            actual=actual,
            predicted=predicted[None],
            clusters=[of[row.utterance] for row in rows],
            groups=[groups[row.utterance] for row in rows],
            classes=len(index.labels),
        )
        if lines := gap_lines(grouped):
            found[kind] = [_given(line) for line in lines]
    return found


def _given(line: Mapping[str, Any], *, leave: Sequence[str] = ()) -> dict[str, Any]:
    """Without figures that cannot be given."""
    return {name: value for name, value in line.items() if name not in leave and value == value}


def told(details: Mapping[str, Any]) -> list[str]:
    """The same in sentences, of details.json; [] of one that an earlier version wrote.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it is damaged.
    """
    found = []
    for part, who in details.get("raters", {}).items():
        model, rater = who["model"], who["rater"]
        found.append(
            f"Against the raters, {part}, {model['n']:.0f} utterances: cross-entropy {model['cross_entropy']:.3f} nats "
            f"(their entropy: {rater['cross_entropy']:.3f}), Jensen-Shannon distance {model['js_distance']:.3f}; a "
            f"rater says what is predicted: {100 * model['named']:.1f} %."
        )
        if "held_out_named" in rater:
            shares = " and ".join(
                f"{100 * one['held_out_named']:.1f} % (distance {one['held_out_js_distance']:.3f})"
                for one in (model, rater)
            )
            found.append(f"One rater held out, another one says so: of the model and of the rater {shares}.")
    return found + [_gap(kind, lines) for kind, lines in details.get("gaps", {}).items()]


def _gap(kind: str, lines: Sequence[Mapping[str, Any]]) -> str:
    """The largest gap between groups of a kind, or why none is given."""
    largest = [line for line in lines if line["group"].startswith(LARGEST)]
    if not largest:
        return f"{kind.capitalize()}s: no gap is given, fewer than two have {FEWEST} dialogues or more."
    (line,) = largest
    low, high = (f"{100 * line[f'difference_ci_{end}']:+.1f}" for end in ("low", "high"))
    gap = f"{100 * line['difference']:+.1f} points of weighted F1 ({low} to {high})"
    return f"{kind.capitalize()}s, {line['group']}: {gap}."
