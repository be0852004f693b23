"""The feature cache: values of every utterance, read in any order, and verified. `emotion.store.writer` makes it."""

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.core.text import quoted, shortened
from emotion.store import layout, structure, trained
from emotion.store.opening import maker, open_file, reading


class Cache:
    """Reads a cache; values stay in the file until they are asked for.

    Attributes:
        path: of the file.
        ids: utterances, in the order of the index.
        present: (n,) bool.
        reason: why the modality is missing, '' where it is present.
        notes: what the extraction noted about each utterance.
        offsets: (n + 1,) int64.
        shape: of one row of an item's values.
        dtype: of the values.
        attributes: provenance.
        training: which utterances trained the encoder, and by which its epoch was chosen; None where nobody knows.

    Raises:
        EmotionError: there is no such file, it cannot be read, or it is not a cache.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file, about = open_file(path)
        self.attributes: dict[str, Any] = dict(about)
        try:
            with reading(path):
                self._open()
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> None:
        self._values = self._file["values"]
        self.shape: tuple[int, ...] = self._values.shape[1:]
        self.dtype: np.dtype[Any] = self._values.dtype
        self.offsets: NDArray[np.int64] = self._file["offsets"][()]
        self.present: NDArray[np.bool_] = self._file["present"][()]
        self.ids, self.reason, notes = (layout.strings(name, self._file[name]) for name in ("ids", "reason", "notes"))
        self.notes: list[dict[str, Any]] = [_note(text) for text in notes]
        self.training = self._training()
        self._rows = {utterance: row for row, utterance in enumerate(self.ids)}
        if len(self._rows) != len(self.ids):
            raise structure.Unfit(f"its {len(self.ids)} ids are only {len(self._rows)} different ones")

    def _training(self) -> trained.Training | None:
        state = self.attributes.get(trained.NAME)
        if state == trained.LISTED:
            trained_on, chosen_on = (trained.unpacked(self._file[name][()]) for name in trained.LISTS)
            return trained.Training(trained_on, chosen_on)
        return trained.Training() if state == trained.NOTHING else None

    @property
    def several(self) -> bool:
        """Whether an utterance has several rows, as words and frames are."""
        return bool((np.diff(self.offsets) > 1).any())

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int) -> NDArray[Any]:
        """Values of item i, `(t, *shape)`; t = 0 where it is missing."""
        with reading(self.path):
            result: NDArray[Any] = self._values[self.offsets[i] : self.offsets[i + 1]]
        return result

    def row(self, utterance: str) -> int:
        """Position of an utterance; EmotionError where the cache does not hold it."""
        if utterance not in self._rows:
            raise EmotionError(
                f"{self.path}: utterance {shortened(utterance)} is not in it ({len(self)} others are); check its "
                f"id, or extract again: {maker(self.path)}"
            )
        return self._rows[utterance]

    def values(self) -> NDArray[Any]:
        """All values in one read, `(sum of t, *shape)`."""
        with reading(self.path):
            result: NDArray[Any] = self._values[()]
        return result

    def check(self) -> None:
        """Read everything once; raises EmotionError where structure, finiteness or the checksum are wrong."""
        with reading(self.path):
            layout.check_content(self._file, self.attributes)

    def expect(self, modality: str) -> None:
        """Raise EmotionError where the file holds another modality: it was copied or renamed."""
        found = self.attributes.get("modality")
        if found != modality:
            raise EmotionError(
                f"{self.path}: holds modality {quoted(found)}, expected {modality}; extract or import again"
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _note(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise structure.Unfit(f"its notes hold {quoted(text, most=40)}, expected a JSON object")
    return found


def verify(path: Path) -> None:
    """Check structure, counts, finiteness and checksum of a cache; EmotionError where something is wrong."""
    with Cache(path) as cache:
        cache.check()
