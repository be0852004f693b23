"""The HDF5 layout of a feature cache: written in one go, checked in bounded memory.

    values      (sum of t, *shape)  every utterance's frames, one after the other; a missing utterance has none
    offsets     (n + 1,) int64      utterance i is values[offsets[i] : offsets[i + 1]]
    ids         (n,) text           utterances in the order of the index
    present     (n,) bool           False = this modality is missing for the utterance
    reason      (n,) text           why it is missing, '' otherwise
    notes       (n,) text           JSON about the utterance, e.g. the quality of its face track; '' = none
    trained_on  (m, 16) uint8       which utterances trained the encoder, see `emotion.store.trained`; may be missing
    chosen_on   (k, 16) uint8       by which utterances its epoch was chosen; may be missing

Attributes hold the provenance, and a checksum over all datasets and all other attributes. Datasets are contiguous and
uncompressed (measured: 1.9 GB/s, against 0.4 GB/s for one group per utterance), text is of fixed length, nothing holds
a time: the same content gives the same bytes.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from emotion.store import disk, trained
from emotion.store.attributes import Value
from emotion.store.structure import Unfit

SCHEMA = 2
CHECKSUM = "checksum"
DATASETS = ("values", "offsets", "ids", "present", "reason", "notes", *trained.LISTS)  # the order of the checksum
_BLOCK = 32 << 20  # bytes read or written at once


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
    training: trained.Training | None,
) -> None:
    """Write a whole cache, of utterances one after the other.

    Args:
        path: the file.
        payloads: the values' bytes.
        lengths: frames, 0 where it is missing.
        shape: of one frame.
        dtype: of the values.
        ids: of the utterances.
        reasons: '' where present.
        notes: JSON texts.
        attributes: text and numbers.
        training: which utterances the encoder knows.

    Raises:
        OSError: the disk is full, or fails.
        KeyboardInterrupt: Ctrl-C, once HDF5 has let go of the file.
    """
    offsets = np.cumsum([0, *lengths], dtype=np.int64)
    small = {
        "offsets": offsets,
        "ids": _text(ids),
        "present": np.array(lengths, dtype=np.int64) > 0,
        "reason": _text(reasons),
        "notes": _text(notes),
    }
    if training:
        small |= {name: trained.packed(getattr(training, name)) for name in trained.LISTS}
    about: dict[str, Value] = {
        name: value if isinstance(value, str | float) else int(value) for name, value in attributes.items()
    }
    about |= {"schema": SCHEMA, trained.NAME: trained.state(training)}
    with disk.writing(path) as raw, h5py.File(raw, "w", libver=("earliest", "latest")) as file:
        target = file.create_dataset("values", (int(offsets[-1]), *shape), dtype=dtype, track_times=False)
        start = 0
        for block in _blocks(payloads):
            rows = np.frombuffer(block, dtype=dtype).reshape(-1, *shape)
            target[start : start + len(rows)] = rows
            start += len(rows)
            raw.check()  # the rest may be long
        for name, data in small.items():
            file.create_dataset(name, data=data, track_times=False)
        for name, value in sorted(about.items()):
            file.attrs[name] = value
        file.attrs[CHECKSUM] = _checksum(file, about)


def check_lengths(file: h5py.File, attributes: Mapping[str, Value]) -> None:
    """Raise Unfit where the datasets disagree about how many utterances or rows there are."""
    n = len(file["ids"])
    if any(len(file[name]) != n + (name == "offsets") for name in ("offsets", "present", "reason", "notes")):
        raise Unfit(f"its datasets disagree about the number of utterances ({n} ids)")
    offsets = file["offsets"][()]
    if offsets[0] != 0 or (offsets[1:] < offsets[:-1]).any() or offsets[-1] != len(file["values"]):
        raise Unfit(f"its offsets do not fit its {len(file['values'])} rows of values")
    listed = attributes.get(trained.NAME) == trained.LISTED
    if any(listed != (name in file) for name in trained.LISTS):
        raise Unfit("it says and lists different things about the utterances that trained its encoder")


def check_content(file: h5py.File, attributes: Mapping[str, Value]) -> None:
    """Raise Unfit where presence, checksum or finiteness are wrong."""
    present, missing = np.diff(file["offsets"][()]) > 0, file["reason"][()] != b""
    if (present != file["present"][()]).any() or (present == missing).any():
        raise Unfit("lengths, presence and reasons disagree")
    if _checksum(file, attributes) != attributes.get(CHECKSUM):
        raise Unfit("its content differs from its checksum (datasets and attributes are covered)")
    values = file["values"]
    if values.dtype.kind == "f" and not all(np.isfinite(rows).all() for rows in _rows(values)):
        raise Unfit("it holds values that are not finite")


def strings(name: str, dataset: h5py.Dataset) -> list[str]:
    """A text dataset as Python strings; Unfit where it is not UTF-8."""
    try:
        return [data.decode() for data in dataset[()].tolist()]
    except UnicodeDecodeError:
        raise Unfit(f"its {name} are not UTF-8") from None


def _text(texts: Sequence[str]) -> NDArray[Any]:
    data = [text.encode(errors="backslashreplace") for text in texts]  # names of files need not be UTF-8
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


def _checksum(file: h5py.File, attributes: Mapping[str, Value]) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(attributes.items()):
        if name != CHECKSUM:
            digest.update(json.dumps([name, type(value).__name__, value]).encode() + b"\n")
    for name in DATASETS:
        if name in file:
            data = file[name]
            digest.update(f"{name} {data.shape} {data.dtype}\n".encode())
            for rows in _rows(data):
                digest.update(rows.tobytes())
    return digest.hexdigest()
