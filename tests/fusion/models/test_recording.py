"""The attention weights that are kept are those that were used, and keeping them changes nothing."""

import pytest
import torch
from torch import nn

from emotion.fusion.models import building, registry
from emotion.fusion.models.layers import attend, recording

DIMS = {"audio": 3, "text": 4}


def _inputs():
    torch.manual_seed(0)
    features = {name: torch.randn(2, 5, d) for name, d in DIMS.items()}
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    return features, torch.ones(2, 5, 2, dtype=torch.bool) & mask[..., None], torch.zeros(2, 5).long(), mask


def test_weights_are_the_mean_over_heads():
    torch.manual_seed(0)
    q, key, value = (torch.randn(1, 3, 4) for _ in range(3))
    allowed = torch.tensor([True, True, False])[None, None, None]
    with recording() as seen:
        attend(q, key, value, allowed, heads=2, dropout=nn.Identity())
    parts = []
    for head in (slice(0, 2), slice(2, 4)):
        similar = (q[0, :, head] @ key[0, :, head].T / 2**0.5)[:, :2].softmax(-1)
        parts.append(torch.cat([similar, torch.zeros(3, 1)], dim=1))
    torch.testing.assert_close(seen[0][0], torch.stack(parts).mean(0))


@pytest.mark.parametrize("name", registry.NAMES)
def test_same_bits_with_and_without(name):
    torch.manual_seed(0)
    module = building.build(name, dims=DIMS, classes=3, hidden=4, heads=2, dropout=0.1).eval()
    with torch.no_grad():
        plain = module(*_inputs())
        with recording() as seen:
            kept = module(*_inputs())
        again = module(*_inputs())
    assert torch.equal(plain, kept)
    assert torch.equal(plain, again)
    count = {"fusion": 1, "speaker_fusion": 1, "dialogue_transformer": 4, "mdre": 2, "sdt": 4, "dialogue_rnn": 1}
    assert len(seen) == count.get(name, 0)  # nothing is added once the context is left
