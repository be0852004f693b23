import gzip
import io
import os
import pickle

import h5py
import numpy as np
import planted_corpus
import pytest
import torch

from emotion.core.errors import EmotionError
from emotion.exchange.kinds import check_kind
from emotion.exchange.unpickling import load_pickle


def saved(write):
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def hdf5(stream):
    with h5py.File(stream, "w") as file:
        file["audio"] = np.zeros((10, 4), np.float32)


KINDS = {
    "hdf5": (saved(hdf5), "is an HDF5 file"),
    "npy": (saved(lambda stream: np.save(stream, np.zeros(3))), r"is a numpy array \(\.npy\)"),
    "npz": (saved(lambda stream: np.savez(stream, a=np.zeros(3))), r"is a numpy archive \(\.npz\)"),
    "torch": (saved(lambda stream: torch.save({"a": torch.zeros(3)}, stream)), "is a torch file .* as .numpy"),
    "old torch": (
        saved(lambda stream: torch.save({"a": torch.zeros(3)}, stream, _use_new_zipfile_serialization=False)),
        "is an old torch file",
    ),
    "zip": (b"PK\x03\x04" + bytes(40), "is a zip archive; .*; unpack it"),
    "gzip": (gzip.compress(pickle.dumps(3)), "is packed with gzip; .*gunzip"),
    "safetensors": (b"\x40" + bytes(7) + b'{"a":{"dtype":"F32"}}', "is a safetensors file"),
    "page": (b"\n<!DOCTYPE html><html>sign in</html>", "is a web page .*: the download gave a page"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", r"is a git-lfs pointer.*git lfs pull"),
    "dvc": (b"outs:\n- md5: 0\n", r"is a DVC pointer.*dvc pull"),
    "json": (b'{"ids": {}}', "is JSON"),
    "csv": (b"utterance,label\na,b\n", "is text"),
    "utf-16": ("utterance,label\n".encode("utf-16"), "is text in UTF-16"),
    "mp4": (b"\0\0\0\x18ftypmp42", "is a recording .*emotion index"),
    "empty": (b"", "is empty"),
}


@pytest.mark.parametrize(("raw", "message"), KINDS.values(), ids=KINDS)
def test_other_kinds_of_file_are_named(tmp_path, raw, message):
    (tmp_path / "f.bin").write_bytes(raw)
    with pytest.raises(EmotionError, match=rf"f\.bin: {message}") as caught:
        load_pickle(tmp_path / "f.bin")
    assert "damaged" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_our_own_cache_needs_no_import(tmp_path):
    planted = planted_corpus.plant(tmp_path)
    with pytest.raises(EmotionError, match=r"is a feature cache of this project .*emotion study --features"):
        check_kind(next(iter(planted.features.values())))


def test_folders_and_pipes(tmp_path):
    with pytest.raises(EmotionError, match="is a folder, expected a feature file"):
        check_kind(tmp_path)
    (tmp_path / "index.csv").touch()
    with pytest.raises(EmotionError, match="holds an index already"):
        check_kind(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EmotionError, match="no regular file"):
        check_kind(tmp_path / "pipe")


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_pass(tmp_path, protocol):
    for content in (({},), [1], "text", 3, None, np.zeros(3), {"a": 1}, 2.5, True, b"x"):
        (tmp_path / "f.pkl").write_bytes(pickle.dumps(content, protocol=protocol))
        check_kind(tmp_path / "f.pkl")
