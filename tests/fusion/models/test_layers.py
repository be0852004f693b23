import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from emotion.fusion.models.layers import BiGru, BiLstm, Dropout, attend, drop

LENGTHS = torch.tensor([5, 1, 7, 3])
MASK = torch.arange(7)[None] < LENGTHS[:, None]


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(p):
    torch.manual_seed(0)
    found = drop(torch.ones(1000, 501), p)
    kept = found[found > 0]
    level = round(256 * p)
    torch.testing.assert_close(kept, torch.full_like(kept, 256 / (256 - level)))
    share = 1 - len(kept) / found.numel()
    assert share == pytest.approx(level / 256, abs=0.003)
    # Every one of the eight places within a random number drops its share, and neighbours do not go together.
    dropped = (found == 0).flatten()
    for place in range(8):
        assert dropped[place::8].double().mean().item() == pytest.approx(level / 256, abs=0.006)
    together = (dropped[1:] & dropped[:-1]).double().mean().item()
    assert together == pytest.approx((level / 256) ** 2, abs=0.004)


def test_dropout_is_off_in_eval_mode_and_follows_the_seed():
    layer, x = Dropout(0.4), torch.randn(3, 4)
    assert layer.eval()(x) is x
    assert Dropout(0.0).train()(x) is x
    layer.train()
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(layer(x))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


@pytest.mark.parametrize(("ours", "theirs"), [(BiLstm, nn.LSTM), (BiGru, nn.GRU)])
@pytest.mark.parametrize("layers", [1, 2])
def test_recurrent_layers_equal_torchs_packed_ones(ours, theirs, layers):
    torch.manual_seed(0)
    one, other = ours(6, 5, layers=layers), theirs(6, 5, num_layers=layers, batch_first=True, bidirectional=True)
    for depth in range(layers):
        for ending, direction in (("", one.forwards), ("_reverse", one.backwards)):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(other, f"{name}_l{depth}{ending}").data = getattr(direction[depth], f"{name}_l0").data
    x = torch.randn(4, 7, 6)
    packed = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(other(packed)[0], batch_first=True)
    torch.testing.assert_close(one(x, MASK)[MASK], expected[MASK])


def test_attention_equals_torchs():
    torch.manual_seed(0)
    q, key, value = (torch.randn(4, size, 6) for size in (5, 7, 7))
    found = attend(q, key, value, MASK[:, None, None], heads=3, dropout=nn.Identity())
    parts = [x.reshape(4, -1, 3, 2).transpose(1, 2) for x in (q, key, value)]
    expected = nn.functional.scaled_dot_product_attention(*parts, attn_mask=MASK[:, None, None])
    torch.testing.assert_close(found, expected.transpose(1, 2).reshape(4, 5, 6))
    assert not attend(q, key, value, torch.zeros(1, dtype=torch.bool), heads=3, dropout=nn.Identity()).any()
