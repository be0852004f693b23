"""Reading foreign pickles without running anything that they ask for.

A pickle may name any function and have it called, so Python's unpickler is not used at all: `emotion.exchange.opcodes`
interprets the file, `emotion.exchange.arrays` makes arrays and containers, and what comes out is checked here: no
container holds itself, nothing nests deeply, and the content unfolds to no more bytes than a file of its size may have.
Nothing of ours is stored as a pickle.
"""

import gc
import mmap
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np

from emotion.core.errors import EmotionError, cannot
from emotion.core.text import shortened
from emotion.exchange.arrays import Array, Damaged, Dtype, Name, Odd, Refused
from emotion.exchange.kinds import check_kind, looks_like_text
from emotion.exchange.machine import Machine, TooMuch
from emotion.exchange.opcodes import HANDLERS

_DEEPEST = 24  # containers within containers; feature files have 5
_SCALARS: Final = frozenset((int, float, bool, type(None)))
_OPEN: Final = (None, None, -1)  # a container whose items are being looked at
_WRITE_AGAIN = "ask its authors for plain numpy arrays, numbers and text, each stored once"


def budget_of(size: int) -> int:
    """Bytes that the content of a pickle may take: room for Python's objects, and for vectors that utterances share."""
    return (512 << 20) + 4 * size


def load_pickle(path: Path) -> object:
    """Read a pickle that holds numbers, text, numpy arrays and containers of these; Python 2's are read as latin-1.

    Raises:
        EmotionError: there is no such file, it is another kind of file, is cut short, asks for anything else, or for
            more memory than a file of its size should; nothing that it asks for is run.
    """
    check_kind(path)
    budget = budget_of(path.stat().st_size)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Plain(budget).settle(_interpreted(data, budget))[0]
    except Refused as refused:
        raise EmotionError(
            f"{path}: asks for {shortened(str(refused))}, which is not allowed, and nothing was run; expected numpy "
            "arrays, numbers and text only; convert other objects (e.g. tensors) to numpy arrays where the file was "
            "made"
        ) from None
    except Odd as odd:
        raise EmotionError(f"{path}: holds {odd}, expected plain dicts, lists and arrays; {_WRITE_AGAIN}") from None
    except OSError as error:
        raise cannot("be read", path, error) from None
    except (TooMuch, MemoryError):
        raise EmotionError(
            f"{path}: a file of {path.stat().st_size:,} bytes asks for more than {budget >> 20:,} MiB of memory; "
            f"{_WRITE_AGAIN}"
        ) from None
    except Exception as error:  # what a damaged pickle raises has many faces: any of them means the same
        if looks_like_text(path):
            raise EmotionError(
                f"{path}: is text, expected a feature file: a pickle, .npz or .parquet; convert it where it was made"
            ) from None
        cause = shortened(str(error)) or type(error).__name__
        raise EmotionError(f"{path}: no readable pickle, damaged or cut short ({cause}); copy the file again") from None


def _interpreted(data: mmap.mmap, budget: int) -> object:
    collecting = gc.isenabled()
    gc.disable()  # it would look at all that was read, again and again
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's, on escapes in damaged text
            return Machine(data, budget=budget).run(HANDLERS)
    finally:
        if collecting:
            gc.enable()


class _Plain:
    """Puts arrays in their holders' place and adds up what the content takes where each reference is a copy."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.known: dict[int, tuple[Any, Any, int]] = {}  # id -> the item, kept alive; what takes its place; its bytes

    def settle(self, item: Any, depth: int = 0) -> tuple[Any, int]:  # noqa: ANN401
        """An item, plain, and its bytes."""
        kind = type(item)
        if kind in (str, bytes):
            return item, len(item) + 8
        if kind in _SCALARS or isinstance(item, np.generic):
            return item, 8
        if kind in (Name, Dtype):
            raise Refused("a name in the place of a value")
        known = self.known.get(id(item))
        if known is _OPEN:
            raise Odd("a container that holds itself")
        if known is None:
            if depth > _DEEPEST:
                raise Odd(f"containers nested more than {_DEEPEST} deep")
            self.known[id(item)] = _OPEN
            settled, size = self._container(item, depth + 1)
            if size > self.budget:
                raise TooMuch
            known = self.known[id(item)] = (item, settled, size)
        return known[1], known[2]

    def _container(self, item: Any, depth: int) -> tuple[Any, int]:  # noqa: ANN401
        if isinstance(item, Array):
            item = np.zeros(0, dtype=np.uint8) if item.values is None else item.values
        if isinstance(item, np.ndarray) and item.dtype != object:
            return item, item.nbytes
        if isinstance(item, set | frozenset):
            return item, 64 * len(item)  # their members are plain, see `checked_key`
        if not isinstance(item, list | tuple | dict | np.ndarray):
            raise Damaged(f"a {type(item).__name__} in the place of a value")
        if isinstance(item, dict):
            found, size = self._sequence(list(item.values()), depth)
            item.update(zip(item, found, strict=True))
            return item, size + 64 * len(item)
        found, size = self._sequence(item.ravel().tolist() if isinstance(item, np.ndarray) else item, depth)
        if isinstance(item, tuple):
            return tuple(found), size
        if isinstance(item, list):
            item[:] = found
        else:
            for place, value in enumerate(found):
                item.flat[place] = value
        return item, size

    def _sequence(self, items: Any, depth: int) -> tuple[Any, int]:  # noqa: ANN401
        if set(map(type, items)) <= _SCALARS:
            return items, 8 * len(items) + 8
        settled = [self.settle(value, depth) for value in items]
        return [value for value, _ in settled], sum(size for _, size in settled) + 8
