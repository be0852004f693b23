"""From our caches to a feature pickle in the field's 9-tuple, so that other code trains on features extracted here."""

import json
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.files import check_name, writing
from emotion.core.text import quoted
from emotion.corpus.utterance import Index, Utterance, read_index
from emotion.exchange.storing import CORPUS
from emotion.store.cache import Cache

FORMATS = ("dialoguernn",)
_FIELDS: Final = {"text": "text", "audio": "audio", "visual": "face"}


def export_features(folder: Path, *, out: Path, form: str = "dialoguernn") -> None:
    """Write the pickle of a folder with `index.csv` and `features/<modality>.h5`, and say what it holds.

    The labels of the test set are in it, since every reader of this format expects them. Training and validation
    dialogues stand together in its training list; the format has no third. A missing modality becomes the training
    mean, and is counted, since the format has no mark for it. Arrays are float32 and named as numpy 1 and 2 both read
    them.

    What `emotion import` has read is written as it was: ids and dialogues are numbers again, one-hot speakers have
    their length. Exceptions: values that were not finite stay imputed, rows that were missing are the training mean,
    the RoBERTa blocks stay what was made of them, white space and control characters in sentences stay single blanks,
    and dialogues without utterances or in none of the file's lists stay out.

    Raises:
        EmotionError: the format is unknown, there is no feature cache, or one does not belong to the index.
    """
    if form not in FORMATS:
        raise EmotionError(f"format is {quoted(form)}, expected one of {', '.join(FORMATS)}")
    check_name(out, begins=b"\x80")  # how a pickle begins
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "no such folder"
        raise EmotionError(f"{folder}: {found}, expected a folder with index.csv and features/*.h5; check the path")
    index = read_index(folder / "index.csv", test_labels=True)
    features: dict[str, dict[str, Any]] = {}
    counts = []
    for field, modality in _FIELDS.items():
        path = folder / "features" / f"{modality}.h5"
        values, missing = _vectors(path, index) if path.exists() else (None, 0)
        features[field] = {} if values is None else _by_dialogue(index.utterances, list(values))
        if values is not None:
            replaced = f", {missing} missing ones as the training mean" if missing else ""
            counts.append(f"{field} {values.shape[1]}-d{replaced}")
    if not counts:
        raise EmotionError(f"{folder / 'features'}: no audio.h5, face.h5 or text.h5 with features; extract them first")
    numbers = {name: number for number, name in enumerate(index.labels)}
    rows = index.utterances
    written = _written(folder, index)
    texts = [row.text for row in rows]
    items = (_utterances(rows, written), _speakers(rows, written), [numbers[row.label] for row in rows])
    fields = (*(_by_dialogue(rows, each) for each in items), *features.values())
    fields += (_by_dialogue(rows, texts) if any(texts) else {},)
    train = list(dict.fromkeys(row.dialogue for row in rows if row.split != "test"))
    test = list(dict.fromkeys(row.dialogue for row in rows if row.split == "test"))
    kind = int if written.get("numbered_dialogues") else str
    named = ({kind(name): items for name, items in field.items()} for field in fields)
    content = (*named, [kind(name) for name in train], [kind(name) for name in test])
    with writing(out) as partial, partial.open("wb") as file:
        _Pickler(file, protocol=2).dump(content)
    logs.info(f"{len(rows)} utterances, {len(test)} dialogues for testing; {'; '.join(counts)}")
    logs.info(f"exported {folder} to {out}, test labels included; next: give it to the code that reads this format")


def _vectors(path: Path, index: Index) -> tuple[NDArray[np.float32] | None, int]:
    """Values (n, d) in the order of the index and how many were missing; None where all are."""
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


def _written(folder: Path, index: Index) -> dict[str, Any]:
    """How an imported file wrote its ids and speakers, see `FeatureFile.written`; {} for other corpora."""
    path = folder / "import.json"
    if index.corpus != CORPUS or not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")).get("written", {}))
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise EmotionError(f"{path}: damaged, expected JSON of `emotion import`; import again") from None


def _utterances(rows: Sequence[Utterance], written: Mapping[str, Any]) -> list[str] | list[int]:
    shared = written.get("shared_utterances")
    names = [row.utterance.removeprefix(f"{row.dialogue}_") if shared else row.utterance for row in rows]
    return [int(name) for name in names] if written.get("numbered_utterances") else names


def _speakers(rows: Sequence[Utterance], written: Mapping[str, Any]) -> list[Any]:
    """As the imported file has them; else M and F as in IEMOCAP, or one-hot, numbered within the dialogue."""
    width = written.get("speakers")
    ends = [row.speaker.rpartition("_")[2] for row in rows]
    if width is not None:
        inside = [row.speaker.removeprefix(f"{row.dialogue}_") for row in rows]
        names = [end if name == row.speaker else name for row, name, end in zip(rows, inside, ends, strict=True)]
        return [[int(place == int(name)) for place in range(width)] for name in names] if width else names
    if set(ends) <= {"F", "M"}:
        return ends
    numbers: dict[str, dict[str, int]] = {}
    for row in rows:
        known = numbers.setdefault(row.dialogue, {})
        known.setdefault(row.speaker, len(known))
    width = max(len(known) for known in numbers.values())
    return [[int(place == numbers[row.dialogue][row.speaker]) for place in range(width)] for row in rows]


class _Pickler(pickle._Pickler):
    """Names numpy's function as numpy 1 did; numpy 2 reads that name too, but not the other way round."""

    def save_global(self, obj: Any, name: str | None = None) -> None:  # noqa: ANN401
        if getattr(obj, "__module__", "") == "numpy._core.multiarray":
            self.write(b"cnumpy.core.multiarray\n" + obj.__name__.encode() + b"\n")  # type: ignore[attr-defined]
            self.memoize(obj)  # type: ignore[attr-defined]
        else:
            super().save_global(obj, name)  # type: ignore[misc]
