"""Both directions of a recurrent layer; its layers are compared with torch's in tests/fusion/models/test_layers.py."""

import torch

from emotion.training.recurrent import mirror, take

LENGTHS = torch.tensor([7, 1, 4, 6])
MASK = torch.arange(7) < LENGTHS[:, None]


def test_the_mirror_turns_every_sequence_within_its_own_length():
    x = torch.randn(4, 7, 2)
    turned = take(x, mirror(MASK))
    for row, (before, after) in enumerate(zip(x, turned, strict=True)):
        u = int(LENGTHS[row])
        assert torch.equal(after, torch.cat([before[:u].flip(0), before[u:]]))
    assert torch.equal(take(turned, mirror(MASK)), x)
