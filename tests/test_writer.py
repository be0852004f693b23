"""The writer where something comes between: full disks, kills at the very end, files changed by hand."""

import os

import h5py
import numpy as np
import pytest

from emotion import writer as module
from emotion.cache import Cache, verify
from emotion.errors import EmotionError
from emotion.journal import Journal
from emotion.writer import CacheWriter

IDS = [f"u{i}" for i in range(6)]


def writer(folder, **more):
    more = {"ids": IDS, "shape": (2,), "dtype": "float32", "attributes": {}, "flush_every": 4} | more
    return CacheWriter(folder / "a.h5", scratch=folder / "scratch", **more)


def fill(cache):
    for i in range(cache.done, len(IDS)):
        cache.append(np.full((1, 2), i, np.float32))


def complete(folder):
    with writer(folder) as cache:
        fill(cache)
    return (folder / "a.h5").read_bytes()


def there(folder):
    with writer(folder) as cache:
        found = cache.already_there()
        cache.abandon()
    return found


def no_space(descriptor):
    raise OSError(28, "No space left on device")


def test_a_disk_that_fills_up_at_the_last_flush_costs_no_finished_work(tmp_path, monkeypatch):
    with (
        pytest.raises(EmotionError, match=r"No space left on device.*finished work is kept"),
        writer(tmp_path) as cache,
    ):
        fill(cache)
        monkeypatch.setattr(os, "fsync", no_space)
    monkeypatch.undo()
    with writer(tmp_path) as cache:
        assert cache.done == 4
        fill(cache)
    assert (tmp_path / "a.h5").read_bytes() == complete(tmp_path / "whole")


def test_a_disk_that_is_full_at_once_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(EmotionError, match=r"\.journal: cannot be written \(No space left"):
        writer(tmp_path)
    monkeypatch.undo()
    assert complete(tmp_path)


@pytest.mark.parametrize("last", ["sync", "write_text", "delete"])
def test_killed_between_the_files_place_and_the_journals_end(tmp_path, monkeypatch, last):
    whole = complete(tmp_path / "whole")

    def killed(*_):
        raise KeyboardInterrupt

    place = Journal if last == "delete" else module
    known = getattr(place, last)
    monkeypatch.setattr(place, last, lambda *a: killed() if (tmp_path / "a.h5").exists() else known(*a))
    with pytest.raises(KeyboardInterrupt), writer(tmp_path) as cache:
        fill(cache)
    monkeypatch.undo()
    assert (tmp_path / "a.h5").read_bytes() == whole
    assert len(list(tmp_path.rglob("*.journal"))) == 1
    assert (there(tmp_path) is not None) == (last == "delete")
    assert complete(tmp_path) == whole
    assert list(tmp_path.rglob("*.journal")) == []


def test_a_leftover_journal_goes_when_the_file_is_there(tmp_path):
    complete(tmp_path)
    with Journal(tmp_path / "scratch" / f"a-{writer_key(tmp_path)}.journal") as journal:
        journal.append({"i": 0, "t": 1, "reason": "", "note": ""}, bytes(8))
        journal.flush()
    assert there(tmp_path) == [""] * len(IDS)
    assert list(tmp_path.rglob("*.journal")) == []


def writer_key(folder):
    cache = writer(folder)
    name = next(folder.rglob("*.journal")).stem
    cache.abandon()
    return name.removeprefix("a-")


def test_a_file_that_was_changed_by_hand_is_not_taken_for_the_result(tmp_path):
    whole = complete(tmp_path)
    assert there(tmp_path) == [""] * len(IDS)
    os.utime(tmp_path / "a.h5", (1, 1))  # copied: the same content at another time
    assert there(tmp_path) == [""] * len(IDS)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["values"][0] = 7.0
    assert there(tmp_path) is None
    assert complete(tmp_path) == whole


@pytest.mark.parametrize(
    ("name", "new"),
    [("values", None), ("ids", np.int64(1)), ("ids", np.zeros(6)), ("notes", np.array([b"{"] * 6)), ("offsets", None)],
)
def test_other_things_under_our_names_are_named(tmp_path, name, new):
    complete(tmp_path)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file[name]
        if new is None:
            file.create_group(name)
        else:
            file[name] = new
    for read in (verify, Cache):
        with pytest.raises(EmotionError, match=r"a\.h5: not a usable cache.*delete it"):
            read(tmp_path / "a.h5")
