import numpy as np
import pytest
import torch
from torch import nn

from emotion.encoders.base import Encoder
from emotion.encoders.fit import Classifier, bucketed, predict, warm_cosine


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
    parts = bucketed(costs, batch=10, rng=np.random.default_rng(1))
    assert sorted(np.concatenate(parts).tolist()) == list(range(203))
    assert max(len(part) for part in parts) == 10
    spread = np.mean([np.ptp(np.asarray(costs)[part]) for part in parts])
    shuffled = np.random.default_rng(2).permutation(203)
    assert spread < 0.5 * np.mean([np.ptp(np.asarray(costs)[shuffled[s : s + 10]]) for s in range(0, 203, 10)])
    again = bucketed(costs, batch=10, rng=np.random.default_rng(1))
    assert all((a == b).all() for a, b in zip(parts, again, strict=True))
    other = bucketed(costs, batch=10, rng=np.random.default_rng(3))
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
