"""EMOTION_DEVICE: where networks run."""

import pytest
import torch

from emotion.core.errors import EmotionError
from emotion.extraction.features import choose_device
from emotion.training.device import device


@pytest.fixture
def gpus(monkeypatch):
    """A machine with two GPUs, as far as torch says."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.mark.parametrize(
    ("name", "expected"), [("", "cuda"), ("auto", "cuda"), ("cpu", "cpu"), ("cuda", "cuda"), ("cuda:1", "cuda:1")]
)
def test_the_device_that_is_named(name, expected, gpus, monkeypatch):
    monkeypatch.setenv("EMOTION_DEVICE", name)
    assert str(device()) == choose_device() == expected


def test_without_a_gpu_it_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.delenv("EMOTION_DEVICE", raising=False)
    assert device().type == choose_device() == "cpu"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("cuda:2", "EMOTION_DEVICE is cuda:2: found 2 CUDA devices; see nvidia-smi, or set EMOTION_DEVICE=auto"),
        ("mps", "EMOTION_DEVICE is mps: this torch finds no Apple GPU; set EMOTION_DEVICE=auto"),
        ("gpu", "EMOTION_DEVICE is 'gpu', expected auto, cpu, cuda, cuda:N (N = 0, 1, ...) or mps"),
        ("cuda:-1", "EMOTION_DEVICE is 'cuda:-1', expected auto, cpu, cuda, cuda:N (N = 0, 1, ...) or mps"),
    ],
)
def test_a_device_that_is_not_there_is_one_line(name, line, gpus, monkeypatch):
    monkeypatch.setenv("EMOTION_DEVICE", name)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(EmotionError) as error:
        device()
    assert str(error.value) == line


def test_a_cluster_is_asked_for_gpus_only_where_none_is_named(monkeypatch):
    monkeypatch.setenv("EMOTION_EXECUTOR", "ray")
    monkeypatch.setattr("emotion.extraction.ray_cluster.has_gpu", lambda: True)
    assert choose_device() == "cuda"
    monkeypatch.setenv("EMOTION_DEVICE", "cpu")
    assert choose_device() == "cpu"
