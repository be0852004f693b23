import importlib.util
import sys

import numpy as np
import pytest
import torch
from encoders import checkpoints
from encoders.planted import check_batches, check_folder, section, vectors

from emotion.core.errors import EmotionError, MediaError
from emotion.encoders import egemaps
from emotion.encoders.describe import describe
from emotion.encoders.for_audio import load_encoder, new_encoder
from emotion.encoders.settings import Audio

installed = pytest.mark.skipif(importlib.util.find_spec("opensmile") is None, reason="opensmile is not installed")


def made():
    encoder = new_encoder(section(Audio, encoder="egemaps"))
    encoder.prepare([])
    return encoder


def test_without_opensmile_the_line_says_what_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "opensmile", None)
    egemaps._smile.cache_clear()
    with pytest.raises(EmotionError, match=r"not installed: pip install '.\[opensmile\]' .*audEERING's licence"):
        made()


def test_it_has_its_own_size():
    with pytest.raises(EmotionError, match=r"audio.dim is 64, but egemaps has 88 values"):
        new_encoder(section(Audio, encoder="egemaps", dim=64))
    assert describe("egemaps")["dimension"] == "88" and "research only" in describe("egemaps")["licence"]


@installed
@pytest.mark.slow
def test_equals_opensmile_itself(tmp_path):
    import opensmile

    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals)
    time = np.arange(16000) / 16000
    tone = (0.3 * np.sin(2 * np.pi * 200 * time) * (1 + np.sin(2 * np.pi * 3 * time)) / 2).astype(np.float32)
    waves = [tone, *checkpoints.noise((9000, 1600, 5000))]
    encoder = made()
    found = vectors(encoder, waves)
    expected = np.concatenate([smile.process_signal(wave, 16000).to_numpy() for wave in waves])
    assert np.array_equal(found.numpy(), expected.astype(np.float32)) and found.shape == (4, 88)
    pitch = list(smile.feature_names).index("F0semitoneFrom27.5Hz_sma3nz_amean")
    assert abs(found[0, pitch].item() - 12 * np.log2(200 / 27.5)) < 0.5  # the planted pitch, in semitones
    check_batches(encoder, [*waves, np.zeros(20, np.float32)])
    check_folder(encoder, waves, tmp_path)
    assert torch.equal(vectors(load_encoder(tmp_path / "one"), waves), found) and not encoder.trains
    assert "research only" in describe(str(tmp_path / "one"))["licence"]
    with pytest.raises(MediaError, match="empty, not mono or not finite"):
        encoder.collate([np.zeros(0, np.float32)])
