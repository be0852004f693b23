"""A study in several processes: a full GPU, Ctrl-C, a kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from planted_study import conduct, plant, recipe

from emotion.core.errors import EmotionError
from emotion.study.run import Worker
from emotion.study.study import study

TESTS = Path(__file__).parent.parent
DRIVER = """
import signal
import sys
from pathlib import Path
from planted_study import recipe
from emotion.core import logs
from emotion.study.study import study
logs.start()
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may ignore it
study(Path(sys.argv[1]), models=["fusion", "cnn"], recipe=recipe, out=Path(sys.argv[2]), seeds=4, epochs=8, workers=2)
"""


def children(pid):
    """Its processes, and theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children(int(child))]
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def test_a_full_gpu_is_one_line(features, tmp_path, monkeypatch):
    def train(self, run):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB.\nGPU 0 has ...")

    monkeypatch.setattr(Worker, "train", train)
    with pytest.raises(EmotionError, match=r"^fusion, seed 1: the GPU is out of memory; lower --workers [^\n]*$"):
        conduct(features, tmp_path)
    monkeypatch.setattr(Worker, "train", lambda self, run: 1 + torch.zeros(2, 3) @ torch.zeros(2, 3))
    with pytest.raises(RuntimeError, match="mat1"):
        conduct(features, tmp_path)


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")
def test_interrupted_it_ends_at_once(tmp_path):
    features, out = plant(tmp_path / "features"), tmp_path / "out"
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    command = [sys.executable, "-c", DRIVER.replace("epochs=8", "epochs=1000"), str(features), str(out)]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(children(process.pid)) >= 3, 60)
    time.sleep(10)  # the runs are under way
    below = children(process.pid)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    wait_for(lambda: not any(alive(pid) for pid in below), 10)
    assert said.rstrip().endswith("KeyboardInterrupt")  # which the command turns into one line


@pytest.mark.full
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")
def test_killed_half_way_it_leaves_no_process_and_goes_on(tmp_path):
    features = plant(tmp_path / "features")
    study(features, models=["fusion", "cnn"], recipe=recipe, out=tmp_path / "whole", seeds=4, epochs=8, workers=1)
    out = tmp_path / "killed"
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    command = [sys.executable, "-c", DRIVER, str(features), str(out)]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(list(out.glob("runs/*.npz"))) >= 2, 120)
    below = children(process.pid)
    assert len(below) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not any(alive(pid) for pid in below), 20)
    finished = list(out.glob("runs/*.npz"))
    assert 2 <= len(finished) < 8
    before = {path: path.stat().st_mtime_ns for path in finished}
    again = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, check=True, capture_output=True, text=True)
    assert f"study: {8 - len(finished)} of 8 runs to do" in again.stderr
    assert {path: path.stat().st_mtime_ns for path in finished} == before
    for name in ("study.csv", "study.md", "study.json", "study.png", "reliability.png", "per_class.csv"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
