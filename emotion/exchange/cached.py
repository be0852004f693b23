"""Utterance-level vectors of our caches, in the order of the index."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Index
from emotion.store.cache import Cache

MODALITIES = ("text", "audio", "face")
"""In the order in which other formats have them."""


@dataclass(frozen=True)
class Vectors:
    """One modality.

    Attributes:
        values: (n, d) float32; 0 where missing.
        present: (n,).
    """

    values: NDArray[np.float32]
    present: NDArray[np.bool_]

    @property
    def missing(self) -> int:
        """How many utterances lack it."""
        return int((~self.present).sum())

    def filled(self, index: Index) -> NDArray[np.float32]:
        """(n, d) with the training mean where it is missing, for formats without a mark for that."""
        values = self.values.copy()
        train = self.present & np.array([row.split == "train" for row in index.utterances])
        if train.any():
            values[~self.present] = values[train].mean(0, dtype=np.float64)
        return values


def read_cached(folder: Path, index: Index) -> dict[str, Vectors]:
    """Modality -> its vectors, of those that some utterance has.

    Raises:
        EmotionError: there is no feature cache, one does not belong to the index, or holds words or frames.
    """
    found = {}
    for modality in MODALITIES:
        path = folder / "features" / f"{modality}.h5"
        vectors = _read(path, index) if path.exists() else None
        if vectors is not None:
            found[modality] = vectors
    if not found:
        raise EmotionError(f"{folder / 'features'}: no audio.h5, face.h5 or text.h5 with features; extract them first")
    return found


def _read(path: Path, index: Index) -> Vectors | None:
    with Cache(path) as cache:
        cache.check()
        if cache.attributes.get("index") != index.digest:
            raise EmotionError(f"{path}: made for another index; extract or import again")
        cache.expect(path.stem)
        rows = np.array([cache.row(row.utterance) for row in index.utterances], dtype=np.int64)
        present, frames, first = cache.present[rows], np.diff(cache.offsets)[rows], cache.offsets[rows]
        packed = cache.values().astype(np.float32)
    if packed.ndim != 2 or (frames[present] != 1).any():
        raise EmotionError(f"{path}: holds frames, expected one vector per utterance; extract without word level")
    if not present.any():
        return None
    values = np.zeros((len(rows), packed.shape[1]), dtype=np.float32)
    values[present] = packed[first[present]]
    return Vectors(values, present)
