"""A limit on the size of files stands for a full disk: both fail in the middle of a write."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from emotion.core.errors import EmotionError
from emotion.core.files import check_name, move, write_all, write_text, writing, writing_folder

LIMIT = (
    "import resource, signal, sys; from pathlib import Path; from emotion.core.errors import one_line_errors;"
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); path = Path(sys.argv[1]);"
)
JOBS = {
    "text": "from emotion.core.files import write_text; job = lambda: write_text(path, 'x' * 100_000)",
    "safetensors": "import torch; from emotion.encoders.audio import AudioEncoder as A; e = A();"
    "job = lambda: e.save(path.parent)",
    "checkpoint": "import torch; from emotion.training import checkpoint as t; m = torch.nn.Linear(300, 300);"
    "job = lambda: t.save(path, 'k', t.Run(), m, torch.optim.Adam(m.parameters()), None)",
}


@pytest.mark.parametrize(
    "job", ["text", *(pytest.param(job, marks=pytest.mark.slow) for job in ("safetensors", "checkpoint"))]
)
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


def test_files_that_belong_together_change_together(tmp_path):
    """The second does not fit: the first, which does, stays as it was too."""
    code = (
        f"{LIMIT}from emotion.core.files import write_all; small, large = path / 'small', path / 'large'\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "with one_line_errors(): write_all({small: b'new', large: b'x' * 100_000})"
    )
    write_all({tmp_path / "small": b"before", tmp_path / "large": b"before"})
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    assert run.stderr.startswith(f"error: {tmp_path / 'large'}: cannot be written (") and run.stderr.count("\n") == 1
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"small": "before", "large": "before"}


def test_a_finished_file_is_moved_to_its_place_or_stays(tmp_path):
    (tmp_path / "new").write_text("new")
    (tmp_path / "place").mkdir()
    with pytest.raises(EmotionError, match="it is a folder, expected a file"):
        move(tmp_path / "new", tmp_path / "place")
    (tmp_path / "old").write_text("old")
    assert move(tmp_path / "new", tmp_path / "old").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old", "place"]


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_modes_follow_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_text(tmp_path / "a.txt", "a")
        with writing(tmp_path / "b.safetensors") as partial:
            save_file({"x": torch.zeros(2)}, partial)
    finally:
        os.umask(before)
    for name in ("a.txt", "b.safetensors"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("name", ["", ".", "/", "a/.."])
def test_a_path_without_a_name_is_one_line(name):
    from pathlib import Path

    with pytest.raises(EmotionError, match="names no file"):
        write_text(Path(name), "x")


def test_another_kind_of_file_is_not_replaced(tmp_path):
    (tmp_path / "a.csv").write_text("utterance,label\n")
    with pytest.raises(EmotionError, match="another file is there"):
        check_name(tmp_path / "a.csv", begins=b"utterance,dialogue,")
    (tmp_path / "a.csv").write_text("utterance,dialogue,turn\n")
    check_name(tmp_path / "a.csv", begins=b"utterance,dialogue,")


def test_a_folder_takes_its_place_as_a_whole_and_comes_back_after_a_kill(tmp_path):
    place, old = tmp_path / "model", tmp_path / "model.partial-old"
    for content in ("1", "2"):
        with writing_folder(place) as partial:
            write_text(partial / "weights", content)
        assert (place / "weights").read_text() == content
    place.rename(old)  # killed when the old folder was out of the way and the new one was not in its place
    with pytest.raises(KeyError), writing_folder(place) as partial:
        assert (place / "weights").read_text() == "2" and not old.exists()
        (partial / "weights").touch()
        raise KeyError
    assert [path.name for path in tmp_path.iterdir()] == ["model"] and (place / "weights").read_text() == "2"


def test_a_folder_whose_place_cannot_be_taken_stays(tmp_path, monkeypatch):
    """The disk fails at the second of the two renames."""
    place, rename = tmp_path / "model", Path.rename
    with writing_folder(place) as partial:
        write_text(partial / "weights", "1")

    def fail(path, target):
        if path.name == "model.partial":
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(EmotionError, match="cannot be written"), writing_folder(place) as partial:
        write_text(partial / "weights", "2")
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")} == {"model", "model/weights"}
    assert (place / "weights").read_text() == "1"


def test_a_link_to_a_folder_is_replaced_and_what_it_led_to_stays(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine").write_text("mine")
    (tmp_path / "model").symlink_to(tmp_path / "elsewhere")
    with writing_folder(tmp_path / "model") as partial:
        (partial / "weights").write_text("new")
    assert not (tmp_path / "model").is_symlink() and (tmp_path / "model" / "weights").read_text() == "new"
    assert {path.name: path.read_text() for path in (tmp_path / "elsewhere").iterdir()} == {"mine": "mine"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "model"]


def test_a_suffix_of_something_else_is_refused(tmp_path):
    for name in ("a.csv", "a.CSV", "a"):
        check_name(tmp_path / name, suffixes=(".csv",))
    check_name(tmp_path / "a.pkl")
    with pytest.raises(EmotionError, match=r"a.json: ends in '.json', .*: name it 'a.csv', or ask for the other kind"):
        check_name(tmp_path / "a.json", suffixes=(".csv",))
