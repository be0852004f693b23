"""The study's pictures."""

from types import SimpleNamespace

import numpy as np

from emotion.study import pictures
from emotion.study.scoring import ENOUGH


def test_bins_of_few_utterances_are_not_drawn(monkeypatch):
    top = [0.95] * ENOUGH + [0.45] * (ENOUGH - 1)
    probabilities = np.array([[p, 1 - p, 0.0] if p > 0.5 else [p, 0.3, 0.25] for p in top])
    actual = np.zeros(len(top), dtype=np.int64)
    monkeypatch.setattr(pictures, "reliability_inputs", lambda row: (actual, probabilities, probabilities))
    row = SimpleNamespace(name="model", figures={"ece_before": 0.1, "ece_after": 0.1})
    figure = pictures.reliability_figure([row], scored="test")
    _, *curves = figure.axes[0].get_lines()
    assert [curve.get_label() for curve in curves] == ["as trained", "with temperature"]
    for curve in curves:
        np.testing.assert_allclose(curve.get_xydata(), [[0.95, 1.0]])
