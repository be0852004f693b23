"""The study's pictures."""

from types import SimpleNamespace

import numpy as np

from emotion.study import pictures
from emotion.study.scoring import ENOUGH


def drawn(monkeypatch, models, *, actual, probabilities):
    monkeypatch.setattr(pictures, "reliability_inputs", lambda row: (actual, probabilities, probabilities))
    rows = [SimpleNamespace(name=f"model {i}", figures={"ece_before": 0.1, "ece_after": 0.1}) for i in range(models)]
    return pictures.reliability_figure(rows, scored="test")


def test_the_lowest_panel_of_each_column_has_numbers(monkeypatch):
    figure = drawn(monkeypatch, 5, actual=np.zeros(1, dtype=np.int64), probabilities=np.eye(3)[:1])
    shown = [axes.xaxis.get_tick_params()["labelbottom"] for axes in figure.axes]
    assert shown[:5] == [False, False, True, True, True]


def test_bins_of_few_utterances_are_not_drawn(monkeypatch):
    top = [0.95] * ENOUGH + [0.45] * (ENOUGH - 1)
    probabilities = np.array([[p, 1 - p, 0.0] if p > 0.5 else [p, 0.3, 0.25] for p in top])
    actual = np.zeros(len(top), dtype=np.int64)
    figure = drawn(monkeypatch, 1, actual=actual, probabilities=probabilities)
    _, *curves = figure.axes[0].get_lines()
    assert [curve.get_label() for curve in curves] == ["as trained", "with temperature"]
    for curve in curves:
        np.testing.assert_allclose(curve.get_xydata(), [[0.95, 1.0]])
