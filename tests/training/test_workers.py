import torch

from emotion.training import workers


def test_a_gpu_is_shared_by_two(monkeypatch):
    monkeypatch.setattr(workers.environment.os, "sched_getaffinity", lambda _: range(16))
    monkeypatch.delenv("EMOTION_WORKERS", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert workers.usual_workers() == 16
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert workers.usual_workers() == 2
    monkeypatch.setenv("EMOTION_WORKERS", "5")
    assert workers.usual_workers() == 5
