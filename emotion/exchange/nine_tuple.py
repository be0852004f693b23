"""The field's 9-tuple, as the code of DialogueRNN reads it: a pickle of dicts from dialogue to a list."""

import json
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Index, Utterance
from emotion.exchange.cached import Vectors
from emotion.exchange.storing import CORPUS

_FIELDS: Final = {"text": "text", "audio": "audio", "visual": "face"}


def nine_items(folder: Path, index: Index, vectors: Mapping[str, Vectors]) -> tuple[Any, ...]:
    """Ids, speakers, labels, text, audio, visual, sentences, train, test.

    What `emotion import` has read is written as it was: ids and dialogues are numbers again, one-hot speakers have
    their length. Exceptions: values that were not finite stay imputed, rows that were missing are the training mean,
    the RoBERTa blocks stay what was made of them, white space and control characters in sentences stay single blanks,
    and dialogues without utterances or in none of the file's lists stay out.
    """
    features = {
        field: _by_dialogue(index.utterances, list(vectors[modality].filled(index))) if modality in vectors else {}
        for field, modality in _FIELDS.items()
    }
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
    return (*named, [kind(name) for name in train], [kind(name) for name in test])


def dump(path: Path, content: object) -> None:
    """Pickle it, with numpy's names as numpy 1 and 2 both read them."""
    with path.open("wb") as file:
        _Pickler(file, protocol=2).dump(content)


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
