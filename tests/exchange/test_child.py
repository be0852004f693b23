import os
import pickle
import time

import numpy as np
import pytest
from planted_pickle import fields, write

from emotion.core import processes
from emotion.core.errors import EmotionError
from emotion.exchange import child
from emotion.exchange.feature_file import read_feature_file


def read(path, folder):
    folder.mkdir()
    return child.read_in_child(path, text_block="mean", folder=folder)


@pytest.mark.slow
def test_what_comes_back_is_what_was_read(tmp_path):
    found = fields(blocks=4)
    found["audio"].pop("Ses01M_impro02")
    path = write(tmp_path / "f.pkl", found)
    here, there = read_feature_file(path, text_block="mean"), read(path, tmp_path / "x")
    assert there.dialogues == here.dialogues
    assert (there.unused, there.written) == (here.unused, here.written)
    assert list(there.features) == list(here.features)
    for name in here.features:
        assert np.array_equal(here.features[name], there.features[name], equal_nan=True)
        assert here.features[name].dtype == there.features[name].dtype
        assert np.array_equal(here.unlisted[name], there.unlisted[name])


@pytest.mark.slow
def test_its_errors_are_ours(tmp_path):
    (tmp_path / "f.pkl").write_bytes(pickle.dumps(({}, os.system)))
    with pytest.raises(EmotionError, match=r"f\.pkl: asks for .*system, which is not allowed"):
        read(tmp_path / "f.pkl", tmp_path / "x")


@pytest.mark.slow
def test_too_little_memory_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(child, "_SPARE", 60 << 20)
    monkeypatch.setattr(child, "budget_of", lambda size: 0)
    rows = {f"d{i}": [np.zeros(500_000)] * 6 for i in range(3)}
    found = dict.fromkeys(("ids", "speakers", "labels"))
    found["ids"] = {name: list(range(6)) for name in rows}
    found["speakers"] = {name: ["M"] * 6 for name in rows}
    found["labels"] = {name: [0] * 6 for name in rows}
    found |= {"text": rows, "audio": {}, "visual": {}, "sentences": {}, "train": list(rows), "test": []}
    path = write(tmp_path / "f.pkl", found)
    with pytest.raises(EmotionError, match=r"f\.pkl: reading it (takes more memory|was stopped)"):
        read(path, tmp_path / "x")


def sleep(_):
    time.sleep(60)


def spin(_):
    while True:
        pass


def die(_):
    os.kill(os.getpid(), 11)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("work", "message"),
    [(sleep, "not finished after 1 s"), (spin, "not finished after 1 s"), (die, "killed by SIGSEGV")],
)
def test_a_child_that_hangs_or_dies_is_one_line(tmp_path, monkeypatch, work, message):
    monkeypatch.setattr(child.processes, "run", lambda _, *a, run=processes.run, **k: run(work, *a, **k))
    monkeypatch.setattr(child, "_SECONDS", 0.5)
    path = write(tmp_path / "f.pkl", fields())
    with pytest.raises(EmotionError, match=rf"f\.pkl: reading it was stopped: .*{message}; if you trust it"):
        read(path, tmp_path / "x")
