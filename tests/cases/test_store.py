"""Caches that other hands have touched: locked, with forged provenance, with sizes that no disk holds."""

import subprocess
import sys
import time

import h5py
import pytest
from cases.inputs import save_features

from emotion import cli

LOCK = """
import fcntl, sys
file = open(sys.argv[1], "rb+")
fcntl.flock(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def cache(tmp_path, monkeypatch, capsys):
    (tmp_path / "in").mkdir()
    save_features(tmp_path / "in")
    words = ["import", tmp_path / "in" / "features.pkl", "--out", tmp_path / "new", "--split", "file"]
    assert run(monkeypatch, *words, "--label-names", "glad,sad,calm") == 0
    capsys.readouterr()
    return tmp_path / "new" / "features" / "text.h5"


def run(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["emotion", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def refused(monkeypatch, capsys, *words):
    begun = time.process_time()
    assert run(monkeypatch, *words) == 1 and time.process_time() - begun < 5
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
    return said


def test_cache_locked(cache, monkeypatch, capsys):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", LOCK, str(cache)], text=True, **pipes) as other:
        assert other.stdout.readline() == "locked\n"
        said = refused(monkeypatch, capsys, "cache", "show", cache)
        other.communicate()
    assert "locked by another process: wait" in said and "HDF5_USE_FILE_LOCKING=FALSE" in said
    assert "delete" not in said and "not a usable cache" not in said
    assert run(monkeypatch, "cache", "show", cache) == 0


def test_cache_forged_attributes(cache, monkeypatch, capsys):
    with h5py.File(cache, "r") as file:
        names = [name for name, value in file.attrs.items() if isinstance(value, str) and "sum" not in name]
    assert len(names) >= 3
    whole = cache.read_bytes()
    for name in names:
        cache.write_bytes(whole)
        with h5py.File(cache, "r+") as file:
            file.attrs[name] = "forged"
        assert "differs from its checksum" in refused(monkeypatch, capsys, "cache", "verify", cache)


def test_cache_huge_shape(cache, monkeypatch, capsys):
    with h5py.File(cache, "r+") as file:
        width = file["values"].shape[1]
        del file["values"]
        file.create_dataset("values", (10**9, width), dtype="f4", chunks=(1024, width))
        file["offsets"][-1] = 10**9
    for words in (("verify",), ("show",)):
        assert "expected one plain block" in refused(monkeypatch, capsys, "cache", *words, cache)


def test_foreign_text_is_escaped(cache, monkeypatch, capsys):
    with h5py.File(cache, "r+") as file:
        file.attrs["encoder"] = "\x1b[31mred\u202e"
    assert run(monkeypatch, "cache", "show", cache) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "\u202e" not in shown and r"\x1b[31mred\u202e" in shown
