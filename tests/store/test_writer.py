"""The writer where something comes between: full disks, kills at the very end, files changed by hand."""

import errno
import os
import signal
from contextlib import closing

import h5py
import numpy as np
import pytest

from emotion.core.errors import EmotionError
from emotion.store import disk, layout
from emotion.store import writer as module
from emotion.store.cache import Cache, verify
from emotion.store.journal import Journal
from emotion.store.trained import Training
from emotion.store.writer import CacheWriter

IDS = [f"u{i}" for i in range(6)]


def writer(folder, **more):
    more = {"ids": IDS, "shape": (2,), "dtype": "float32", "attributes": {}} | more
    return CacheWriter(folder / "a.h5", scratch=folder / "scratch", **more)


def fill(cache):
    for i in range(cache.done, len(IDS)):
        cache.append(np.full((1, 2), i, np.float32))
        if i % 4 == 3:
            cache.flush()


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
    with closing(Journal(tmp_path / "scratch" / f"a-{writer_key(tmp_path)}.journal")) as journal:
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


class Failing:
    """A file whose n-th write fails."""

    def __init__(self, file, n, number):
        self._file, self._left, self._number = file, n, number

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, data):
        self._left -= 1
        if self._left == 0:
            raise OSError(self._number, os.strerror(self._number))
        return self._file.write(data)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_any_write_may_fail_and_hdf5_does_not_crash(tmp_path, monkeypatch, number):
    count, make, write = [], disk.Disk.__init__, disk.Disk.write
    with monkeypatch.context() as patched:
        patched.setattr(disk.Disk, "write", lambda self, data: count.append(1) or write(self, data))
        whole = complete(tmp_path / "whole")
    complete(tmp_path / "full")
    for n in range(1, len(count) + 1):
        (tmp_path / "full" / "a.h5").write_bytes(b"before")
        with monkeypatch.context() as patched:
            patched.setattr(disk.Disk, "__init__", lambda self, file, n=n: make(self, Failing(file, n, number)))
            with pytest.raises(EmotionError, match=r"a\.h5: cannot be written \(.*finished work is kept"):
                complete(tmp_path / "full")
        assert (tmp_path / "full" / "a.h5").read_bytes() == b"before"
    assert len(count) > 5 and complete(tmp_path / "full") == whole


@pytest.mark.parametrize("name", ["write", "readinto", "seek", "truncate", "flush"])
def test_ctrl_c_at_any_call_of_hdf5s_waits_until_it_has_let_go(tmp_path, monkeypatch, name):
    count, call = [], getattr(disk.Disk, name)
    with monkeypatch.context() as patched:
        patched.setattr(disk.Disk, name, lambda self, *data: count.append(1) or call(self, *data))
        whole = complete(tmp_path / "whole")
    for n in range(1, len(count) + 1):
        left = [None] * n

        def press(self, *data, left=left):
            if left and not (left.pop() or left):
                signal.raise_signal(signal.SIGINT)
            return call(self, *data)

        with monkeypatch.context() as patched:
            patched.setattr(disk.Disk, name, press)
            with pytest.raises(KeyboardInterrupt):
                complete(tmp_path / "pressed")
        assert not (tmp_path / "pressed" / "a.h5").exists()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert count and complete(tmp_path / "pressed") == whole


def test_too_long_an_attribute_is_one_line(tmp_path):
    with pytest.raises(EmotionError, match=r"a\.h5: attribute settings has 2000000 bytes, expected at most"):
        writer(tmp_path, attributes={"settings": "x" * 2_000_000})
    with writer(tmp_path, attributes={"settings": "ü" * 100_000, "n": 3, "share": 0.5}) as cache:
        fill(cache)
    with Cache(tmp_path / "a.h5") as cache:
        assert cache.attributes["settings"] == "ü" * 100_000
        assert (cache.attributes["n"], cache.attributes["share"]) == (3, 0.5)


def test_others_trained_means_other_work(tmp_path):
    with pytest.raises(KeyboardInterrupt), writer(tmp_path, training=Training(frozenset([b"a" * 16]))) as cache:
        fill(cache)
        raise KeyboardInterrupt
    for training, done in [(None, 0), (Training(), 0), (Training(frozenset([b"a" * 16])), 6)]:
        with pytest.raises(KeyboardInterrupt), writer(tmp_path, training=training) as cache:
            assert cache.done == done
            raise KeyboardInterrupt


@pytest.mark.parametrize("size", [1, 8, 20, 48])  # bytes; a row has 8, all of them 48
def test_the_file_does_not_depend_on_how_much_is_written_or_read_at_once(tmp_path, monkeypatch, size):
    whole = complete(tmp_path / "whole")
    monkeypatch.setattr(layout, "_BLOCK", size)
    assert complete(tmp_path) == whole
    verify(tmp_path / "a.h5")
