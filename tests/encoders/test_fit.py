import numpy as np
import pytest
import torch
from torch import nn

from emotion.encoders.base import Encoder
from emotion.encoders.fit import Classifier, balanced_rows, bucketed, fit, predict, warm_cosine
from emotion.encoders.settings import Fit


class Identity(Encoder):
    """Vectors go through as they are."""

    modality, name, dim = "toy", "identity", 3

    def cost(self, item):
        return int(item[0] * 100)

    def collate(self, inputs):
        return {"x": torch.stack(list(inputs))}

    def forward(self, batch):
        return batch["x"]


def test_every_row_once_in_batches_of_like_length():
    costs = list(np.random.default_rng(0).integers(1, 1000, size=203))
    order = np.random.default_rng(4).permutation(203)
    parts = bucketed(costs, order, batch=10, rng=np.random.default_rng(1))
    assert sorted(np.concatenate(parts).tolist()) == list(range(203))
    assert max(len(part) for part in parts) == 10
    spread = np.mean([np.ptp(np.asarray(costs)[part]) for part in parts])
    shuffled = np.random.default_rng(2).permutation(203)
    assert spread < 0.5 * np.mean([np.ptp(np.asarray(costs)[shuffled[s : s + 10]]) for s in range(0, 203, 10)])
    again = bucketed(costs, order, batch=10, rng=np.random.default_rng(1))
    assert all((a == b).all() for a, b in zip(parts, again, strict=True))
    other = bucketed(costs, order, batch=10, rng=np.random.default_rng(3))
    assert not all(len(a) == len(b) and (a == b).all() for a, b in zip(parts, other, strict=True))


def test_predictions_come_in_the_order_of_the_inputs():
    torch.manual_seed(0)
    encoder = Identity()
    module = Classifier(encoder, classes=4, dropout=0.5).eval()
    inputs = list(torch.rand(11, 3))
    with torch.no_grad():
        expected = nn.functional.linear(torch.stack(inputs), module.head.weight, module.head.bias)
    torch.testing.assert_close(predict(module, encoder, inputs, batch=4), expected)


@pytest.mark.parametrize("epochs", [1, 2, 10, 60])
def test_learning_rate_rises_then_falls(epochs):
    factors = [warm_cosine(epoch, epochs=epochs) for epoch in range(1, epochs + 1)]
    assert all(0 < factor <= 1 for factor in factors)
    if epochs > 2:
        top = int(np.argmax(factors))
        assert factors[top] == 1.0
        assert top == max(1, epochs // 10)
        assert factors[top:] == sorted(factors[top:], reverse=True)


@pytest.mark.parametrize("counts", [(60, 30, 7), (5, 5, 5), (1, 100, 1), (9, 0, 4)])
def test_balanced_rows_show_every_class_equally_often(counts):
    labels = [name for name, count in enumerate(counts) for _ in range(count)]
    rows = balanced_rows(labels, rng=np.random.default_rng(0))
    assert len(rows) == len(labels)
    shown = np.bincount(np.asarray(labels)[rows], minlength=len(counts))
    there = [count for count in shown if count]
    assert len(there) == sum(count > 0 for count in counts) and max(there) - min(there) <= len(counts)
    times = np.bincount(rows, minlength=len(labels))
    for name, count in enumerate(counts):
        if count:  # none comes again before all have come; the last batch may lack a few
            own = times[np.asarray(labels) == name]
            assert own.max() <= -(-shown[name] // count) + 1
            assert shown[name] < count or (own > 0).mean() > 0.9 or count <= 5
    assert np.array_equal(rows, balanced_rows(labels, rng=np.random.default_rng(0)))
    assert not np.array_equal(rows, balanced_rows(labels, rng=np.random.default_rng(1)))


@pytest.mark.parametrize("balanced", [False, True])
def test_fitting_shows_the_classes_as_asked(balanced):
    shown = []

    class Watched(Identity):
        def augment(self, batch, generator):
            shown.extend(batch["x"][:, 1].tolist())
            return batch

    labels = [0] * 30 + [1] * 6
    inputs = [torch.tensor([0.1, float(label), number]) for number, label in enumerate(labels)]
    settings = Fit(epochs=1, lr=1e-2, weight_decay=0.0, batch=4, seed=0, balanced=balanced)
    fit(Classifier(Watched(), classes=2), (inputs, labels), (inputs, labels), settings=settings)
    assert len(shown) == 36
    assert sum(shown) == (18 if balanced else 6)
