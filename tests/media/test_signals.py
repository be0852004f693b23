"""Resampling and mel energies, with torchaudio and where it is not installed."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from closure import ROOT

from emotion.core.errors import EmotionError
from emotion.encoders.logmel import LogMel
from emotion.media import signals

HIDE = "import sys; sys.modules['torchaudio'] = None; import pytest; sys.exit(pytest.main(sys.argv[1:]))"


@pytest.fixture
def hidden(monkeypatch):
    """No torchaudio."""
    monkeypatch.setattr(signals, "PACKAGES", ("soxr",))
    signals.resampler.cache_clear()
    yield
    signals.resampler.cache_clear()


def voice(rate, seconds=1.0):
    """A sum of tones below 3 kHz, which swells and fades: (2, t)."""
    time = torch.arange(int(rate * seconds)) / rate
    tones = [torch.sin(2 * torch.pi * hertz * time) for hertz in (120, 700, 1210, 2900)]
    return torch.stack([sum(tones), tones[1] - tones[2]]) * torch.hann_window(len(time)) / 4


@pytest.mark.parametrize(("own", "wanted"), [(44100, 16000), (48000, 16000), (8000, 16000), (22050, 16000)])
def test_resampled_sound_is_the_same_by_both(own, wanted, hidden):
    found = signals.resampler(own, wanted)(voice(own))
    assert found.shape == (2, wanted)
    assert (found - voice(wanted)).abs().max() < 0.01
    one = signals.resampler(own, wanted)(voice(own)[1, : own // 3])
    assert one.shape == (-(-(own // 3) * wanted // own),)


def test_both_agree(hidden, monkeypatch):
    waves, options = voice(16000), {"rate": 16000, "frame": 960, "hop": 640, "bands": 48}
    without, to_16 = LogMel(**options), signals.resampler(44100, 16000)(voice(44100))
    monkeypatch.setattr(signals, "PACKAGES", ("torchaudio",))
    signals.resampler.cache_clear()
    beside = LogMel(**options)
    without.load_state_dict(beside.state_dict())  # the same names
    assert (without(waves) - beside(waves)).abs().max() < 1e-4
    assert LogMel(**options).state_dict().keys() == without.state_dict().keys()
    assert (to_16 - signals.resampler(44100, 16000)(voice(44100))).abs().max() < 0.01


def test_without_either_there_is_one_line(hidden, monkeypatch):
    monkeypatch.setitem(sys.modules, "soxr", None)
    with pytest.raises(EmotionError, match=r"neither is installed: pip install 'soxr>=1'"):
        signals.resampler(8000, 16000)


@pytest.mark.full
@pytest.mark.slow
def test_the_tests_of_sound_pass_without_torchaudio():
    """In a process in which `import torchaudio` fails, for transformers too."""
    tests = ["tests/media/test_audio.py", "tests/encoders/test_audio.py", "tests/encoders/test_logmel.py"]
    run = subprocess.run(
        [sys.executable, "-c", HIDE, "-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", *tests],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-2000:]
    assert "passed" in run.stdout or "%" in run.stdout


def test_energies_are_numpys():
    """By a loop over the windows, and the bands' triangles of transformers."""
    from transformers.audio_utils import mel_filter_bank

    wave = voice(16000, 0.2)[0].numpy().astype(np.float64)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    powers = [
        np.abs(np.fft.rfft(wave[begin : begin + 400] * window)) ** 2 for begin in range(0, len(wave) - 400 + 1, 160)
    ]
    expected = np.array(powers) @ mel_filter_bank(201, 20, 0.0, 8000.0, 16000, mel_scale="htk")
    module = signals.mel_energies(rate=16000, frame=400, hop=160, bands=20)
    found = module(torch.from_numpy(wave[None]).float())[0].T.numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
