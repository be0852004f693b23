"""What an HDF5 file must look like before a byte of its content is read: exactly as our own writer leaves it.

HDF5 can point elsewhere (links, external storage, virtual datasets), unpack more than there is (filters, chunks, sizes
that no disk holds) and bring types of its own. A feature cache needs none of that, so none of it is accepted.
"""

import math
import os
import struct
from collections.abc import Collection
from pathlib import Path
from typing import Any

import h5py
import numpy as np

SMALL = ("offsets", "ids", "present", "reason", "notes")
_MOST_SMALL = 1 << 30  # bytes of a dataset that is read as a whole
_MOST_HOLES = 64 << 20  # bytes of a file that are read even if the disk stores none of them
_MOST_DATASETS = len(SMALL) + 3  # values, and two lists of the utterances that trained the encoder
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# signature; versions: superblock, free space, root, (reserved), shared headers; bytes of an offset and of a length;
# (reserved, B-tree sizes, flags); where HDF5 begins, free space, end of the file, driver
_SUPERBLOCK = struct.Struct("<8s8B2HI4Q")
_UNUSED = 2**64 - 1
_TEXT, _NUMBERS = "text of fixed length", "whole numbers or floats"


class Unfit(ValueError):
    """The file is not as our writer leaves it; the message says where."""


class Foreign(Unfit):
    """The file never was a feature cache."""


def check_superblock(path: Path) -> None:
    """Look at the first bytes, before HDF5 does.

    Raises:
        OSError: the file cannot be read.
        Unfit: it is not HDF5, of another kind of HDF5, or of another size than it says.
    """
    with path.open("rb") as file:
        head, about = file.read(_SUPERBLOCK.size), os.fstat(file.fileno())
    size, stored = about.st_size, 512 * about.st_blocks
    if not head:
        raise Unfit("it is empty, 0 bytes")
    if not head.startswith(_SIGNATURE):
        raise Foreign("it does not begin as an HDF5 file")
    if len(head) < _SUPERBLOCK.size:
        raise Unfit(f"it is cut short, it has {size} bytes")
    fields = _SUPERBLOCK.unpack(head)
    if fields[1] != 0:
        raise Foreign(f"it is HDF5 of another kind (superblock {fields[1]}, expected 0)")
    base, _, end, driver = fields[-4:]
    if any(fields[number] for number in (2, 3, 5)) or fields[6:8] != (8, 8) or base != 0 or driver != _UNUSED:
        raise Unfit("its first bytes are not those of a feature cache")
    if end != size:
        raise Unfit(f"it has {size} bytes, its header says {end}")
    if size > _MOST_HOLES and 0 < stored < size / 64:  # some file systems do not say how much is stored
        raise Unfit(f"it is nearly all holes, {stored} of {size} bytes are stored")


def check_structure(path: Path, file: h5py.File, *, optional: Collection[str]) -> None:
    """Raise Unfit unless the open file holds our datasets, each plain, alone and within the file, and nothing else.

    Those that are `optional` may be missing.
    """
    size = path.stat().st_size
    names = _names(file)
    wanted = {"values", *SMALL}
    if missing := sorted(wanted - names):
        raise Unfit(f"it has no {' and no '.join(missing)}")
    if strange := names - wanted - set(optional):
        raise Unfit(f"it holds {len(strange)} things that no feature cache has")
    for name in sorted(names):
        _check_dataset(name, file, size)


def _names(file: h5py.File) -> set[str]:
    count = file.id.get_num_objs()
    if count > _MOST_DATASETS:
        raise Unfit(f"it holds {count} things, expected at most {_MOST_DATASETS}")
    names = [file.id.get_objname_by_idx(number) for number in range(count)]
    for name in names:
        if file.id.links.get_info(name).type != h5py.h5l.TYPE_HARD:
            raise Unfit("it holds a link to another place or file")
    return {name.decode() for name in names}


def _check_dataset(name: str, file: h5py.File, size: int) -> None:
    about = h5py.h5o.get_info(file.id, name.encode())
    if about.type != h5py.h5o.TYPE_DATASET or about.rc != 1:
        raise Unfit(f"its {name} are no dataset of their own")
    data = h5py.h5d.open(file.id, name.encode())
    if h5py.h5a.get_num_attrs(data):
        raise Unfit(f"its {name} have attributes, expected none")
    how = data.get_create_plist()
    if how.get_layout() != h5py.h5d.CONTIGUOUS or how.get_nfilters() or how.get_external_count():
        raise Unfit(f"its {name} are in chunks, packed, virtual or in another file, expected one plain block")
    _check_type(name, data.get_type())
    space = data.get_space()
    shape = space.get_simple_extent_dims() if space.is_simple() else ()
    ranks = {"values": range(1, 33), "trained_on": (2,), "chosen_on": (2,)}.get(name, (1,))
    if len(shape) not in ranks or space.get_simple_extent_dims(True) != shape or 0 in shape[1:]:
        raise Unfit(f"its {name} have {len(shape)} dimensions of other sizes than expected")
    _check_place(name, data, shape, size)


def _check_place(name: str, data: Any, shape: tuple[int, ...], size: int) -> None:  # noqa: ANN401 - a DatasetID
    need = data.get_type().get_size() * math.prod(shape)
    start = data.get_offset()
    if need != data.get_storage_size() or (need and (start is None or start + need > size)):
        raise Unfit(f"its {name} would have {need} bytes, more than are there")
    if name != "values" and need > _MOST_SMALL:
        raise Unfit(f"its {name} have {need} bytes, expected at most {_MOST_SMALL}")


def _check_type(name: str, kind: Any) -> None:  # noqa: ANN401 - a TypeID
    if kind.committed():
        raise Unfit(f"the type of its {name} lies elsewhere")
    if name == "values":
        fits = kind.get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT) and kind.get_size() <= 8
        fits = fits and h5py.h5t.py_create(kind.dtype) == kind
        expected = _NUMBERS
    elif name in ("ids", "reason", "notes"):
        fits, expected = _is_text(kind), _TEXT
    else:
        wanted = {"offsets": np.dtype("<i8"), "present": np.dtype(bool)}.get(name, np.dtype("u1"))
        fits, expected = h5py.h5t.py_create(wanted, logical=True) == kind, str(wanted)
    if not fits:
        raise Unfit(f"its {name} are not {expected}")


def _is_text(kind: Any) -> bool:  # noqa: ANN401
    fixed = kind.get_class() == h5py.h5t.STRING and not kind.is_variable_str()
    return bool(fixed and kind.get_cset() == h5py.h5t.CSET_UTF8 and kind.get_strpad() == h5py.h5t.STR_NULLPAD)
