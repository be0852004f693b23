"""The threshold of `unsure` against a naive search."""

import numpy as np
import pytest

from emotion.bundle.worth import choose_threshold


@pytest.mark.parametrize("seed", range(5))
def test_it_tells_right_from_wrong_best(seed):
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.2, 1.0, 60)
    right = rng.random(60) < confidence
    found = choose_threshold(confidence, right)

    def gain(below):
        return np.mean(confidence[right] >= below) - np.mean(confidence[~right] >= below)

    best = max(gain(below) for below in np.linspace(0, 1, 5001))
    assert gain(found.below) == pytest.approx(best, abs=1e-9)
    unsure = confidence < found.below
    assert found.share == pytest.approx(unsure.mean(), abs=1e-6)
    assert found.accuracy_sure == pytest.approx(right[~unsure].mean(), abs=1e-6)


def test_where_all_are_right_nothing_is_unsure():
    for right in (np.ones(9, bool), np.zeros(9, bool)):
        found = choose_threshold(np.linspace(0.2, 0.9, 9), right)
        assert (found.below, found.share, found.accuracy_unsure) == (0.0, 0.0, None)
