"""A limit on the size of files stands for a full disk: both fail in the middle of a write."""

import subprocess
import sys

import pytest

from emotion.errors import EmotionError
from emotion.files import write_text, writing

LIMIT = (
    "import resource, signal, sys; from pathlib import Path; from emotion.errors import one_line_errors;"
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); path = Path(sys.argv[1]);"
)
JOBS = {
    "text": "from emotion.files import write_text; job = lambda: write_text(path, 'x' * 100_000)",
    "safetensors": "import torch; from emotion.encoders.audio import AudioEncoder as A; e = A();"
    "job = lambda: e.save(path.parent)",
    "checkpoint": "import torch; from emotion import training as t; m = torch.nn.Linear(300, 300);"
    "job = lambda: t._save(path, 'k', t._Run(), m, torch.optim.Adam(m.parameters()), None)",
}


@pytest.mark.parametrize("job", ["text", "safetensors", pytest.param("checkpoint", marks=pytest.mark.slow)])
def test_a_full_disk_is_one_line_and_keeps_what_was_there(tmp_path, job):
    path = tmp_path / ("model.safetensors" if job == "safetensors" else "file")
    path.write_text("before")
    code = f"{LIMIT}{JOBS[job]}\nresource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\nwith one_line_errors(): job()"
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    assert run.stderr.startswith(f"error: {path}: cannot be written (") and run.stderr.count("\n") == 1
    assert path.read_text() == "before"
    assert not list(tmp_path.glob("*.partial"))


def test_text_is_written_as_it_is(tmp_path):
    write_text(tmp_path / "new" / "a.txt", "ä\r\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"\xc3\xa4\r\n"


def test_other_failures_pass_and_leave_nothing(tmp_path):
    with pytest.raises(KeyError), writing(tmp_path / "a") as partial:
        partial.write_text("half")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_named_failures_are_the_users(tmp_path):
    with pytest.raises(EmotionError, match="a: cannot be written"), writing(tmp_path / "a", KeyError):
        raise KeyError("full")
