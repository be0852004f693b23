"""The field's feature pickles, checked field by field.

A tuple of dicts, each from dialogue to a list with one item per utterance, and the ids of the dialogues for training
and for testing. Two layouts are in use (numbers are places in the tuple):

    DialogueRNN, MMGCN   0 ids  1 speakers  2 labels  3 text         4 audio  5 visual  6 sentences  7 train  8 test
    with RoBERTa         0 ids  1 speakers  2 labels  3-6 text x 4   7 audio  8 visual  9 sentences  10 train  11 test

A modality that the file does not have is an empty dict, and so are the sentences. The four RoBERTa blocks are hidden
states of one encoder; which of them is used is the reader's choice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emotion.errors import EmotionError
from emotion.exchange.unpickling import load_pickle

TEXT_BLOCKS = ("mean", "1", "2", "3", "4", "concat")
_LAYOUTS: Final[dict[int, tuple[str, ...]]] = {
    9: ("ids", "speakers", "labels", "text", "audio", "visual", "sentences", "train", "test"),
    12: (
        *("ids", "speakers", "labels", "text 1", "text 2", "text 3", "text 4"),
        *("audio", "visual", "sentences", "train", "test"),
    ),
}
_MODALITIES = {"text": "text", "audio": "audio", "visual": "face"}
_LISTS = ("train", "test")


@dataclass(frozen=True)
class Dialogue:
    """One dialogue of the file; the lists have one item per utterance.

    Attributes:
        name: its id.
        utterances: ids as they stand in the file.
        speakers: `M`, `F` or another name; a number, counted from 0, where the file has one-hot vectors.
        labels: class numbers.
        sentences: what is said, '' where the file does not have it.
        test: whether the file has it for testing.
    """

    name: str
    utterances: list[str]
    speakers: list[str]
    labels: list[int]
    sentences: list[str]
    test: bool


@dataclass(frozen=True)
class FeatureFile:
    """A feature pickle.

    Attributes:
        dialogues: those for training and testing, in the order of the file.
        features: modality (audio, face, text) -> (n, d) float64 in the order of the dialogues; may hold NaN.
        unused: dialogues that are neither for training nor for testing.
    """

    dialogues: list[Dialogue]
    features: dict[str, NDArray[np.float64]]
    unused: int


def read_feature_file(path: Path, *, text_block: str) -> FeatureFile:
    """Read a pickle of either layout.

    Args:
        path: the file.
        text_block: of the four RoBERTa blocks `mean`, one of `1` .. `4`, or `concat`; no effect on other files.

    Raises:
        EmotionError: it is no such file; names the file, the field, the dialogue, what was found and what was expected.
    """
    if text_block not in TEXT_BLOCKS:
        raise EmotionError(f"text block is {text_block!r}, expected one of {', '.join(TEXT_BLOCKS)}")
    fields = _fields(path, load_pickle(path))
    train, test = (_names(path, fields[name], name) for name in _LISTS)
    both = [name for name in train if name in set(test)]
    if both:
        raise EmotionError(f"{path}: dialogue {both[0]} is for training and for testing; mend the file's lists")
    if not train:
        raise EmotionError(f"{path}: no dialogue is for training; expected some in the list before the last")
    for name in (*train, *test):
        if name not in fields["ids"]:
            raise EmotionError(f"{path}: dialogue {name} is listed for training or testing, but has no utterance ids")
    used = [name for name in fields["ids"] if name in {*train, *test}]
    dialogues = [_dialogue(path, fields, name, test=name in set(test)) for name in used]
    dialogues = [dialogue for dialogue in dialogues if dialogue.utterances]
    blocks = {name: _stacked(path, fields[name], name, dialogues) for name in fields if name.split()[0] in _MODALITIES}
    texts = [block for name, block in blocks.items() if name.startswith("text") and block is not None]
    if len(texts) not in (0, len([name for name in blocks if name.startswith("text")])):
        raise EmotionError(f"{path}: some of the four text blocks are empty, expected all or none")
    text = _text(path, texts, text_block)
    found = {"audio": blocks["audio"], "face": blocks["visual"], "text": text}
    features = {name: values for name, values in found.items() if values is not None}
    if not features:
        raise EmotionError(f"{path}: text, audio and visual are all empty, expected features of at least one")
    return FeatureFile(dialogues, features, len(fields["ids"]) - len(used))


def _fields(path: Path, content: object) -> dict[str, dict[str, Any]]:
    """The tuple's items by name; dialogues' ids become text."""
    if not isinstance(content, tuple | list) or len(content) not in _LAYOUTS:
        found = f"{len(content)} items" if isinstance(content, tuple | list) else f"a {type(content).__name__}"
        raise EmotionError(
            f"{path}: holds {found}, expected a tuple of 9 (ids, speakers, labels, text, audio, visual, sentences, "
            f"train, test) or of 12 (four texts)"
        )
    fields: dict[str, Any] = dict(zip(_LAYOUTS[len(content)], content, strict=True))
    for name, value in fields.items():
        if name in _LISTS:
            continue
        if not isinstance(value, dict):
            raise EmotionError(f"{path}: {name} is a {type(value).__name__}, expected a dict from dialogue to a list")
        fields[name] = {str(key): item for key, item in value.items()}
    return fields


def _names(path: Path, value: object, what: str) -> list[str]:
    if not isinstance(value, list | tuple | set | frozenset | np.ndarray | dict):
        raise EmotionError(f"{path}: {what} is a {type(value).__name__}, expected a list or set of dialogues")
    return list(dict.fromkeys(str(name) for name in value))


def _dialogue(path: Path, fields: Mapping[str, Mapping[str, Any]], name: str, *, test: bool) -> Dialogue:
    ids = _items(path, fields["ids"], "ids", name)
    speakers = _items(path, fields["speakers"], "speakers", name, count=len(ids))
    labels = _items(path, fields["labels"], "labels", name, count=len(ids))
    sentences: list[Any] = [""] * len(ids)
    if fields["sentences"].get(name) is not None:
        sentences = _items(path, fields["sentences"], "sentences", name, count=len(ids))
    return Dialogue(
        name=name,
        utterances=[_plain(item) for item in ids],
        speakers=[_speaker(path, item, name) for item in speakers],
        labels=[_label(path, item, name) for item in labels],
        sentences=[" ".join(_plain(item).split()) for item in sentences],
        test=test,
    )


def _items(path: Path, field: Mapping[str, Any], what: str, name: str, count: int | None = None) -> list[Any]:
    """The list of one dialogue, as long as expected."""
    if name not in field:
        raise EmotionError(f"{path}: {what} of dialogue {name} are missing; expected one item per utterance")
    value = field[name]
    if not isinstance(value, list | tuple | np.ndarray) or (isinstance(value, np.ndarray) and value.ndim == 0):
        raise EmotionError(f"{path}: {what} of dialogue {name} are a {type(value).__name__}, expected a list")
    if count is not None and len(value) != count:
        raise EmotionError(
            f"{path}: dialogue {name} has {len(value)} {what} for {count} utterances, expected one for each"
        )
    return list(value)


def _plain(item: object) -> str:
    return item.decode("latin-1") if isinstance(item, bytes) else str(item)


def _speaker(path: Path, item: object, name: str) -> str:
    if isinstance(item, str | bytes):
        return _plain(item)
    hot = np.asarray(item)
    if hot.ndim != 1 or hot.dtype.kind not in "biuf" or (hot != 0).sum() != 1:
        raise EmotionError(f"{path}: a speaker of dialogue {name} is {item!r}, expected a name or a one-hot vector")
    return str(int(hot.argmax()))


def _label(path: Path, item: object, name: str) -> int:
    number = np.asarray(item)
    if number.size != 1 or number.dtype.kind not in "iuf" or not float(number.item()).is_integer():
        raise EmotionError(f"{path}: a label of dialogue {name} is {item!r}, expected the number of a class")
    return int(number.item())


def _stacked(
    path: Path, field: Mapping[str, Any], what: str, dialogues: Iterable[Dialogue]
) -> NDArray[np.float64] | None:
    """One row per utterance of all dialogues, (n, d); None where the file does not have the modality."""
    if not field:
        return None
    parts: list[NDArray[np.float64]] = []
    for dialogue in dialogues:
        rows = _items(path, field, f"{what} features", dialogue.name, count=len(dialogue.utterances))
        vectors = [_vector(path, row, what, dialogue.name) for row in rows]
        expected = len(parts[0][0]) if parts else len(vectors[0])
        for vector in vectors:
            if len(vector) != expected:
                raise EmotionError(
                    f"{path}: {what} features of dialogue {dialogue.name} have {len(vector)} dimensions, expected "
                    f"{expected} as in the first dialogue"
                )
        parts.append(np.stack(vectors))
    return np.concatenate(parts)


def _vector(path: Path, row: ArrayLike, what: str, name: str) -> NDArray[np.float64]:
    try:
        vector = np.asarray(row)
        vector = vector[0] if vector.ndim == 2 and len(vector) == 1 else vector  # some files keep a batch axis of 1
        if vector.ndim != 1 or len(vector) == 0 or vector.dtype.kind not in "biuf":
            raise ValueError(f"shape {vector.shape}, type {vector.dtype}")
    except ValueError as error:
        raise EmotionError(
            f"{path}: {what} features of dialogue {name}: {error}; expected a vector of numbers"
        ) from None
    return vector.astype(np.float64)


def _text(path: Path, blocks: list[NDArray[np.float64]], choice: str) -> NDArray[np.float64] | None:
    if len(blocks) < 2:
        return blocks[0] if blocks else None
    if choice == "concat":
        return np.concatenate(blocks, axis=1)
    if choice == "mean":
        if len({block.shape[1] for block in blocks}) > 1:
            raise EmotionError(f"{path}: the text blocks differ in dimension and have no mean; choose one of them")
        return np.asarray(np.mean(blocks, axis=0))
    return blocks[int(choice) - 1]
