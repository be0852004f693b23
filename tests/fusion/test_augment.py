import torch

from emotion.fusion.augment import Variation, drop_modalities, mix_voices
from emotion.fusion.sequences import Batch


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


def test_voices_equal_a_loop_with_the_same_draws():
    torch.manual_seed(0)
    values, speakers = torch.randn(4, 7, 5), torch.randint(3, (4, 7))
    heard = (torch.arange(7) < torch.tensor([7, 5, 1, 6])[:, None]) & (torch.rand(4, 7) > 0.2)
    heard[2] = False
    torch.manual_seed(1)
    found = mix_voices(values, heard, speakers, chance=0.5)

    torch.manual_seed(1)
    places = heard.nonzero()
    drawn = places[torch.randint(len(places), (4 * 3,))]
    changed, keep = torch.rand(4) < 0.5, torch.rand(4)
    assert changed.any() and not changed.all()
    for row in range(4):
        for turn in range(7):
            if not (heard[row, turn] and changed[row]):
                assert found[row, turn].equal(values[row, turn])
                continue
            mean, deviation = voice(values, heard, speakers, row, turn)
            other = voice(values, heard, speakers, *drawn[row * 3 + speakers[row, turn]].tolist())
            share = keep[row]
            wanted = (values[row, turn] - mean) / deviation * (share * deviation + (1 - share) * other[1])
            torch.testing.assert_close(found[row, turn], wanted + share * mean + (1 - share) * other[0])


def voice(values, heard, speakers, row, turn):
    """Mean and deviation of whoever speaks in that turn, in that sequence."""
    own = values[row][heard[row] & (speakers[row] == speakers[row, turn])]
    return own.mean(0), (own.var(0, correction=0) + 0.1).sqrt()


def test_only_voices_change_and_what_is_missing_never_counts():
    torch.manual_seed(0)
    features = {"text": torch.randn(3, 6, 4), "audio": torch.randn(3, 6, 2)}
    mask = torch.arange(6) < torch.tensor([6, 4, 3])[:, None]
    present = torch.stack([mask, mask & (torch.rand(3, 6) > 0.3)], -1)
    number = torch.zeros(3, 6, dtype=torch.long)
    batch = Batch(features, present, number, mask, number, mask, number)
    torch.manual_seed(1)
    varied = Variation(mixstyle=1.0)(batch)
    assert varied.features["text"].equal(features["text"])
    assert not varied.features["audio"].equal(features["audio"])
    strange = {**features, "audio": features["audio"].where(present[..., 1:], torch.nan)}
    torch.manual_seed(1)
    again = Variation(mixstyle=1.0)(Batch(strange, present, number, mask, number, mask, number))
    assert again.features["audio"][present[..., 1]].equal(varied.features["audio"][present[..., 1]])
    silent = Batch({"text": features["text"]}, present[..., :1], number, mask, number, mask, number)
    assert Variation(mixstyle=1.0)(silent) is silent
