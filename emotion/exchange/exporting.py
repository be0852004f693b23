"""From our caches to a feature pickle in the field's 9-tuple, so that other code trains on features extracted here."""

import io
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emotion.cache import Cache
from emotion.corpus.utterance import Index, Utterance, read_index
from emotion.errors import EmotionError
from emotion.files import writing

FORMATS = ("dialoguernn",)
_FIELDS: Final = {"text": "text", "audio": "audio", "visual": "face"}


def export_features(folder: Path, *, out: Path, form: str = "dialoguernn") -> None:
    """Write the pickle and say what it holds.

    The labels of the test set are in it, since every reader of this format expects them. Training and validation
    dialogues stand together in its training list; the format has no third. A missing modality becomes the training
    mean, and is counted, since the format has no mark for it.

    Args:
        folder: holds `index.csv` and `features/<modality>.h5`.
        out: the pickle to write; arrays are float32 and named as numpy 1 and 2 both read them.
        form: `dialoguernn` = the 9-tuple of `emotion.exchange.feature_file`.

    Raises:
        EmotionError: the format is unknown, there is no feature cache, or one does not belong to the index.
    """
    if form not in FORMATS:
        raise EmotionError(f"format is {form!r}, expected one of {', '.join(FORMATS)}")
    index = read_index(folder / "index.csv", test_labels=True)
    features: dict[str, dict[str, Any]] = {}
    counts = []
    for field, modality in _FIELDS.items():
        path = folder / "features" / f"{modality}.h5"
        values, missing = _vectors(path, index) if path.is_file() else (None, 0)
        features[field] = {} if values is None else _by_dialogue(index.utterances, list(values))
        if values is not None:
            replaced = f", {missing} missing ones as the training mean" if missing else ""
            counts.append(f"{field} {values.shape[1]}-d{replaced}")
    if not counts:
        raise EmotionError(f"{folder / 'features'}: no audio.h5, face.h5 or text.h5 with features; extract them first")
    numbers = {name: number for number, name in enumerate(index.labels)}
    rows = index.utterances
    test = list(dict.fromkeys(row.dialogue for row in rows if row.split == "test"))
    content = (
        _by_dialogue(rows, [row.utterance for row in rows]),
        _by_dialogue(rows, _speakers(rows)),
        _by_dialogue(rows, [numbers[row.label] for row in rows]),
        *features.values(),
        _by_dialogue(rows, [row.text for row in rows]) if any(row.text for row in rows) else {},
        list(dict.fromkeys(row.dialogue for row in rows if row.split != "test")),
        test,
    )
    with writing(out) as partial:
        partial.write_bytes(_pickled(content))
    sys.stderr.write(f"{len(rows)} utterances, {len(test)} dialogues for testing; {'; '.join(counts)}\n")


def _vectors(path: Path, index: Index) -> tuple[NDArray[np.float32] | None, int]:
    """Values (n, d) in the order of the index and how many were missing; None where all are."""
    with Cache(path) as cache:
        cache.check()
        if cache.attributes.get("index") != index.digest:
            raise EmotionError(f"{path}: made for another index; extract or import again")
        rows = np.array([cache.row(row.utterance) for row in index.utterances], dtype=np.int64)
        present, frames, first = cache.present[rows], np.diff(cache.offsets)[rows], cache.offsets[rows]
        packed = cache.values().astype(np.float32)
    if packed.ndim != 2 or (frames[present] != 1).any():
        raise EmotionError(f"{path}: holds frames, expected one vector per utterance; extract without word level")
    if not present.any():
        return None, len(rows)
    values = np.zeros((len(rows), packed.shape[1]), dtype=np.float32)
    values[present] = packed[first[present]]
    train = present & np.array([row.split == "train" for row in index.utterances])
    if train.any():
        values[~present] = values[train].mean(0, dtype=np.float64)
    return values, int((~present).sum())


def _by_dialogue(rows: Sequence[Utterance], items: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row, item in zip(rows, items, strict=True):
        found.setdefault(row.dialogue, []).append(item)
    return found


def _speakers(rows: Sequence[Utterance]) -> list[Any]:
    """M and F where all speakers are named so, as in IEMOCAP; otherwise one-hot, numbered within the dialogue."""
    ends = [row.speaker.rpartition("_")[2] for row in rows]
    if set(ends) <= {"F", "M"}:
        return ends
    numbers: dict[str, dict[str, int]] = {}
    for row, end in zip(rows, ends, strict=True):
        known = numbers.setdefault(row.dialogue, {})
        imported = row.speaker == f"{row.dialogue}_{end}" and end.isdecimal() and len(end) < 4
        known.setdefault(row.speaker, int(end) if imported else len(known))
    width = 1 + max(number for known in numbers.values() for number in known.values())
    return [[int(place == numbers[row.dialogue][row.speaker]) for place in range(width)] for row in rows]


class _Pickler(pickle._Pickler):
    """Names numpy's function as numpy 1 did; numpy 2 reads that name too, but not the other way round."""

    def save_global(self, obj: Any, name: str | None = None) -> None:  # noqa: ANN401
        if getattr(obj, "__module__", "") == "numpy._core.multiarray":
            self.write(b"cnumpy.core.multiarray\n" + obj.__name__.encode() + b"\n")  # type: ignore[attr-defined]
            self.memoize(obj)  # type: ignore[attr-defined]
        else:
            super().save_global(obj, name)  # type: ignore[misc]


def _pickled(content: object) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=2).dump(content)
    return buffer.getvalue()
