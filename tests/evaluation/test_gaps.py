"""Gaps between groups, beside a loop over resamples, and on corpora where the truth is planted."""

import numpy as np
import pytest
from planted_corpus import utterances
from sklearn.metrics import f1_score

from emotion.evaluation.gaps import LARGEST, Grouped, gap_lines, groups_of

C = 3


def planted(*, right, dialogues=30, each=8, seed=0, meet=True):
    """Two speakers, A and B, whose utterances are recognised with chances `right`; in the same dialogues or not."""
    rng = np.random.default_rng(seed)
    actual, predicted, clusters, groups = [], [], [], []
    for dialogue in range(dialogues):
        for turn in range(each):
            who = (turn if meet else dialogue) % 2
            label = rng.integers(C)
            hit = rng.random(2) < right[who]
            actual.append(label)
            predicted.append(np.where(hit, label, (label + 1 + rng.integers(C - 1, size=2)) % C))
            clusters.append(f"d{dialogue:02}")
            groups.append("AB"[who])
    return Grouped(np.array(actual), np.stack(predicted, 1), clusters, groups, C)


def weighted(actual, predicted):
    total = 0.0
    for label in range(C):
        own, guessed = actual == label, predicted == label
        total += own.sum() * 2 * (own & guessed).sum() / max(own.sum() + guessed.sum(), 1)
    return total / len(actual)


def naive(found, *, seed=1):
    """Score, difference and their intervals of group A, one resample after the other; dialogues in one set."""

    def score(places):
        return np.mean([weighted(found.actual[places], guess[places]) for guess in found.predicted])

    group, names = np.array(found.groups), sorted(set(found.clusters))
    of = {name: np.flatnonzero(np.array(found.clusters) == name) for name in names}
    own, differences = [], []
    for drawn in np.random.default_rng(seed).integers(0, len(names), size=(1000, len(names))):
        places = np.concatenate([of[names[place]] for place in drawn])
        a, b = score(places[group[places] == "A"]), score(places[group[places] == "B"])
        own.append(a)
        differences.append(a - b)
    everything = np.arange(len(group))
    a, b = (score(everything[group == name]) for name in "AB")
    return (a, *np.percentile(own, [2.5, 97.5])), (a - b, *np.percentile(differences, [2.5, 97.5]))


@pytest.mark.slow
def test_agrees_with_a_loop():
    found = planted(right=(0.8, 0.6), dialogues=12, each=5)
    line = gap_lines(found)[0]
    own = np.array(found.groups) == "A"
    expected = [f1_score(found.actual[own], guess[own], average="weighted") for guess in found.predicted]
    assert line["weighted_f1"] == pytest.approx(np.mean(expected))
    score, difference = naive(found)
    assert [line[f"weighted_f1{end}"] for end in ("", "_ci_low", "_ci_high")] == pytest.approx(score)
    assert [line[f"difference{end}"] for end in ("", "_ci_low", "_ci_high")] == pytest.approx(difference)


@pytest.mark.slow
@pytest.mark.parametrize("meet", [True, False])
def test_a_planted_gap_is_found_and_no_other(meet):
    a, b, largest = gap_lines(planted(right=(0.9, 0.5), meet=meet))
    assert (a["group"], b["group"], largest["group"]) == ("A", "B", f"{LARGEST}: A - B")
    assert a["difference"] == pytest.approx(-b["difference"]) and a["difference"] == pytest.approx(0.4, abs=0.15)
    assert a["difference_ci_low"] > 0 > b["difference_ci_high"] and a["p"] < 0.01
    assert (largest["difference"], largest["difference_ci_low"]) == (a["difference"], a["difference_ci_low"])
    assert a["n"] + b["n"] == largest["n"] == 240
    covered = [
        line["difference_ci_low"] <= 0 <= line["difference_ci_high"]
        for seed in range(20)
        for line in gap_lines(planted(right=(0.7, 0.7), dialogues=24, meet=meet, seed=seed))[:1]
    ]
    assert sum(covered) >= 16  # of 20, where 19 are expected


def test_sessions_are_resampled_apart():
    """Each session keeps its number of dialogues, so a session of dialogues without any spread has no interval wide."""
    found = planted(right=(1.0, 0.4), dialogues=24, meet=False)
    a, _, _ = gap_lines(found)
    assert a["weighted_f1_ci_low"] == a["weighted_f1_ci_high"] == 1


def test_groups_with_few_dialogues_have_no_interval():
    found = planted(right=(0.8, 0.6), dialogues=30)
    groups = ["C" if name < "d03" else group for name, group in zip(found.clusters, found.groups, strict=True)]
    lines = gap_lines(Grouped(found.actual, found.predicted, found.clusters, groups, C))
    by = {line["group"]: line for line in lines}
    assert by["C"]["dialogues"] == 3 and np.isnan([by["C"]["weighted_f1_ci_low"], by["C"]["p"]]).all()
    assert not np.isnan(by["A"]["difference_ci_low"])
    assert list(by)[-1] == f"{LARGEST}: A - B"  # C is left out of it
    assert gap_lines(planted(right=(0.8, 0.6), dialogues=4))[-1]["group"] == "B"  # nobody has enough


def test_unknown_groups_are_left_out():
    found = planted(right=(0.8, 0.6))
    groups = ["" if name == "B" else name for name in found.groups]
    assert gap_lines(Grouped(found.actual, found.predicted, found.clusters, groups, C)) == []


def test_speakers_are_numbers():
    rows = utterances([3] * 4, labels=("a", "b"), seed=0)
    groups = groups_of(rows)
    assert set(groups["speaker"].values()) == {f"speaker {n}" for n in range(1, 1 + len({r.speaker for r in rows}))}
    assert set(groups["gender"].values()) == {""} == set(groups["session"].values())
