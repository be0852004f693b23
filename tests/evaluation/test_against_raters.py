"""Scores against the raters, beside loops that take one utterance, one rater and one resample after the other."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import f1_score, log_loss

from emotion.evaluation import against_raters as against
from emotion.evaluation.annotators import Votes

LABELS = 4


@pytest.fixture
def rated():
    """60 utterances of 12 dialogues by one to four raters, of whom some give two labels; three seeds of a model."""
    rng = np.random.default_rng(1)
    tables = {}
    for number in range(60):
        votes = np.eye(LABELS)[rng.integers(LABELS, size=1 + number % 4)]
        if number % 5 == 0:
            votes[0] = 0.5 * votes[0] + 0.5 * np.eye(LABELS)[rng.integers(LABELS)]
        tables[f"u{number}"] = votes
    names = [*tables, "nobody"]
    return Votes(tables, {}), names, rng.dirichlet(np.ones(LABELS), size=(3, len(names)))


def test_distances_agree_with_scipy_and_scikit_learn():
    rng = np.random.default_rng(0)
    truth, given = rng.dirichlet(np.ones(LABELS), size=30), rng.dirichlet(np.ones(LABELS), size=30)
    truth[:5] = np.eye(LABELS)[[0, 1, 2, 3, 0]]
    expected = [jensenshannon(one, other, base=2) for one, other in zip(truth, given, strict=True)]
    np.testing.assert_allclose(against.js_distance(truth, given), expected)
    assert against.cross_entropy(truth[:5], given[:5]).mean() == pytest.approx(
        log_loss(truth[:5].argmax(1), given[:5], labels=range(LABELS))
    )
    naive = [
        -sum(a * np.log(b) for a, b in zip(one, other, strict=True)) for one, other in zip(truth, given, strict=True)
    ]
    np.testing.assert_allclose(against.cross_entropy(truth, given), naive)
    np.testing.assert_allclose(against.js_distance(truth, truth), 0, atol=1e-7)
    ends = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert against.js_distance(*ends) == 1 and against.cross_entropy(*ends) == np.inf


def naive_model(table, p):
    """Distance and share for each rater who is held out, means; None with one rater."""
    if len(table) < 2:
        return None
    distances, named = [], []
    for left in range(len(table)):
        others = np.delete(table, left, axis=0).mean(0)
        distances.append(jensenshannon(others, p, base=2))
        named.append(float(others[p.argmax()] > 0))
    return np.mean(distances), np.mean(named)


def test_a_model_agrees_with_loops(rated):
    votes, names, p = rated
    raters = against.panel(votes, names)
    assert raters.places.tolist() == list(range(60))
    found = against.of_model(raters, p[:, raters.places])
    for seed in range(3):
        for place in range(60):
            table, given = votes.tables[names[place]], p[seed, place]
            truth = table.mean(0)
            assert found["cross_entropy"][seed, place] == pytest.approx(-(truth * np.log(given)).sum())
            assert found["js_distance"][seed, place] == pytest.approx(jensenshannon(truth, given, base=2))
            assert found["named"][seed, place] == (truth[given.argmax()] > 0)
            held_out = naive_model(table, given)
            values = [found[f"held_out_{name}"][seed, place] for name in ("js_distance", "named")]
            assert np.isnan(values).all() if held_out is None else values == pytest.approx(held_out)


def test_a_rater_agrees_with_loops(rated):
    votes, names, _ = rated
    raters = against.panel(votes, names)
    found = against.of_rater(raters)
    for place in range(60):
        table = votes.tables[names[place]]
        truth = table.mean(0)
        assert found["cross_entropy"][0, place] == pytest.approx(-(truth[truth > 0] * np.log(truth[truth > 0])).sum())
        distances, named = [], []
        for left in range(len(table) if len(table) > 1 else 0):
            others = np.delete(table, left, axis=0).mean(0)
            distances.append(jensenshannon(others, table[left], base=2))
            named.append(sum(table[left][label] for label in range(LABELS) if others[label] > 0))
        values = found["held_out_js_distance"][0, place], found["held_out_named"][0, place]
        if len(table) < 2:
            assert np.isnan(values).all()
        else:
            assert values == pytest.approx((np.mean(distances), np.mean(named)))


def test_f1_to_the_majority_of_the_others_agrees_with_scikit_learn(rated):
    votes, names, p = rated
    raters = against.panel(votes, names)
    actual, rater, model, weights = [], [], [], []
    for place in range(60):
        table = votes.tables[names[place]]
        for left in range(len(table) if len(table) > 1 else 0):
            others = np.delete(table, left, axis=0).mean(0)
            if others.max() <= 0.5:
                continue
            for label in np.flatnonzero(table[left]):  # a vote for two classes is half a vote for each
                actual.append(others.argmax())
                rater.append(label)
                model.append(p[0, place].argmax())
                weights.append(table[left][label])
    everybody = np.ones(60, dtype=bool)
    found = against.held_out_f1(raters, raters.own[None], everybody)
    assert found == pytest.approx(f1_score(actual, rater, average="weighted", sample_weight=weights))
    guess = np.eye(LABELS)[p[:1].argmax(2)[:, raters.rows]]
    found = against.held_out_f1(raters, guess, everybody)
    assert found == pytest.approx(f1_score(actual, model, average="weighted", sample_weight=weights))
    assert np.isnan(against.held_out_f1(raters, guess, ~everybody))


@pytest.mark.slow
def test_lines_and_their_intervals(rated):
    votes, names, p = rated
    raters = against.panel(votes, names)
    labelled, groups = np.arange(60) % 3 > 0, [f"d{place // 5:02}" for place in range(60)]
    arguments = {"labelled": labelled, "groups": groups, "strata": np.zeros(60, dtype=int)}
    found = against.lines(raters, {"m": p[:, raters.places]}, **arguments)
    assert [(line["utterances"], line["model"], line["n"]) for line in found] == [
        (part, who, n)
        for part, n in (("all rated", 60), ("with a class", 40), ("ambiguous", 20))
        for who in ("m", against.RATERS)
    ]
    values = against.of_model(raters, p[:, raters.places])
    for line, inside in zip(found[::2], (labelled | True, labelled, ~labelled), strict=True):
        for name in against.MEANS:
            mean = values[name].mean(0)
            assert line[name] == pytest.approx(np.nanmean(mean[inside]))
            rng, drawn = np.random.default_rng(1), []
            dialogues = [np.flatnonzero(inside & (np.array(groups) == name)) for name in sorted(set(groups))]
            for chosen in rng.integers(0, 12, size=(1000, 12)):
                drawn.append(np.nanmean(mean[np.concatenate([dialogues[place] for place in chosen])]))
            ends = line[f"{name}_ci_low"], line[f"{name}_ci_high"]
            assert ends == pytest.approx(np.percentile(drawn, [2.5, 97.5]))
    rater = found[1]
    assert np.isnan([rater["js_distance"], rater["named"], rater["named_ci_low"]]).all()
    assert rater["held_out_n"] == 45 and 0 < rater["held_out_js_distance"] < 1
    few = against.lines(raters, {}, **arguments | {"groups": ["d"] * 60})
    assert all(np.isnan(line["cross_entropy_ci_low"]) for line in few)


def test_what_nobody_rated_or_one_alone(rated):
    votes, _, p = rated
    assert against.panel(votes, ["nobody"]) is None
    raters = against.panel(votes, ["u0", "u4"])  # one rater each
    one = {"labelled": np.ones(2, dtype=bool), "groups": ["d", "d"], "strata": np.zeros(2, dtype=int)}
    found = against.lines(raters, {"m": p[:, [0, 4]]}, **one)
    assert [(line["model"], line["held_out_n"]) for line in found] == [("m", 0), (against.RATERS, 0)]
    assert found[0]["cross_entropy"] > 0 and np.isnan(found[0]["held_out_js_distance"])
