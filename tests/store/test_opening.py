"""A cache that cannot be opened: the reason by its number, and `delete it` only where it is damaged."""

import errno
import fcntl
import os
import stat
import struct

import h5py
import pytest
from store.planted import plant

from emotion.core.errors import EmotionError
from emotion.extraction.provenance import public, write_card
from emotion.store import opening
from emotion.store.cache import Cache, verify


def told(path):
    with pytest.raises(EmotionError) as error:
        Cache(path)
    text = str(error.value)
    assert text.startswith(f"{path}: ") and "\n" not in text and len(text) < 500
    return text


def test_locked_by_another_process(tmp_path):
    path = plant(tmp_path)
    with path.open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = told(path)
        assert "locked by another process" in text and "HDF5_USE_FILE_LOCKING=FALSE" in text and "delete" not in text
    verify(path)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.EAGAIN, "locked by another process"),
        (errno.ENOLCK, "this file system has no locks: set HDF5_USE_FILE_LOCKING=FALSE"),
        (errno.EACCES, "no right"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EIO, "dmesg"),
        (errno.ENOENT, "vanished"),
        (errno.ESTALE, "network disk"),
    ],
)
@pytest.mark.parametrize("spoken", [True, False])
def test_every_number_has_its_own_remedy(tmp_path, monkeypatch, number, expected, spoken):
    path = plant(tmp_path)
    said = f"Unable to open file (file read failed: errno = {number}, error message = 'x')"
    error = OSError(said) if spoken else OSError(number, os.strerror(number))

    def fail(*_):
        raise error

    monkeypatch.setattr(opening.h5py, "File", fail)
    text = told(path)
    assert expected in text and "delete" not in text


def test_reading_fails_later(tmp_path):
    path = plant(tmp_path)
    with Cache(path) as cache, pytest.raises(EmotionError, match=r"a\.h5: cannot be read \(the disk reports"):

        class Broken:
            def __getitem__(self, key):
                raise OSError("Can't read data (file read failed: errno = 5, error message = 'Input/output error')")

        cache._values = Broken()
        cache.values()


def test_a_file_that_does_not_fit_into_memory(tmp_path):
    class Large:
        def __getitem__(self, key):
            raise MemoryError

    path = plant(tmp_path)
    with Cache(path) as cache:
        cache._values = Large()
        for read in (cache.values, lambda: cache[0]):
            with pytest.raises(
                EmotionError, match=r"a\.h5: does not fit into memory \(the file has 0\.0 GiB\); use a m"
            ):
                read()


def root_header(whole):
    return struct.unpack_from("<Q", whole, 64)[0], b"\x09"


def first_dataset(whole):
    """The address of the header of the first entry of the root's symbol table."""
    return whole.index(b"SNOD") + 16, struct.pack("<Q", 2**40)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (root_header, "HDF5 cannot read it (bad object header version number)"),
        (first_dataset, "HDF5 cannot read it (address of object past end of allocation)"),
        (lambda whole: (whole.index(b"TREE"), b"X"), "HDF5 cannot read it (wrong B-tree signature)"),
        (lambda whole: (whole.index(b"values\0"), b"\xff"), "a name or text in it is not UTF-8"),
    ],
)
def test_what_hdf5_cannot_read_is_told_in_its_own_words(tmp_path, damage, found):
    path = plant(tmp_path)
    whole = bytearray(path.read_bytes())
    at, new = damage(whole)
    whole[at : at + len(new)] = new
    path.write_bytes(whole)
    assert told(path) == (
        f"{path}: not a usable cache: {found}; delete it and run the stage or import that makes it again"
    )


def test_other_files_are_not_to_be_deleted(tmp_path):
    for name, content in [("zip.h5", b"PK\x03\x04" + bytes(100)), ("text.h5", b"hello"), ("x.h5", bytes(5000))]:
        (tmp_path / name).write_bytes(content)
        assert "does not begin as an HDF5 file" in (text := told(tmp_path / name)) and "delete" not in text
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["x"] = 1
    assert "no schema" in (text := told(tmp_path / "plain.h5")) and "delete" not in text
    with h5py.File(tmp_path / "latest.h5", "w", libver="latest") as file:
        file["x"] = 1
    assert "superblock" in told(tmp_path / "latest.h5")
    (tmp_path / "folder.h5").mkdir()
    assert "is no file" in told(tmp_path / "folder.h5")
    assert "no such file" in told(tmp_path / "none.h5")
    os.mkfifo(tmp_path / "pipe.h5")
    assert "is no file" in told(tmp_path / "pipe.h5")
    (tmp_path / "empty.h5").touch()
    assert "0 bytes" in told(tmp_path / "empty.h5")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("audio.h5", "dvc repro extract@audio"), ("faces.h5", "dvc repro faces"), ("x.h5", "the stage or import")],
)
def test_other_versions_name_the_stage(tmp_path, name, remedy):
    path = plant(tmp_path, name=name)
    for schema, word in [(1, "earlier"), (0, "earlier"), (3, "later")]:
        with h5py.File(path, "r+") as file:
            file.attrs["schema"] = schema
        text = told(path)
        assert f"written by an {word}" in text or f"written by a {word}" in text
        assert remedy in text and "delete" not in text


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_modes_follow_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        path = plant(tmp_path / "whole")
        write_card(path)
        with pytest.raises(KeyboardInterrupt):
            plant(tmp_path / "half", reason=Interrupt())
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
    finally:
        os.umask(before)
    assert {file.suffix for file in files} == {".h5", ".md", ".finished", ".journal"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o666 & ~mask}


class Interrupt:
    """A reason at which the writer is interrupted."""

    def __bool__(self):
        raise KeyboardInterrupt


def test_no_path_and_no_user_is_given_away(tmp_path):
    media = tmp_path / "home" / "bob" / "corpus"
    detector = tmp_path / "yunet.onnx"
    detector.write_bytes(b"x")
    settings = public(
        {"a": {"encoder": str(media)}, "b": [str(detector), 3], "c": "~bob/x", "d": "../bob/y", "e": "m/n"}
    )
    assert settings["a"] == {"encoder": "corpus"} and settings["b"][1] == 3
    assert settings["b"][0].startswith("yunet.onnx (sha256 2d711642b726b044")
    assert (settings["c"], settings["d"], settings["e"]) == ("x", "y", "m/n")
    assert public({"w": r"C:\Users\bob\net"}) == {"w": "net"}
    path = plant(tmp_path, reason=f"undecodable audio: {media}/s1/a.wav (x|y)", root=media)
    with Cache(path) as cache:
        assert cache.reason[0] == "undecodable audio: s1/a.wav (x|y)"
    card = write_card(path).read_text(encoding="utf-8")
    assert "bob" not in card and str(tmp_path) not in card and "undecodable audio" in card
