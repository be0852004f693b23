"""What a pickle may ask for by name, made by us: plain containers, and arrays from their bytes, shape and type.

numpy itself trusts a pickle: a forged type has it follow pointers that the file chose. Here the type is one of a few,
and the bytes must be exactly as many as type and shape need.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emotion.core.text import quoted

_TYPE = re.compile(r"([<>|=]?)([biufUS]\d{1,6}|O8|O)")
_LARGEST = 1 << 34  # bytes of one array
_KEY_ITEMS = 4  # of a tuple that is a key


class Damaged(Exception):
    """The pickle contradicts itself, or ends early."""


class Refused(Exception):
    """The pickle asks for what is not allowed."""


class Odd(Exception):
    """The pickle holds what no feature file holds, and what could take time or memory without end."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name that a pickle may mention; it can be neither called nor changed by the pickle."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Dtype:
    """What a pickle says of an array's type; older files give numbers for the two flags."""

    __slots__ = ("name", "order")

    def __init__(self, name: object, _align: object = False, _copy: object = False) -> None:
        found = _TYPE.fullmatch(name) if isinstance(name, str) else None
        if found is None:
            raise Refused(f"arrays of type {quoted(name)}")
        self.order, self.name = found[1], found[2]

    def build(self, state: object) -> None:
        """Of numpy's own state the byte order is all that is wanted."""
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">", "|", "="):
            raise Damaged("an array's type is damaged")
        self.order = state[1]

    def array(self, shape: object, raw: object) -> NDArray[Any]:
        """The array in one dimension, from its bytes, which must be exactly as many as the shape needs."""
        if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
            raise Damaged("an array's shape is damaged")
        count = math.prod(shape)
        if self.name[0] == "O":
            if type(raw) is not list or len(raw) != count:
                raise Damaged("an array has more or fewer values than its shape needs")
            found = np.empty(count, dtype=object)
            for place, item in enumerate(raw):
                found[place] = item
            return found
        dtype = np.dtype(self.order + self.name)
        raw = raw.encode("latin-1") if isinstance(raw, str) else raw
        if not isinstance(raw, bytes | bytearray) or len(raw) != count * dtype.itemsize or len(raw) > _LARGEST:
            raise Damaged("an array has more or fewer values than its shape needs")
        return np.frombuffer(raw, dtype=dtype, count=count).copy() if count else np.zeros(0, dtype)


class Array:
    """An array whose content comes after it, as pickles have it; `values` is the array."""

    __slots__ = ("values",)

    def __init__(self, kind: object = None, *_: object) -> None:
        if kind != Name("numpy", "ndarray"):
            raise Refused(f"arrays of {kind if isinstance(kind, Name) else 'a class without a name'}")
        self.values: NDArray[Any] | None = None

    def build(self, state: object) -> None:
        """Check the content and take it over, once."""
        if (
            not isinstance(state, tuple)
            or len(state) != 5
            or not isinstance(state[2], Dtype)
            or self.values is not None
        ):
            raise Damaged("an array's content is damaged")
        _, shape, dtype, fortran, raw = state
        self.values = dtype.array(shape, raw).reshape(shape, order="F" if fortran else "C")


def checked_key(key: object) -> object:
    """A dict's key or a set's member, where it is text, a number or a short tuple of these.

    Raises:
        Odd: it is a container, or something else.
    """
    kind = type(key)
    if kind in (str, int, float, bool, bytes, type(None)) or isinstance(key, np.generic):
        return key
    if isinstance(key, tuple) and len(key) <= _KEY_ITEMS and all(type(item) in (str, int, float, bool) for item in key):
        return key
    raise Odd(f"a key that is a {kind.__name__.lower()}")


def _scalar(dtype: object, raw: object) -> Any:  # noqa: ANN401
    if not isinstance(dtype, Dtype) or dtype.name[0] == "O":
        raise Damaged("a number has no type")
    return dtype.array((1,), raw)[0]


def _from_buffer(raw: object, dtype: object, shape: object, order: object = "C", *_: object) -> NDArray[Any]:
    """How protocol 5 stores arrays."""
    if not isinstance(dtype, Dtype) or dtype.name[0] == "O":
        raise Damaged("an array has no type")
    values = dtype.array(shape, raw)
    return values.reshape(shape, order="F" if order == "F" else "C")  # type: ignore[call-overload,no-any-return]


def _encode(text: object, encoding: object = "latin1") -> bytes:
    """How protocol 2 stores bytes: as latin-1 text that is encoded again."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Damaged("bytes in an unknown encoding")
    return text.encode("latin-1")


def _items(items: object) -> Iterable[Any]:
    if type(items) in (list, tuple):
        return items  # type: ignore[return-value]
    raise Damaged("a container is made of something that is none")


def _dict(pairs: object = ()) -> dict[Any, Any]:
    found = {}
    for pair in _items(pairs):
        if type(pair) not in (list, tuple) or len(pair) != 2:
            raise Damaged("a dict is made of something else than pairs")
        found[checked_key(pair[0])] = pair[1]
    return found


def _str(text: object = "") -> str:
    """Text of text only; that of lists within lists has no limit."""
    if not isinstance(text, str):
        raise Damaged("text is made of something else")
    return text


def _number(kind: type[int] | type[float]) -> Callable[..., float]:
    def make(value: object = 0) -> float:
        if not isinstance(value, int | float):
            raise Damaged("a number is made of something else")
        return kind(value)

    return make


_PLAIN: Final[dict[str, Callable[..., object]]] = {
    "set": lambda items=(): set(map(checked_key, _items(items))),
    "frozenset": lambda items=(): frozenset(map(checked_key, _items(items))),
    "list": lambda items=(): list(_items(items)),
    "tuple": lambda items=(): tuple(_items(items)),
    "dict": _dict,
    "bytes": lambda: b"",  # calls store empty bytes only; `bytes(n)` would take n bytes of memory
    "str": _str,
    **{kind.__name__: _number(kind) for kind in (int, float, bool)},
}
MAKERS: Final[dict[tuple[str, str], Any]] = {
    ("numpy", "dtype"): Dtype,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): _dict,
    ("collections", "defaultdict"): lambda *_: {},  # what would make its missing items is never called
    **{(home, name): make for home in ("builtins", "__builtin__") for name, make in _PLAIN.items()},
    ("__builtin__", "unicode"): _str,
    ("__builtin__", "long"): _number(int),
    # numpy 2 renamed numpy.core
    **{(f"numpy.{core}.multiarray", "_reconstruct"): Array for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
}
"""What makes the value of a name; `numpy.ndarray` is mentioned, never made."""
