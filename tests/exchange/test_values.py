import numpy as np
import pytest

from emotion.exchange.values import clean

IDS = [f"u{i}" for i in range(40)]
TRAIN = np.arange(40) < 30


def planted(seed=0):
    return np.random.default_rng(seed).normal(size=(40, 70))


def cleaned(values, unlisted=None):
    return clean("audio", values, np.zeros(40, bool) if unlisted is None else unlisted, train=TRAIN, ids=IDS)


def test_good_values_stay_as_they_are():
    values = planted()
    found = cleaned(values)
    assert np.array_equal(found.values, values.astype(np.float32))
    assert set(found.reasons) == {""}
    assert found.findings == []


def test_rows_without_any_finite_value_are_missing():
    values, unlisted = planted(), np.zeros(40, bool)
    values[3], values[35], unlisted[7] = np.nan, -np.inf, True
    values[7] = np.nan
    found = cleaned(values, unlisted)
    assert [row for row, reason in enumerate(found.reasons) if reason] == [3, 7, 35]
    assert found.report["missing"] == {"no finite value": 2, "not in the file": 1}
    assert found.report["imputed_values"] == 0
    assert np.array_equal(found.values[0], values[0].astype(np.float32))


def test_single_gaps_become_the_training_mean():
    values = planted()
    values[3, 5], values[38, 5] = np.nan, np.inf
    found = cleaned(values)
    mean = np.nanmean(values[TRAIN, 5])
    assert found.values[3, 5] == found.values[38, 5] == np.float32(mean)
    assert (found.report["imputed_values"], found.report["imputed_utterances"]) == (2, 2)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("worst", [3e38, -1e300, 1e9])
def test_an_absurd_row_is_left_out_and_named(scale, worst):
    values = planted() * scale
    values[11] = worst * (scale if abs(worst) < 1e30 else 1)
    found = cleaned(values)
    assert [row for row, reason in enumerate(found.reasons) if reason] == [11]
    assert found.reasons[11].startswith("absurd values: ")
    assert found.report["absurd"]["first"][0]["utterance"] == "u11"
    assert any("of utterance u11" in line for line in found.findings)
    assert np.array_equal(np.delete(found.values, 11, 0), np.delete(values, 11, 0).astype(np.float32))


def test_an_absurd_value_alone_becomes_the_mean():
    values = planted()
    values[2, 66] = 1e12
    found = cleaned(values)
    assert set(found.reasons) == {""}
    assert abs(found.values[2, 66]) < 1
    assert found.report["absurd"] == {
        "values": 1,
        "utterances": 1,
        "first": [{"utterance": "u2", "dimension": 66, "value": 1e12}],
    }


def test_a_value_far_from_the_others_is_named_and_kept():
    values = planted()
    values[2, 6] = -9999.0
    found = cleaned(values)
    assert found.values[2, 6] == -9999
    assert any("-9999 in dimension 6 of utterance u2" in line for line in found.findings)


def test_sparse_constant_and_differently_scaled_dimensions_are_no_outliers():
    values = planted() * np.logspace(-9, 9, 70)
    values[:, 0] = 0.25
    values[:, 1] = 0
    values[5:9, 1] = [1, 40, 800, 9000]
    values[:, 2] = 1e-12 * planted()[:, 2]
    values[6, 2] = 0.5
    found = cleaned(values)
    assert found.report["absurd"]["values"] == 0
    assert np.array_equal(found.values, values.astype(np.float32))


def test_the_test_set_decides_nothing():
    values = planted()
    values[2, 3] = np.nan
    before = cleaned(values)
    values[30:] *= 1e5
    after = cleaned(values)
    assert np.array_equal(before.values[:30], after.values[:30])


def test_rows_of_zeros_are_counted_and_kept():
    values = planted()
    values[4:6] = 0
    found = cleaned(values)
    assert found.report["all_zero_utterances"] == 2
    assert set(found.reasons) == {""}
    assert "audio: all zero for 2 of 40 utterances" in " ".join(found.findings)


def test_all_training_rows_missing_is_said():
    values = planted()
    values[:30] = np.nan
    assert any("no training utterance has it" in line for line in cleaned(values).findings)


def test_dimensions_with_one_value_are_named():
    values = planted()
    values[:30, 3] = 0.25  # of the training utterances
    values[:, 66] = 0
    found = cleaned(values)
    assert found.report["constant_dimensions"] == 2
    assert found.findings[-1].startswith("audio: 2 of 70 dimensions have one value in all training utterances")
