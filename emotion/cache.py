"""The feature cache: values of every utterance, read in any order, and verified. `emotion.writer` makes it."""

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from emotion import layout
from emotion.errors import EmotionError

# What h5py, numpy and json raise on damaged content, e.g. where a group stands in a dataset's place.
_DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError)


class Cache:
    """Reads a cache; values stay in the file until they are asked for.

    Args:
        path: the file.

    Attributes:
        ids: utterances, in the order of the index.
        present: (n,) bool.
        reason: why the modality is missing, '' where it is present.
        notes: what the extraction noted about each utterance.
        offsets: (n + 1,) int64.
        shape: of one row of an item's values.
        dtype: of the values.
        attributes: provenance.

    Raises:
        EmotionError: there is no such file, or it is not a cache.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise EmotionError(f"{path}: no such file; run the stage that makes it (`dvc repro`)")
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise layout.broken(path, f"it is not a readable HDF5 file ({' '.join(str(error).split())})") from None
        try:
            self._open()
        except EmotionError:
            self._file.close()
            raise
        except _DAMAGE as error:
            self._file.close()
            raise layout.broken(path, str(error)) from None

    def _open(self) -> None:
        layout.check_head(self.path, self._file)
        self._values = self._file["values"]
        self.shape: tuple[int, ...] = self._values.shape[1:]
        self.dtype: np.dtype[Any] = self._values.dtype
        self.offsets: NDArray[np.int64] = self._file["offsets"][()]
        self.present: NDArray[np.bool_] = self._file["present"][()]
        self.ids: list[str] = layout.strings(self._file["ids"])
        self.reason: list[str] = layout.strings(self._file["reason"])
        self.notes: list[dict[str, Any]] = [json.loads(text or "{}") for text in layout.strings(self._file["notes"])]
        self.attributes: dict[str, Any] = dict(self._file.attrs)
        self._rows = {utterance: row for row, utterance in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int) -> NDArray[Any]:
        """Values of item i, `(t, *shape)`; t = 0 where it is missing."""
        result: NDArray[Any] = self._values[self.offsets[i] : self.offsets[i + 1]]
        return result

    def row(self, utterance: str) -> int:
        """Position of an utterance.

        Raises:
            EmotionError: the cache does not hold it.
        """
        if utterance not in self._rows:
            raise EmotionError(
                f"{self.path}: utterance {utterance} is not in it ({len(self)} others are); extract again"
            )
        return self._rows[utterance]

    def values(self) -> NDArray[Any]:
        """All values in one read, `(sum of t, *shape)`."""
        result: NDArray[Any] = self._values[()]
        return result

    def check(self) -> None:
        """Read everything once; raises EmotionError where structure, finiteness or the checksum are wrong."""
        try:
            layout.check_content(self.path, self._file)
        except EmotionError:
            raise
        except _DAMAGE as error:
            raise layout.broken(self.path, str(error)) from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def verify(path: Path) -> None:
    """Check structure, counts, finiteness and checksum of a cache.

    Raises:
        EmotionError: names the file, what is wrong and how to mend it.
    """
    with Cache(path) as cache:
        cache.check()
