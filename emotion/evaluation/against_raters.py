"""Probabilities against the raters' votes, beside what a rater reaches who is held out.

    truth      all raters' votes of an utterance as a distribution          a model's probabilities against it
    held out   the distribution of all raters but one, each out in turn     a model's, and that rater's vote against it

The second is like for like: a rater's own vote is in the first. Where raters disagree nobody comes near everybody, and
one vote cannot hedge as probabilities can, so the held-out rater is a ceiling for picking a class, not for hedging.

Notation: `s` seeds, `n` utterances with votes, `c` classes, `p` pairs of an utterance and a rater who is held out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from emotion.evaluation import scores, significance
from emotion.evaluation.annotators import Votes

RATERS = "a rater held out"
MEANS = ("cross_entropy", "js_distance", "named", "held_out_js_distance", "held_out_named")
"""Figures that are means over utterances, and so have an interval over dialogues."""
_SEED = 1  # of the resampling


def cross_entropy(truth: NDArray[np.float64], given: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each row of `given` (..., n, c), truth (n, c) being true, in nats; infinite where a true class gets 0."""
    with np.errstate(divide="ignore"):
        logs = np.where(truth > 0, np.log(given), 0.0)
    return np.asarray(-(truth * logs).sum(-1))


def js_distance(truth: NDArray[np.float64], given: NDArray[np.float64]) -> NDArray[np.float64]:
    """Jensen-Shannon distance of each row of (..., n, c) to truth (n, c): 0 (equal) .. 1 (disjoint).

    The square root of the divergence in bits (Endres and Schindelin, 2003), which unlike that is a metric.
    """
    middle = (truth + given) / 2
    nats = _entropy(middle) - (_entropy(truth) + _entropy(given)) / 2
    return np.asarray(np.sqrt((nats / np.log(2)).clip(min=0.0, max=1.0)))


def _entropy(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-xlogy(rows, rows).sum(-1))


