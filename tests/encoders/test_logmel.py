import pytest
import torch
from encoders.planted import learn, waves

from emotion.encoders import logmel
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.logmel import LogMel, spec_augment


def masks(counts, *, seed=0, windows=40, bands=20):
    return spec_augment(
        torch.tensor(counts), windows=windows, bands=bands, generator=torch.Generator().manual_seed(seed)
    )


def test_a_tone_is_loudest_in_its_own_band():
    front = LogMel(rate=16000, frame=960, hop=640, bands=30)
    time = torch.arange(4000) / 16000
    loudest = [int(front(torch.sin(6.2832 * hertz * time)[None])[0, 1].argmax()) for hertz in (200, 1000, 3000, 7000)]
    assert loudest == sorted(set(loudest))
    assert front(torch.zeros(2, 4000)).shape == (2, 5, 30)
    assert front(torch.zeros(1, 4000)).unique().numel() == 1
    assert not list(front.parameters())


def test_masks_hide_stretches_of_bands_and_of_the_own_length():
    counts = [40, 10, 1] * 20
    keep = masks(counts)
    assert keep.shape == (60, 40, 20) and keep.dtype == torch.bool
    hidden_time, hidden_band = ~keep.any(2), ~keep.any(1)
    for row, count in enumerate(counts):
        own = hidden_time[row, :count]
        assert own.sum() <= 2 * (0.15 * count + 1)
        bands = hidden_band[row] if not own.all() else torch.zeros(20, dtype=torch.bool)
        assert bands.sum() <= 2 * (0.15 * 20 + 1)
        edges = torch.diff(bands.int(), prepend=torch.zeros(1), append=torch.zeros(1)).eq(1).sum()
        assert edges <= 2  # at most two stretches
    assert hidden_time.any() and hidden_band.any()
    assert 0.6 < keep[0::3].float().mean() < 0.95


def test_masks_depend_on_the_generator_alone_and_differ_between_utterances():
    torch.manual_seed(1)
    one = masks([40] * 8)
    torch.rand(3)
    assert torch.equal(one, masks([40] * 8))
    assert not torch.equal(one, masks([40] * 8, seed=1))
    assert len({tuple(row.flatten().tolist()) for row in one}) > 4


@pytest.mark.parametrize(("name", "value"), [("_MASKS", 0), ("_LONGEST", 0.0)])
def test_no_masks_hide_nothing(monkeypatch, name, value):
    monkeypatch.setattr(logmel, name, value)
    assert masks([40, 5]).all()


@pytest.mark.slow
def test_learns_a_planted_truth_under_spec_augment():
    small = {"dim": 12, "frame": 320, "hop": 320, "filters": 8, "hidden": 6}
    _, history = learn(lambda: AudioEncoder(front="logmel", **small), waves, epochs=6)
    assert max(line.validation_weighted_f1 for line in history) > 0.9


def test_hidden_values_are_the_mean_and_change_the_vector():
    torch.manual_seed(0)
    encoder = AudioEncoder(front="logmel", dim=8, frame=320, hop=160, filters=8, hidden=4, dropout=0.0).eval()
    values, _ = waves(3)
    encoder.prepare(values)
    batch = encoder.collate(values)
    x = encoder.vectors(batch["waves"], batch["lengths"])[0]
    keep = torch.ones_like(x, dtype=torch.bool)
    with torch.no_grad():
        plain = encoder(batch)
        torch.testing.assert_close(encoder(batch | {"keep": keep}), plain)
        keep[:, :, 2] = False
        encoder_seen = encoder(batch | {"keep": keep})
        encoder.mean[2], encoder.deviation[2] = 0.0, 1e30  # what is divided by so much is 0 as well
        torch.testing.assert_close(encoder(batch), encoder_seen)
    assert not torch.equal(plain, encoder_seen)
