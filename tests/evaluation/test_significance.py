import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from emotion.evaluation import scores, significance


def planted(seeds=4, n=120, dialogues=7, classes=3, strata=1, seed=0, skill=0.6):
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, dialogues, size=n))
    actual = rng.integers(0, classes, size=n)
    right = rng.random((seeds, n)) < skill
    predicted = np.where(right, actual, rng.integers(0, classes, size=(seeds, n)))
    return actual, predicted, [f"d{number}" for number in group], (group % strata).tolist()


def f1(actual, predicted):
    return f1_score(actual, predicted, average="weighted", zero_division=0)


@pytest.mark.parametrize("strata", [1, 2, 3])
def test_scores_agree_with_scikit_learn(strata):
    actual, predicted, groups, of = planted(strata=strata)
    found = significance.tally(actual, predicted, classes=3, groups=groups, strata=of).scores()
    of = np.array(of)
    expected = [np.mean([f1(actual[of == s], run[of == s]) for s in range(strata)]) for run in predicted]
    assert found.shape == (1, 4)
    assert found[0] == pytest.approx(expected)


@pytest.mark.parametrize("strata", [1, 2])
def test_resampled_scores_agree_with_a_naive_bootstrap(strata):
    actual, predicted, groups, of = planted(strata=strata)
    tally = significance.tally(actual, predicted, classes=3, groups=groups, strata=of)
    times = significance.resample(tally.strata, seed=3, resamples=20)
    assert times.shape == (20, 7)
    for stratum in range(strata):
        inside = tally.strata == stratum
        assert (times[:, inside].sum(1) == inside.sum()).all()
    found = tally.scores(times)
    names, of = sorted(set(groups)), np.array(of)
    for line, drawn in zip(found, times, strict=True):
        rows = [
            [
                i
                for place, name in enumerate(names)
                for i in np.flatnonzero(np.array(groups) == name)
                if of[i] == s
                for _ in range(drawn[place])
            ]
            for s in range(strata)
        ]
        expected = [np.mean([f1(actual[part], run[part]) for part in rows]) for run in predicted]
        assert line == pytest.approx(expected)


def test_one_stratum_is_the_interval_of_evaluation():
    actual, predicted, groups, _ = planted(seeds=1)
    tally = significance.tally(actual, predicted, classes=3, groups=groups)
    found = scores.percentile_interval(tally.scores(significance.resample(tally.strata, seed=5)).mean(1))
    assert found == pytest.approx(scores.interval(actual, predicted[0], classes=3, groups=groups, seed=5))


def test_paired_comparison_agrees_with_a_loop():
    actual, predicted, groups, _ = planted(seeds=6, dialogues=12, skill=0.7)
    _, other, *_ = planted(seeds=6, dialogues=12, seed=1, skill=0.5)
    tallies = [significance.tally(actual, runs, classes=3, groups=groups) for runs in (predicted, other)]
    times = significance.resample(tallies[0].strata, seed=2, resamples=30)
    found = significance.compare(*tallies, times)
    names = sorted(set(groups))
    differences = []
    for drawn in times:
        rows = [
            i
            for place, name in enumerate(names)
            for i in np.flatnonzero(np.array(groups) == name)
            for _ in range(drawn[place])
        ]
        means = [np.mean([f1(actual[rows], run[rows]) for run in runs]) for runs in (predicted, other)]
        differences.append(means[0] - means[1])
    own, others = ([f1(actual, run) for run in runs] for runs in (predicted, other))
    assert found.difference == pytest.approx(np.mean(own) - np.mean(others))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(differences, [2.5, 97.5])))
    assert found.wilcoxon_p == pytest.approx(stats.wilcoxon(own, others).pvalue)
    below = min(sum(d <= 0 for d in differences), sum(d >= 0 for d in differences)) + 1
    assert found.bootstrap_p == pytest.approx(min(1.0, 2 * below / 31))


def test_a_pairing_finds_what_two_intervals_hide():
    """Both models depend on the dialogues in the same way: apart the intervals overlap, paired they do not."""
    rng = np.random.default_rng(0)
    actual, groups = np.tile([0, 1], 200), np.repeat([f"d{i:02}" for i in range(20)], 20)
    easy = np.repeat(rng.uniform(0.2, 0.95, size=20), 20)
    luck = rng.random(400)
    runs = [np.where(luck < easy + gain, actual, 1 - actual)[None] for gain in (0.06, 0.0)]
    better, worse = (significance.tally(actual, run, classes=2, groups=groups.tolist()) for run in runs)
    times = significance.resample(better.strata, seed=1)
    (low, _), (_, high) = (scores.percentile_interval(tally.scores(times).mean(1)) for tally in (better, worse))
    assert low < high
    found = significance.compare(better, worse, times)
    assert found.low > 0
    assert found.bootstrap_p < 0.01


def test_few_dialogues_give_neither_interval_nor_p():
    """Ten of them are enough; each group beyond the first uses one up."""
    for dialogues, strata, given in ((10, 1, True), (9, 1, False), (10, 2, False), (11, 2, True), (20, 20, False)):
        actual, predicted, groups, of = planted(dialogues=dialogues, strata=strata, n=400)
        tally = significance.tally(actual, predicted, classes=3, groups=groups, strata=of)
        assert significance.enough(tally.strata) == given
        found = significance.compare(tally, tally, significance.resample(tally.strata, seed=1))
        assert found.difference == 0
        assert [np.isnan(value) for value in (found.low, found.high, found.bootstrap_p)] == [not given] * 3


def test_equal_models_do_not_differ():
    actual, predicted, groups, _ = planted(seeds=6, dialogues=10)
    tally = significance.tally(actual, predicted, classes=3, groups=groups)
    found = significance.compare(tally, tally, significance.resample(tally.strata, seed=1))
    assert (found.difference, found.low, found.high, found.bootstrap_p, found.wilcoxon_p) == (0, 0, 0, 1, 1)


def test_wilcoxon_needs_pairs():
    assert np.isnan(significance.wilcoxon_p(np.array([0.5]), np.array([0.4])))
    assert np.isnan(significance.wilcoxon_p(np.array([0.5, 0.6]), np.array([0.4])))
    own, other = np.random.default_rng(0).normal(size=(2, 8))
    for n in range(2, 9):  # where all signs agree the p-value is the least there is
        least = stats.wilcoxon(np.arange(1.0, n + 1)).pvalue
        assert least == pytest.approx(2 / 2**n)
        found = significance.wilcoxon_p(np.arange(1.0, n + 1), np.zeros(n))
        assert np.isnan(found) if least > 0.05 else found == least
    with_an_equal_pair = np.array([1, 2, 3, 4, 5, 0.0])  # which does not count
    assert np.isnan(significance.wilcoxon_p(with_an_equal_pair, np.zeros(6)))
    assert significance.wilcoxon_p(own, other) == pytest.approx(stats.wilcoxon(own - other).pvalue)


def test_holm_step_down():
    """The example of Holm's correction: sorted, times what is left, never falling."""
    assert significance.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert significance.holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    found = significance.holm([0.02, float("nan"), 0.03])
    assert found[0] == pytest.approx(0.04)
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(0.04)
    assert significance.holm([]) == []


def test_spread():
    assert significance.spread(np.array([1.0, 2.0, 4.0])) == pytest.approx(np.std([1, 2, 4], ddof=1))
    assert np.isnan(significance.spread(np.array([1.0])))
