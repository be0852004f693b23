"""How unlike the training data: percentiles of what was seen, 100 for what was not."""

import numpy as np
import pytest
import torch

from emotion.bundle import novelty
from emotion.core.errors import EmotionError
from emotion.fusion.sequences import Sequences


def sequences(values):
    empty = torch.zeros(0, 0)
    n = len(values)
    present = torch.ones(n, 1, dtype=torch.bool)
    present[: n // 10] = False
    long = torch.zeros(n, dtype=torch.long)
    return Sequences((), {"face": torch.from_numpy(values)}, present, long, long, empty, empty, long, {})


def draw(n, rng, shift=0.0):
    mixed = rng.normal(size=(n, 6)) @ np.random.default_rng(7).normal(size=(6, 6)) + shift
    return mixed.astype(np.float32)


def test_percentiles(tmp_path):
    rng = np.random.default_rng(0)
    found = novelty.measure(sequences(draw(800, rng)), sequences(draw(800, rng)))
    novelty.save(tmp_path / "n", found)
    again = novelty.load(tmp_path / "n", {"face": 6})["face"]
    alike, others = again.percentiles(draw(500, rng)), again.percentiles(draw(50, rng, shift=40.0))
    assert 40 < np.median(alike) < 60 and (alike > 95).mean() == pytest.approx(0.05, abs=0.04)
    assert (others == 100).all()


def test_no_utterance_is_kept():
    """A centre is the mean of three or more; a lonely one is left out, and so is unlike the others."""
    rng = np.random.default_rng(0)
    values = draw(400, rng)
    values[200] = 300
    found = novelty.measure(sequences(values), sequences(draw(400, rng)))["face"]
    distances = np.linalg.norm(values[:, None] - found.centres, axis=2)
    assert np.bincount(distances[40:].argmin(axis=1)).min() >= 1 and 20 <= len(found.centres) <= 32
    assert distances.min() > 1e-3 and np.abs(found.centres).max() < 100
    assert found.percentiles(values[200:201]) == [100]


def test_few_utterances_give_none(tmp_path):
    rng = np.random.default_rng(0)
    assert novelty.measure(sequences(draw(800, rng)), sequences(draw(12, rng))) == {}
    novelty.save(tmp_path / "n", {})
    assert novelty.load(tmp_path / "n", {"face": 6}) == {}


def test_of_another_model(tmp_path):
    rng = np.random.default_rng(0)
    novelty.save(tmp_path / "n", novelty.measure(sequences(draw(80, rng)), sequences(draw(80, rng))))
    with pytest.raises(EmotionError, match="face is not that of the classifier beside it"):
        novelty.load(tmp_path / "n", {"face": 7})
