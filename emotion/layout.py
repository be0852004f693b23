"""The HDF5 layout of a feature cache: written in one go, checked in bounded memory.

    values   (sum of t, *shape)  every utterance's frames, one after the other; a missing utterance has none
    offsets  (n + 1,) int64      utterance i is values[offsets[i] : offsets[i + 1]]
    ids      (n,) text           utterances in the order of the index
    present  (n,) bool           False = this modality is missing for the utterance
    reason   (n,) text           why it is missing, '' otherwise
    notes    (n,) text           JSON about the utterance, e.g. the quality of its face track; '' = none

Attributes hold the provenance and a checksum of all datasets. Datasets are contiguous and uncompressed (measured:
1.9 GB/s, against 0.4 GB/s for one group per utterance), text is of fixed length, nothing holds a time: the same content
gives the same bytes.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from emotion.errors import EmotionError

SCHEMA = 1
DATASETS = ("values", "offsets", "ids", "present", "reason", "notes")  # the order of the checksum
_BLOCK = 32 << 20  # bytes read or written at once
_HEAD = 64 << 10  # bytes, more than HDF5's own structures and our attributes take


def write(
    path: Path,
    payloads: Iterable[bytes],
    *,
    lengths: Sequence[int],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    ids: Sequence[str],
    reasons: Sequence[str],
    notes: Sequence[str],
    attributes: Mapping[str, Any],
) -> None:
    """Write a whole cache.

    Args:
        path: the file.
        payloads: the values' bytes, one utterance after the other.
        lengths: frames of each utterance, 0 where it is missing.
        shape: shape of one frame.
        dtype: of the values.
        ids: of the utterances.
        reasons: '' where present.
        notes: JSON texts.
        attributes: provenance.

    Raises:
        OSError: or RuntimeError: h5py could not write.
    """
    offsets = np.cumsum([0, *lengths], dtype=np.int64)
    small = {
        "offsets": offsets,
        "ids": _text(ids),
        "present": np.array(lengths, dtype=np.int64) > 0,
        "reason": _text(reasons),
        "notes": _text(notes),
    }
    size = int(offsets[-1]) * dtype.itemsize * int(np.prod(shape))
    _check_space(path, size + sum(data.nbytes for data in small.values()) + _HEAD)
    with h5py.File(path, "w") as file:
        target = file.create_dataset("values", (int(offsets[-1]), *shape), dtype=dtype, track_times=False)
        start = 0
        for block in _blocks(payloads):
            rows = np.frombuffer(block, dtype=dtype).reshape(-1, *shape)
            target[start : start + len(rows)] = rows
            start += len(rows)
        for name, data in small.items():
            file.create_dataset(name, data=data, track_times=False)
        for name, value in sorted({"schema": SCHEMA, **attributes}.items()):
            file.attrs[name] = value
        file.attrs["checksum"] = _checksum(file)


def _check_space(path: Path, size: int) -> None:
    """Raise OSError where so many bytes do not fit: HDF5 crashes when a disk is full while it closes a file."""
    if hasattr(os, "posix_fallocate"):
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)


def check_head(path: Path, file: h5py.File) -> None:
    """Raise EmotionError where the file is of another kind or version, or its datasets disagree about their lengths."""
    missing = [name for name in DATASETS if name not in file]
    if missing or file.attrs.get("schema") != SCHEMA:
        raise broken(path, f"it has no {' and no '.join(missing) or f'schema {SCHEMA}'}")
    n = len(file["ids"])
    if any(len(file[name]) != n + (name == "offsets") for name in DATASETS[1:]):
        raise broken(path, f"its datasets disagree about the number of utterances ({n} ids)")


def check_content(path: Path, file: h5py.File) -> None:
    """Raise EmotionError where offsets, presence, checksum or finiteness are wrong."""
    offsets, values = file["offsets"][()], file["values"]
    lengths = np.diff(offsets)
    if offsets[0] != 0 or (lengths < 0).any() or offsets[-1] != len(values):
        raise broken(path, f"its offsets do not fit its {len(values)} rows of values")
    present, missing = lengths > 0, file["reason"][()] != b""
    if (present != file["present"][()]).any() or (present == missing).any():
        raise broken(path, "lengths, presence and reasons disagree")
    if _checksum(file) != file.attrs.get("checksum"):
        raise broken(path, "its content differs from its checksum")
    if values.dtype.kind == "f" and not all(np.isfinite(rows).all() for rows in _rows(values)):
        raise broken(path, "it holds values that are not finite")


def broken(path: Path, what: str) -> EmotionError:
    """The error for a file that cannot be used."""
    return EmotionError(f"{path}: not a usable cache: {what}; delete it and run the stage that makes it again")


def strings(dataset: h5py.Dataset) -> list[str]:
    """A text dataset as Python strings."""
    return [data.decode() for data in dataset[()]]


def _text(texts: Sequence[str]) -> NDArray[Any]:
    data = [text.encode() for text in texts]
    return np.array(data, dtype=h5py.string_dtype("utf-8", max([1, *map(len, data)])))


def _blocks(payloads: Iterable[bytes]) -> Iterator[bytes]:
    """Join small payloads so that they are written in few calls."""
    block = bytearray()
    for payload in payloads:
        block += payload
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _rows(dataset: h5py.Dataset) -> Iterator[NDArray[Any]]:
    """The rows of a dataset in blocks of bounded size."""
    size = dataset.dtype.itemsize * int(np.prod(dataset.shape[1:]))
    step = max(1, _BLOCK // size)
    for start in range(0, len(dataset), step):
        yield dataset[start : start + step]


def _checksum(file: h5py.File) -> str:
    digest = hashlib.sha256()
    for name in DATASETS:
        data = file[name]
        digest.update(f"{name} {data.shape} {data.dtype}\n".encode())
        for rows in _rows(data):
            digest.update(rows.tobytes())
    return digest.hexdigest()
