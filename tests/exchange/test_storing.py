import os
import subprocess
import sys
import time

import pytest
from planted_pickle import fields, write

from emotion.core.errors import Busy, EmotionError
from emotion.core.locks import hold
from emotion.exchange.importing import import_features
from emotion.store.cache import Cache


def imported(tmp_path, found, out=None):
    import_features(write(tmp_path / "f.pkl", found), out=out or tmp_path / "out", split="cosmic")
    return out or tmp_path / "out"


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_caches_say_that_nobody_knows_who_trained_their_encoders(tmp_path):
    out = imported(tmp_path, fields())
    for name in ("audio", "face", "text"):
        with Cache(out / "features" / f"{name}.h5") as cache:
            assert cache.attributes["trained_on"] == "unknown"


@pytest.mark.slow
def test_other_files_in_the_folder_are_kept(tmp_path):
    out = imported(tmp_path, fields())
    (out / ".gitignore").write_text("/features\n")
    (out / "notes").mkdir()
    (out / "notes" / "a.txt").write_text("mine")
    (out / "notes" / "link").symlink_to("a.txt")
    (out / "features" / "own.npy").write_bytes(b"mine too")
    imported(tmp_path, fields(seed=1))
    found = contents(out)
    assert (found["notes/a.txt"], found[".gitignore"], found["features/own.npy"]) == (
        b"mine",
        b"/features\n",
        b"mine too",
    )
    assert (out / "notes" / "link").is_symlink()
    fresh = contents(imported(tmp_path, fields(seed=1), tmp_path / "fresh"))
    assert {name: found[name] for name in fresh} == fresh


@pytest.mark.slow
def test_the_folder_behind_a_link_is_replaced(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to("disk", target_is_directory=True)
    imported(tmp_path, fields())
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "disk" / "index.csv").is_file()


@pytest.mark.slow
def test_nothing_is_left_behind(tmp_path):
    out = imported(tmp_path, fields())
    assert sorted(contents(out)) == [
        *(f"features/{name}.h5" for name in ("audio", "face", "text")),
        "import.json",
        "index.csv",
        "index.json",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.pkl", "out"]
    with pytest.raises(EmotionError):
        imported(tmp_path, fields() | {"train": 3})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.pkl", "out"]


def test_a_second_writer_is_refused(tmp_path):
    with hold(tmp_path / "out"), pytest.raises(Busy, match="another process is writing it"):
        imported(tmp_path, fields())


def test_the_current_folder_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmotionError, match="cannot be replaced; give a folder inside it"):
        imported(tmp_path, fields(), tmp_path)


@pytest.mark.slow
def test_modes_are_those_that_the_umask_asks_for(tmp_path):
    out = imported(tmp_path, fields())
    mask = os.umask(0)
    os.umask(mask)
    for path in (out, *out.rglob("*")):
        expected = (0o777 if path.is_dir() else 0o666) & ~mask
        assert path.stat().st_mode & 0o777 == expected, path


@pytest.mark.full
@pytest.mark.slow
def test_kills_leave_the_old_folder_or_the_new_one(tmp_path):
    out = imported(tmp_path, fields())
    old = contents(out)
    write(tmp_path / "g.pkl", fields(seed=1))
    import_features(tmp_path / "g.pkl", out=tmp_path / "fresh", split="cosmic")
    command = [sys.executable, "-m", "emotion", "import", tmp_path / "g.pkl", "--out", out, "--split", "cosmic"]
    new = contents(tmp_path / "fresh")
    for number in range(12):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        time.sleep(0.3 + 0.15 * number)
        process.kill()
        process.wait()
        assert contents(out) in (old, new) or not out.exists()  # between two renames: the next command restores it
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    assert contents(out) == new
    assert not list(tmp_path.glob("*.partial*"))