@dataclass(frozen=True)
class Panel:
    """The raters of some utterances.

    Attributes:
        places: (n,) which of the utterances that were asked for have votes.
        truth: (n, c) all raters' distribution.
        rows: (p,) of `truth`: the pair's utterance; only utterances with two raters or more.
        others: (p, c) distribution of the other raters.
        own: (p, c) vote of the rater who is held out.
    """

    places: NDArray[np.int64]
    truth: NDArray[np.float64]
    rows: NDArray[np.int64]
    others: NDArray[np.float64]
    own: NDArray[np.float64]

    def by_utterance(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean over the raters of each utterance (..., n) of values (..., p); NaN with fewer than two raters."""
        raters = np.bincount(self.rows, minlength=len(self.truth)).astype(np.float64)
        raters[raters == 0] = np.nan
        sums = [np.bincount(self.rows, row, minlength=len(self.truth)) for row in np.atleast_2d(values)]
        return np.asarray(np.stack(sums).reshape(*values.shape[:-1], len(self.truth)) / raters)

    @property
    def decided(self) -> NDArray[np.bool_]:
        """(p,) whether more than half of the other raters' vote is for one class."""
        return np.asarray(self.others.max(1, initial=0.0) > 0.5)


def panel(votes: Votes, utterances: Sequence[str]) -> Panel | None:
    """Who rated these utterances; None where nobody gave any of them a class."""
    places = [place for place, name in enumerate(utterances) if name in votes.tables]
    if not places:
        return None
    tables = [votes.tables[utterances[place]] for place in places]
    several = [(row, table) for row, table in enumerate(tables) if len(table) > 1]
    empty = np.zeros((0, tables[0].shape[1]))
    return Panel(
        places=np.array(places),
        truth=np.stack([table.mean(0) for table in tables]),
        rows=np.array([row for row, table in several for _ in table], dtype=np.int64),
        others=np.concatenate([empty, *((table.sum(0) - table) / (len(table) - 1) for _, table in several)]),
        own=np.concatenate([empty, *(table for _, table in several)]),
    )


def of_model(raters: Panel, probabilities: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Each of `MEANS` by seed and utterance, (s, n), of probabilities (s, n, c) for the panel's utterances."""
    given, predicted = probabilities[:, raters.rows], probabilities.argmax(2)
    pairs = np.arange(len(raters.rows))
    return {
        "cross_entropy": cross_entropy(raters.truth, probabilities),
        "js_distance": js_distance(raters.truth, probabilities),
        "named": (raters.truth[np.arange(len(raters.truth)), predicted] > 0).astype(np.float64),
        "held_out_js_distance": raters.by_utterance(js_distance(raters.others, given)),
        "held_out_named": raters.by_utterance((raters.others[pairs, predicted[:, raters.rows]] > 0) * 1.0),
    }


def of_rater(raters: Panel) -> dict[str, NDArray[np.float64]]:
    """The same, (1, n), of the rater who is held out.

    The cross-entropy of one vote would be infinite: in its place stands the entropy of all raters' distribution, below
    which nothing can come. Against all raters, of whom the rater is one, there is nothing else.
    """
    named = (raters.own * (raters.others > 0)).sum(1)
    return {
        "cross_entropy": _entropy(raters.truth)[None],
        "held_out_js_distance": raters.by_utterance(js_distance(raters.others, raters.own))[None],
        "held_out_named": raters.by_utterance(named)[None],
    }


def held_out_f1(raters: Panel, given: NDArray[np.float64], inside: NDArray[np.bool_]) -> float:
    """Mean weighted F1 against the other raters' majority, where they have one, of what is given for each pair.

    Args:
        raters: of the utterances.
        given: (s, p, c) distributions; one vote may be for several classes.
        inside: (n,) which utterances count.

    Returns:
        The mean over seeds; NaN where no pair is left.
    """
    here = raters.decided & inside[raters.rows]
    if not here.any():
        return float("nan")
    actual = np.eye(raters.truth.shape[1])[raters.others[here].argmax(1)]  # (p, c)
    return float(scores.weighted_f1(np.einsum("pa,spb->sab", actual, given[:, here])).mean())


def lines(
    raters: Panel,
    models: Mapping[str, NDArray[np.float64]],
    *,
    labelled: NDArray[np.bool_],
    groups: Sequence[str],
    strata: NDArray[np.int64],
) -> list[dict[str, Any]]:
    """Rows of votes.csv: every part of the utterances, each model and the held-out rater.

    Args:
        raters: of the utterances.
        models: name -> probabilities (s, n, c) for the panel's utterances.
        labelled: (n,) which of them have a class of their own, from a majority.
        groups: (n) what is resampled: their dialogues, see `scores.clusters`.
        strata: (n,) within which it is resampled, e.g. the held-out session.
    """
    parts = {"all rated": np.ones_like(labelled), "with a class": labelled, "ambiguous": ~labelled}
    found = []
    for part, inside in parts.items():
        if not inside.any() or (part == "with a class" and labelled.all()):
            continue
        times, columns = _drawn(groups, strata, inside)
        for name, given in [*models.items(), (RATERS, None)]:
            if given is None:
                values, pairs = of_rater(raters), raters.own[None]
            else:
                values = of_model(raters, given)
                pairs = np.eye(given.shape[2])[given.argmax(2)[:, raters.rows]]
            line: dict[str, Any] = {"model": name, "utterances": part, "n": int(inside.sum())}
            line["held_out_n"] = len(np.unique(raters.rows[inside[raters.rows]]))
            for figure in MEANS:
                mean = values[figure].mean(0) if figure in values else np.full(len(inside), np.nan)
                low, high = _interval(mean, times, columns)
                line |= {figure: _mean(mean[inside]), f"{figure}_ci_low": low, f"{figure}_ci_high": high}
            found.append(line | {"held_out_weighted_f1": held_out_f1(raters, pairs, inside)})
    return found


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _drawn(
    groups: Sequence[str], strata: NDArray[np.int64], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64]]:
    """How often each group is drawn, (r, g), None where they are too few; and each utterance's, (n,), -1 = not inside.

    As everywhere, what is resampled are whole dialogues.
    """
    _, first, place = np.unique(np.asarray(groups)[inside], return_index=True, return_inverse=True)
    columns = np.full(len(inside), -1)
    columns[inside] = place
    of = strata[inside][first]
    return (significance.resample(of, seed=_SEED) if significance.enough(of) else None), columns


def _interval(
    values: NDArray[np.float64], times: NDArray[np.int64] | None, columns: NDArray[np.int64]
) -> tuple[float, float]:
    """95 % interval of the mean of values (n,), NaN ones left out."""
    here = (columns >= 0) & ~np.isnan(values)
    if times is None or not here.any() or not np.isfinite(values[here]).all():
        return float("nan"), float("nan")
    sums, counts = (
        np.bincount(columns[here], weights, minlength=times.shape[1]) for weights in (values[here], np.ones(here.sum()))
    )
    drawn = times @ counts
    return scores.percentile_interval((times @ sums)[drawn > 0] / drawn[drawn > 0])
