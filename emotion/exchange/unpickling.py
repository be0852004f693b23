"""Reading foreign pickles without running anything that they ask for.

A pickle may name any function and have it called. Here a name is looked up in a fixed table, and what is found there is
ours: arrays are made from their bytes, shape and type after these were checked, since numpy itself trusts a pickle (a
forged type has it follow pointers that the file chose). Anything else is refused before it is imported. Nothing of ours
is stored as a pickle.
"""

import math
import pickle
import re
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emotion.errors import EmotionError

_TYPE = re.compile(r"([<>|=]?)([biufUS]\d{1,6}|O8|O)")
_LARGEST = 1 << 34  # bytes of one array


class _Refused(Exception):
    """The pickle names something that is not in the table."""


class _Dtype:
    """What a pickle says of an array's type; older files give numbers for the two flags."""

    def __init__(self, name: str, _align: object = False, _copy: object = False) -> None:
        found = _TYPE.fullmatch(name) if isinstance(name, str) else None
        if found is None:
            raise _Refused(f"arrays of type {name!r}")
        self.order, self.name = found[1], found[2]

    def __setstate__(self, state: Any) -> None:  # noqa: ANN401
        """Of numpy's own state the byte order is all that is wanted."""
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError("an array's type is damaged")
        self.order = state[1]

    def array(self, shape: Any, raw: Any) -> NDArray[Any]:  # noqa: ANN401
        """The array, in the order of its bytes, which must be exactly as many as the shape needs."""
        if not isinstance(shape, tuple) or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise pickle.UnpicklingError("an array's shape is damaged")
        if self.name[0] == "O":
            return self._objects(shape, raw)
        dtype = np.dtype(self.order + self.name)
        raw = raw.encode("latin-1") if isinstance(raw, str) else raw
        count = math.prod(shape)
        if not isinstance(raw, bytes | bytearray) or len(raw) != count * dtype.itemsize or len(raw) > _LARGEST:
            raise pickle.UnpicklingError("an array has more or fewer values than its shape needs")
        return np.frombuffer(bytes(raw), dtype=dtype, count=count).copy() if count else np.zeros(0, dtype)

    def _objects(self, shape: tuple[int, ...], raw: Any) -> NDArray[Any]:  # noqa: ANN401
        if not isinstance(raw, list) or len(raw) != math.prod(shape):
            raise pickle.UnpicklingError("an array has more or fewer values than its shape needs")
        found = np.empty(len(raw), dtype=object)
        found[:] = raw
        return found


class _Array(np.ndarray[Any, Any]):
    """An array whose content comes after it, as pickles have it."""

    def __setstate__(self, state: Any) -> None:  # noqa: ANN401
        """Check the content and take it over."""
        _, shape, dtype, fortran, raw = state
        if not isinstance(dtype, _Dtype):
            raise pickle.UnpicklingError("an array has no type")
        values = dtype.array(shape, raw).reshape(shape, order="F" if fortran else "C")
        checked: Any = (1, values.shape, values.dtype, False, _content(values))
        super().__setstate__(checked)


def _content(values: NDArray[Any]) -> Any:  # noqa: ANN401
    return values.ravel().tolist() if values.dtype == object else values.tobytes()


def _empty(*_: object) -> _Array:
    return np.zeros(0, dtype=np.uint8).view(_Array).copy()


def _scalar(dtype: _Dtype, raw: Any) -> Any:  # noqa: ANN401
    return dtype.array((1,), raw)[0]


def _from_buffer(raw: Any, dtype: _Dtype, shape: Any, order: str = "C", *_: object) -> NDArray[Any]:  # noqa: ANN401
    """How protocol 5 stores arrays."""
    return dtype.array(shape, raw).reshape(shape, order="F" if order == "F" else "C")


def _encode(text: str, encoding: str) -> bytes:
    """How protocol 2 stores bytes: as latin-1 text that is encoded again."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"bytes in {encoding!r}")
    return text.encode("latin-1")


def _bytes() -> bytes:
    """Calls store empty bytes only; `bytes(n)` would take n bytes of memory."""
    return b""


def _str(text: str = "") -> str:
    """Text of text only; that of lists within lists has no limit."""
    if not isinstance(text, str):
        raise pickle.UnpicklingError("text is made of something else")
    return text


def _defaultdict(*_: object) -> dict[Any, Any]:
    """A plain dict: what would make its missing items is never called."""
    return {}


_PLAIN = (set, frozenset, list, dict, tuple, int, float, bool)
_MAKERS: Final[dict[tuple[str, str], Any]] = {
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): _defaultdict,
    **{(home, kind.__name__): kind for home in ("builtins", "__builtin__") for kind in _PLAIN},
    **{(home, name): make for home in ("builtins", "__builtin__") for name, make in (("bytes", _bytes), ("str", _str))},
    ("__builtin__", "unicode"): _str,
    ("__builtin__", "long"): int,
    # numpy 2 renamed numpy.core
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _empty for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
}


class _Unpickler(pickle.Unpickler):
    """Knows the names of the table and no others."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        if (module, name) == ("numpy", "ndarray"):
            return "numpy.ndarray"  # an argument of _reconstruct, never called
        if (module, name) not in _MAKERS:
            raise _Refused(f"{module}.{name}")
        return partial(_MAKERS[module, name])  # a copy: a pickle may set attributes of what it is given


def load_pickle(path: Path) -> object:
    """Read a pickle that holds numbers, text, numpy arrays and containers of these; Python 2's are read as latin-1.

    Args:
        path: the file.

    Raises:
        EmotionError: there is no such file, it is cut short or no pickle, or it asks for anything else; nothing that it
            asks for is run.
    """
    if not path.is_file():
        raise EmotionError(f"{path}: no such file; expected a feature pickle")
    try:
        with path.open("rb") as file:
            return _Unpickler(file, encoding="latin1").load()
    except _Refused as refused:
        raise EmotionError(
            f"{path}: asks for {refused}, which is not allowed, and nothing was run; expected numpy arrays, numbers "
            f"and text only; convert other objects (e.g. tensors) to numpy arrays where the file was made"
        ) from None
    except OSError:
        raise
    except MemoryError:
        raise EmotionError(f"{path}: asks for more memory than there is; copy the file again") from None
    except Exception as error:  # what a damaged pickle raises has many faces: any of them means the same
        cause = " ".join(str(error).split()) or type(error).__name__
        raise EmotionError(f"{path}: no readable pickle, damaged or cut short ({cause}); copy the file again") from None
