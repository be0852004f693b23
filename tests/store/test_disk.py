"""A disk for HDF5: what fails is noted and told afterwards, and HDF5 never hears of it."""

import os

import h5py
import numpy as np
import pytest

from emotion.store.disk import Disk, writing


def test_a_file_can_be_read_back_while_it_is_written(tmp_path):
    with (tmp_path / "a").open("w+b", buffering=0) as file:
        disk = Disk(file)
        assert disk.write(b"abcdef") == 6 and disk.tell() == 6
        assert disk.seek(-4, os.SEEK_END) == 2
        assert disk.read(6) == b"cdef\0\0"  # zeros where there is nothing
        assert disk.truncate(3) == 3
        disk.seek(0)
        assert disk.read(4) == b"abc\0"
        disk.check()


def test_what_cannot_be_cut_or_read_is_told_later_and_nothing_is_written_any_more(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"before")
    with path.open("rb", buffering=0) as file:
        disk = Disk(file)
        assert disk.truncate(2) == 2
        with pytest.raises(OSError, match="not open for writing"):
            disk.check()
    with path.open("r+b", buffering=0) as file:
        disk._file = file  # it would work now
        assert disk.truncate(2) == 2 and disk.write(b"new") == 3
    assert path.read_bytes() == b"before"
    with path.open("ab", buffering=0) as file:
        disk = Disk(file)
        assert disk.read(3) == bytes(3) and disk.error is None  # what HDF5 reads it has written


def test_an_error_of_the_caller_is_raised_as_it_is(tmp_path):
    with pytest.raises(KeyError, match="planted"), writing(tmp_path / "a") as raw, h5py.File(raw, "w") as file:
        file["x"] = np.zeros(3)
        raise KeyError("planted")


def test_what_fails_after_the_disk_did_is_the_disks_fault(tmp_path):
    with (
        pytest.raises(OSError, match="No space left"),
        writing(tmp_path / "a") as raw,
        h5py.File(raw, "w") as file,
    ):
        file["x"] = np.zeros(3)
        raw.error = OSError(28, "No space left on device")
        raise KeyError("what HDF5 read there made no sense")
