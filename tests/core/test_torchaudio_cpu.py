"""torchaudio, and what imports it, must work whatever the build of torch."""

import subprocess
import sys

import pytest


def run(code):
    return subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_torchaudio_imports_and_resamples():
    result = run(
        "import emotion, torch, torchaudio;"
        "x = torch.sin(2 * torch.pi * 440 * torch.arange(8000) / 8000);"
        "y = torchaudio.functional.resample(x, 8000, 16000);"
        "print(y.shape[0], (y.abs().max() - 1).abs().item() < 0.05)"
    )
    assert result.stdout.split() == ["16000", "True"], result.stderr


@pytest.mark.slow
def test_transformers_models_import():
    result = run("import emotion; from transformers import RobertaModel; print(RobertaModel.__name__)")
    assert result.stdout.strip() == "RobertaModel", result.stderr


def test_importing_emotion_imports_neither():
    result = run("import sys, emotion; print('torch' in sys.modules, 'torchaudio' in sys.modules)")
    assert result.stdout.split() == ["False", "False"], result.stderr


def test_the_hook_is_installed_once():
    result = run(
        "import sys, emotion; from emotion.core import torchaudio_cpu; torchaudio_cpu.install();"
        "print(sum(type(f).__module__ == 'emotion.core.torchaudio_cpu' for f in sys.meta_path))"
    )
    assert result.stdout.strip() == "1", result.stderr
