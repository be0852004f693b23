import torch

from emotion.augment import Variation, drop_modalities
from emotion.sequences import Batch


def test_dropped_modalities_leave_one():
    torch.manual_seed(0)
    present = torch.rand(40, 30, 3) > 0.3
    after = drop_modalities(present, 0.6)
    assert not (after & ~present).any()
    assert torch.equal(after.any(-1), present.any(-1))
    alone = present.sum(-1) == 1
    assert torch.equal(after[alone], present[alone])
    # Of three modalities each goes with chance 0.6, unless all three would and this one has the highest draw.
    full = drop_modalities(torch.ones(1, 200_000, 3, dtype=torch.bool), 0.6)
    torch.testing.assert_close(full.float().mean(), torch.tensor(1 - 0.6 + 0.6**3 / 3), rtol=0, atol=0.005)
    assert drop_modalities(present, 0.0).equal(present)


def test_features_are_dropped_and_the_rest_grows():
    torch.manual_seed(0)
    ones = torch.ones(20, 30, 50)
    mask = torch.ones(20, 30, dtype=torch.bool)
    number = torch.zeros(20, 30, dtype=torch.long)
    features = {"text": ones, "text/words": ones[:, :, None], "text/count": number + 1}
    batch = Batch(features, mask[..., None], number, mask, number, mask, number)
    varied = Variation(input_dropout=0.25)(batch)
    for name in ("text", "text/words"):
        values = varied.features[name]
        assert set(values.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
        torch.testing.assert_close(values.mean(), torch.tensor(1.0), rtol=0, atol=0.02)
    assert varied.features["text/count"].equal(number + 1)
    assert Variation()(batch) is batch
