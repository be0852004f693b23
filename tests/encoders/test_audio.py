import math

import numpy as np
import pytest
import torch
from encoders.planted import check_augment, check_batches, check_folder, learn, waves

from emotion.core.errors import EmotionError, MediaError
from emotion.encoders.audio import AudioEncoder, band_passes


def small(**options) -> AudioEncoder:
    return AudioEncoder(
        **{"dim": 12, "frame": 320, "hop": 160, "filters": 8, "kernel": 64, "stride": 32, "hidden": 6} | options
    )


def naive_front(encoder: AudioEncoder, frame: np.ndarray) -> list[float]:
    """What the LSTM sees of one frame."""
    if encoder.front == "logmel":
        return naive_log_mel(frame, rate=encoder.rate, bands=encoder.filters)
    if not encoder.filters:
        return frame.tolist()
    row = []
    for kernel in encoder.bank.detach().numpy()[:, 0]:
        places = range(0, encoder.frame - encoder.kernel + 1, encoder.stride)
        passed = [float(frame[place : place + encoder.kernel] @ kernel) for place in places]
        row.append(math.log(sum(value**2 for value in passed) / len(passed) + 1e-6))
    return row


def naive_log_mel(frame: np.ndarray, *, rate: int, bands: int) -> list[float]:
    """Hann window, discrete Fourier transform by its definition, triangles on the mel scale."""
    n = len(frame)
    time = np.arange(n)
    tapered = frame * (0.5 - 0.5 * np.cos(2 * math.pi * time / n))
    bins = range(n // 2 + 1)
    energies = [abs((tapered * np.exp(-2j * math.pi * k * time / n)).sum()) ** 2 / n for k in bins]
    top = 2595 * math.log10(1 + rate / 2 / 700)
    edges = [700 * (10 ** (top * place / (bands + 1) / 2595) - 1) for place in range(bands + 2)]  # Hz
    row = []
    for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
        total = 0.0
        for k in bins:
            hertz = k * rate / 2 / (n // 2)
            weight = min((hertz - low) / (middle - low), (high - hertz) / (high - middle))
            total += max(0.0, weight) * energies[k]
        row.append(math.log(total + 1e-6))
    return row


def naive(encoder: AudioEncoder, wave: np.ndarray) -> torch.Tensor:
    """One waveform, loop by loop, from the encoder's weights."""
    rows = []
    start = 0
    while True:
        frame = np.zeros(encoder.frame, dtype=np.float32)
        part = wave[start : start + encoder.frame]
        frame[: len(part)] = part
        rows.append(torch.tensor(naive_front(encoder, frame)))
        if start + encoder.frame >= len(wave):
            break
        start += encoder.hop
    x = (torch.stack(rows) - encoder.mean) / encoder.deviation
    for layer in encoder.lstm:
        there = naive_lstm(layer.forwards, x)
        back = naive_lstm(layer.backwards, x.flip(0)).flip(0)
        x = torch.cat([there, back], dim=1)
    x = torch.nn.functional.layer_norm(x, x.shape[1:], encoder.norm.weight, encoder.norm.bias)
    for linear in encoder.linear:
        x = (x @ linear.weight.T + linear.bias).clamp(min=0)
    scores = [float(row @ encoder.score.weight[0] + encoder.score.bias) for row in x]
    total = sum(math.exp(score) for score in scores)
    return sum(math.exp(score) / total * row for score, row in zip(scores, x, strict=True))


def naive_lstm(lstm: torch.nn.LSTM, x: torch.Tensor) -> torch.Tensor:
    size = lstm.hidden_size
    hidden = cell = torch.zeros(size)
    rows = []
    for row in x:
        gates = lstm.weight_ih_l0 @ row + lstm.bias_ih_l0 + lstm.weight_hh_l0 @ hidden + lstm.bias_hh_l0
        keep_in, keep, new, out = gates.split(size)  # PyTorch's order: input, forget, cell, output
        cell = torch.sigmoid(keep) * cell + torch.sigmoid(keep_in) * torch.tanh(new)
        hidden = torch.sigmoid(out) * torch.tanh(cell)
        rows.append(hidden)
    return torch.stack(rows)


FRONTS = pytest.mark.parametrize(
    "options", [{}, {"filters": 0}, {"front": "logmel"}], ids=["learned filters", "samples", "logmel"]
)


@pytest.mark.slow
@FRONTS
def test_equals_a_slow_reference(options):
    torch.manual_seed(0)
    encoder = small(**options).eval()
    values, _ = waves(4)
    values += [values[0][:10], values[0][:320], values[0][:321]]
    encoder.prepare(values)
    with torch.no_grad():
        expected = torch.stack([naive(encoder, wave) for wave in values])
        torch.testing.assert_close(encoder(encoder.collate(values)), expected, atol=1e-5, rtol=1e-4)


@FRONTS
def test_batches_change_nothing(options):
    torch.manual_seed(0)
    encoder = small(**options)
    values, _ = waves(5)
    encoder.prepare(values)
    check_batches(encoder, [*values, values[0][:5]])


@pytest.mark.parametrize("length", [1, 319, 320, 321, 480, 481, 1000])
def test_frames_cover_every_sample_once_at_least(length):
    encoder = small()
    waves_in = torch.arange(1.0, length + 1)[None]
    frames, counts = encoder.frames(torch.nn.functional.pad(waves_in, (0, 777)), torch.tensor([length]))
    assert frames.shape[1] == counts.item()
    assert set(range(1, length + 1)) <= set(frames.flatten().tolist())
    assert length <= 320 or frames[0, -2].max() < length  # no frame too many


def test_has_the_papers_layers():
    encoder = AudioEncoder()
    assert len(encoder.lstm) == len(encoder.linear) == 4


@FRONTS
def test_padding_is_never_read(options):
    """Whatever stands behind the end of a wave, even noise, is no part of it."""
    torch.manual_seed(0)
    encoder = small(**options).eval()
    values, _ = waves(3)
    encoder.prepare(values)
    batch = encoder.collate(values)
    longer = {"waves": torch.nn.functional.pad(batch["waves"], (0, 5000)), "lengths": batch["lengths"]}
    with torch.no_grad():
        torch.testing.assert_close(encoder(longer), encoder(batch))


def test_an_unknown_front_is_refused():
    with pytest.raises(EmotionError, match="front is 'mfcc', expected one of waveform, logmel"):
        small(front="mfcc")


@FRONTS
def test_folder(tmp_path, options):
    torch.manual_seed(0)
    encoder = small(**options)
    values, _ = waves(3)
    encoder.prepare(values)
    check_folder(encoder, values, tmp_path)


@pytest.mark.slow
def test_learns_a_planted_truth_and_twice_the_same():
    encoder, history = learn(small, waves, epochs=6)
    assert max(line.validation_weighted_f1 for line in history) > 0.9
    again, other = learn(small, waves, epochs=6)
    assert history == other
    assert all(
        torch.equal(a, b) for a, b in zip(encoder.state_dict().values(), again.state_dict().values(), strict=True)
    )


@FRONTS
def test_augment(options):
    encoder = small(**options)
    values, _ = waves(4)
    check_augment(encoder, values)
    batch = encoder.collate([*values, values[0][:2], values[0][:1]])
    for seed in range(20):
        made = encoder.augment(batch, torch.Generator().manual_seed(seed))
        assert bool((made["lengths"] >= 1).all())
        assert made["lengths"].max() <= made["waves"].shape[1]
        for row, length in zip(made["waves"], made["lengths"], strict=True):
            assert not row[length:].any()
        assert made["waves"].isfinite().all()


def test_filters_pass_their_band():
    bank = band_passes(12, kernel=400, rate=16000)[:, 0]
    torch.testing.assert_close(bank.norm(dim=1), torch.ones(12))
    peaks = torch.fft.rfft(bank, n=4096).abs().argmax(1)
    assert bool((peaks.diff() > 0).all())


@pytest.mark.parametrize(
    "wave", [np.zeros(0), np.zeros((2, 5)), np.array([0.0, np.nan])], ids=["empty", "stereo", "nan"]
)
def test_unusable_waveforms(wave):
    with pytest.raises(MediaError, match="empty, not mono or not finite"):
        small().collate([wave.astype(np.float32)])


def test_damaged_folders(tmp_path):
    with pytest.raises(EmotionError, match=r"settings.json: not found; fit the audio encoder again"):
        AudioEncoder.load(tmp_path)
    small().save(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    with pytest.raises(EmotionError, match=r"model.safetensors: cannot be used .*; fit the audio encoder again"):
        AudioEncoder.load(tmp_path)
    small(dim=13).save(tmp_path / "other")
    weights.write_bytes((tmp_path / "other" / "model.safetensors").read_bytes())
    with pytest.raises(EmotionError, match=r"cannot be used"):
        AudioEncoder.load(tmp_path)
    settings = tmp_path / "settings.json"
    settings.write_text(settings.read_text().replace('"audio"', '"face"'))
    with pytest.raises(EmotionError, match=r"holds the face encoder 'paper', expected the audio encoder 'paper'"):
        AudioEncoder.load(tmp_path)
    settings.write_text("[1")
    with pytest.raises(EmotionError, match=r"no JSON .*fit the audio encoder again: dvc repro -s fit@audio"):
        AudioEncoder.load(tmp_path)
