import shutil

import numpy as np
import pytest
import torch
from encoders import checkpoints
from encoders.planted import check_batches, check_folder, section, vectors
from transformers import AutoFeatureExtractor

from emotion.core.errors import EmotionError, MediaError
from emotion.encoders.for_audio import load_encoder, new_encoder
from emotion.encoders.settings import Audio

LENGTHS = (900, 2000, 411, 2000, 1500)


def make(name, factory):
    torch.manual_seed(0)
    return checkpoints.AUDIO[name](factory.mktemp(name))


@pytest.fixture(scope="module", params=checkpoints.some(checkpoints.AUDIO, "wav2vec2", "whisper"))
def checkpoint(request, tmp_path_factory):
    return make(request.param, tmp_path_factory)


@pytest.fixture(scope="module", params=checkpoints.AUDIO)
def every(request, tmp_path_factory):
    return make(request.param, tmp_path_factory)


def made(folder, **options):
    torch.manual_seed(1)
    encoder = new_encoder(section(Audio, encoder=str(folder), rate=8000, **options))
    encoder.prepare([])
    return encoder.eval()


def naive(folder, wave, layers):
    """The bare model on one utterance: (frames, d); Whisper's in windows, without the frames of the padding."""
    model, extractor = checkpoints.bare(folder), AutoFeatureExtractor.from_pretrained(folder)
    if hasattr(model, "decoder"):
        parts = []
        for start in range(0, len(wave), 16000):
            window = wave[start : start + 16000]
            given = extractor(window, sampling_rate=16000, return_tensors="pt", return_attention_mask=True)
            hidden = states(model.encoder(given.input_features, output_hidden_states=True), layers)
            parts.append(hidden[: -(-int(given.attention_mask.sum()) // 2)])
        return torch.cat(parts)
    if "input_features" in extractor.model_input_names:
        return naive_bands(model, extractor, wave, layers)
    given = extractor(wave, sampling_rate=16000, return_tensors="pt").input_values
    return states(model(given, output_hidden_states=True), layers)


def naive_bands(model, extractor, wave, layers):
    """Of wav2vec2-BERT: the last frame is cut off where it is half a frame; 40 ms are needed."""
    wave = np.pad(wave, (0, max(0, 640 - len(wave))))
    given = extractor(wave, sampling_rate=16000, return_tensors="pt")
    real = int(given.attention_mask.sum())
    return states(model(given.input_features[:, :real], output_hidden_states=True), layers)


def states(output, layers):
    if layers == "last":
        return output.last_hidden_state[0]
    every = [state[0] for state in output.hidden_states]
    chosen = {"last4": every[-4:], "all": every}.get(layers, every[layers : layers + 1] if layers in (0, 2) else [])
    return sum(chosen) / len(chosen)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layers", "pooling"),
    [("last4", "mean_std"), *checkpoints.full(("last", "mean"), ("all", "mean"), (2, "mean"))],
)
def test_equals_the_bare_model_one_utterance_at_a_time(every, layers, pooling):
    encoder = made(every, layers=layers, pooling=pooling)
    waves = [*checkpoints.noise(LENGTHS), *checkpoints.noise([17500])]
    expected = []
    with torch.no_grad():
        for wave in waves:
            frames = naive(every, wave, layers)
            parts = [frames.mean(0)] + ([frames.std(0, correction=0)] if pooling == "mean_std" else [])
            expected.append(torch.cat(parts))
    assert encoder.dim == (48 if pooling == "mean_std" else 24)
    torch.testing.assert_close(vectors(encoder, waves), torch.stack(expected), atol=1e-5, rtol=1e-5)


@pytest.mark.slow
def test_batches_change_nothing(checkpoint):
    check_batches(made(checkpoint, pooling="mean_std", dim=7), checkpoints.noise([*LENGTHS, 20, 3000]))


def test_folder_without_the_checkpoint(checkpoint, tmp_path):
    encoder = made(checkpoint, dim=5)
    encoder.encoder = "gone"
    waves = checkpoints.noise(LENGTHS[:3])
    check_folder(encoder, waves, tmp_path)
    loaded = load_encoder(tmp_path / "one")
    assert type(loaded) is type(encoder) and loaded.rate == 16000
    assert torch.equal(vectors(loaded, waves), vectors(encoder, waves))


@pytest.mark.slow
def test_frozen_and_fine_tuned(checkpoint):
    waves = checkpoints.noise(LENGTHS[:3])
    frozen = made(checkpoint, dim=5).train()
    assert not frozen.body.training and frozen.trains
    frozen(frozen.collate(waves)).sum().backward()
    moved = {name for name, value in frozen.named_parameters() if value.grad is not None}
    assert moved == {"project.weight", "project.bias"}
    assert all(frozen.rates[name] == 0 for name in ("body.", "front."))
    assert not made(checkpoint).trains
    tuned = made(checkpoint, tune=True).train()
    tuned(tuned.collate(waves)).sum().backward()
    moved = {name for name, value in tuned.named_parameters() if value.grad is not None and value.grad.any()}
    assert any("layers.0" in name for name in moved) and not any(name.startswith("front.") for name in moved)


@pytest.mark.parametrize(("name", "other"), [("wav2vec2", "whisper"), ("whisper", "wav2vec2")])
def test_a_feature_extractor_of_another_architecture(tmp_path, name, other):
    folders = {each: checkpoints.AUDIO[each](tmp_path / each) for each in (name, other)}
    shutil.copy(folders[other] / "preprocessor_config.json", folders[name])
    with pytest.raises(EmotionError, match=r"its preprocessor_config.json is of another architecture: it makes input_"):
        made(folders[name])


def test_cost_of_whisper_counts_its_padding(tmp_path):
    encoder = made(checkpoints.AUDIO["whisper"](tmp_path))
    assert [encoder.cost(np.zeros(size, np.float32)) for size in (5, 16000, 16001)] == [16000, 16000, 32000]


@pytest.mark.parametrize("wave", [np.zeros(0), np.zeros((2, 5)), np.array([0.0, np.nan])])
def test_unusable_waveforms(checkpoint, wave):
    with pytest.raises(MediaError, match="empty, not mono or not finite"):
        made(checkpoint).collate([wave.astype(np.float32)])
