import numpy as np

from emotion.evaluation.calibration import FEWEST_IN_BIN
from emotion.evaluation.comparison_figures import Calibrated, reliability_figure


def drawn(models, *, actual, probabilities):
    rows = [Calibrated(f"model {i}", actual, probabilities, probabilities, (0.1, 0.1)) for i in range(models)]
    return reliability_figure(rows, scored="test")


def test_the_lowest_panel_of_each_column_has_numbers():
    figure = drawn(5, actual=np.zeros(1, dtype=np.int64), probabilities=np.eye(3)[:1])
    shown = [axes.xaxis.get_tick_params()["labelbottom"] for axes in figure.axes]
    assert shown[:5] == [False, False, True, True, True]


def test_bins_of_few_utterances_are_not_drawn():
    top = [0.95] * FEWEST_IN_BIN + [0.45] * (FEWEST_IN_BIN - 1)
    probabilities = np.array([[p, 1 - p, 0.0] if p > 0.5 else [p, 0.3, 0.25] for p in top])
    actual = np.zeros(len(top), dtype=np.int64)
    figure = drawn(1, actual=actual, probabilities=probabilities)
    _, *curves = figure.axes[0].get_lines()
    assert [curve.get_label() for curve in curves] == ["as trained", "with temperature"]
    for curve in curves:
        np.testing.assert_allclose(curve.get_xydata(), [[0.95, 1.0]])
