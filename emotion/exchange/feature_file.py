"""The field's feature pickles, checked field by field.

A tuple of dicts, each from dialogue to a list with one item per utterance, and the ids of the dialogues for training,
for testing and, in some files, for validation; `emotion.exchange.layouts` knows the layouts in use.

A modality that the file does not have is an empty dict, and so are the sentences. The four RoBERTa blocks are hidden
states of one encoder; which of them is used is the reader's choice.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emotion.errors import EmotionError
from emotion.exchange.layouts import LISTS, is_list, is_number, name_items
from emotion.exchange.unpickling import load_pickle

TEXT_BLOCKS = ("mean", "1", "2", "3", "4", "concat")
_MODALITIES = ("text", "audio", "visual")
_PURPOSE = {"train": "training", "validation": "validation", "test": "testing"}
_UNFIT = re.compile("[\0\r\n\ud800-\udfff]")  # what neither the index nor a cache can store: surrogates, line ends


@dataclass(frozen=True)
class Dialogue:
    """One dialogue of the file; the lists have one item per utterance.

    Attributes:
        name: its id.
        utterances: ids as they stand in the file.
        speakers: `M`, `F` or another name; a number, counted from 0, where the file has one-hot vectors.
        labels: class numbers.
        sentences: what is said, '' where the file does not have it.
        part: what the file has it for: train, validation or test.
    """

    name: str
    utterances: list[str]
    speakers: list[str]
    labels: list[int]
    sentences: list[str]
    part: str


@dataclass(frozen=True)
class FeatureFile:
    """A feature pickle.

    Attributes:
        dialogues: those for training and testing, in the order of the file.
        features: modality (audio, face, text) -> (n, d) float64 in the order of the dialogues; may hold NaN.
        unused: dialogues that are in none of its lists.
        written: how the file writes what becomes text here, so that an export can write it so again:
            `numbered_dialogues` and `numbered_utterances` (their ids are whole numbers), `speakers` (length of the
            one-hot vectors, 0 = names, None = some of each).
    """

    dialogues: list[Dialogue]
    features: dict[str, NDArray[np.float64]]
    unused: int
    written: dict[str, Any]


def read_feature_file(path: Path, *, text_block: str) -> FeatureFile:
    """Read a pickle of any layout.

    Args:
        path: the file.
        text_block: of the four RoBERTa blocks `mean`, one of `1` .. `4`, or `concat`; no effect on other files.

    Raises:
        EmotionError: it is no such file; names the file, the field, the dialogue, what was found and what was expected.
    """
    if text_block not in TEXT_BLOCKS:
        raise EmotionError(f"text block is {text_block!r}, expected one of {', '.join(TEXT_BLOCKS)}")
    fields = name_items(path, load_pickle(path))
    if "ids" not in fields:
        turns = {name: len(_items(path, fields["labels"], "labels", name)) for name in fields["labels"]}
        fields["ids"] = {name: list(range(count)) for name, count in turns.items()}
    parts = _parts(path, fields)
    used = [name for name in fields["ids"] if name in parts]
    dialogues = [_dialogue(path, fields, name, parts[name]) for name in used]
    dialogues = [dialogue for dialogue in dialogues if dialogue.utterances]
    if "train" not in [dialogue.part for dialogue in dialogues]:
        empty = next(name for name in used if parts[name] == "train")
        raise EmotionError(f"{path}: dialogue {empty} and all others for training have no utterances, expected some")
    features = _features(path, fields, dialogues, text_block)
    return FeatureFile(dialogues, features, len(fields["ids"]) - len(used), _written(fields, dialogues))


def _parts(path: Path, fields: Mapping[str, Any]) -> dict[str, str]:
    """Dialogue -> train, validation or test, for those in the file's lists."""
    parts: dict[str, str] = {}
    for part in LISTS:
        for name in _names(path, fields[part], part):
            if name in parts:
                purposes = f"for {_PURPOSE[parts[name]]} and for {_PURPOSE[part]}"
                raise EmotionError(f"{path}: dialogue {name} is {purposes}; mend the file's lists")
            if name not in fields["ids"]:
                raise EmotionError(f"{path}: dialogue {name} is listed for {_PURPOSE[part]}, but has no utterance ids")
            parts[name] = part
    if "train" not in parts.values():
        raise EmotionError(f"{path}: no dialogue is for training; expected some in the file's list of them")
    return parts


def _names(path: Path, value: Any, what: str) -> list[str]:  # noqa: ANN401
    if not is_list(value) and not isinstance(value, set | frozenset | dict):
        raise EmotionError(f"{path}: {what} is a {type(value).__name__}, expected a list or set of dialogues")
    return list(dict.fromkeys(map(str, value)))


def _written(fields: Mapping[str, Any], dialogues: Sequence[Dialogue]) -> dict[str, Any]:
    """See `FeatureFile.written`."""
    names = [dialogue.name for dialogue in dialogues]
    speakers = [speaker for name in names for speaker in fields["speakers"][name]]
    widths = {0 if isinstance(speaker, str | bytes) else len(speaker) for speaker in speakers}
    return {
        "numbered_dialogues": fields["numbered"],
        "numbered_utterances": all(is_number(item) for name in names for item in fields["ids"][name]),
        "speakers": widths.pop() if len(widths) == 1 else None,
    }


def _dialogue(path: Path, fields: Mapping[str, Mapping[str, Any]], name: str, part: str) -> Dialogue:
    ids = _items(path, fields["ids"], "ids", name)
    speakers = _items(path, fields["speakers"], "speakers", name, count=len(ids))
    labels = _items(path, fields["labels"], "labels", name, count=len(ids))
    sentences: list[Any] = [""] * len(ids)
    if fields["sentences"].get(name) is not None:
        sentences = _items(path, fields["sentences"], "sentences", name, count=len(ids))
    dialogue = Dialogue(
        name=name,
        utterances=[_plain(item) for item in ids],
        speakers=[_speaker(path, item, name) for item in speakers],
        labels=[_label(path, item, name) for item in labels],
        sentences=[" ".join(_plain(item).split()) for item in sentences],
        part=part,
    )
    _check_text(path, dialogue)
    return dialogue


def _check_text(path: Path, dialogue: Dialogue) -> None:
    """Ids are not empty, and all text can be stored as UTF-8 in one line."""
    if not dialogue.name or "" in dialogue.utterances:
        raise EmotionError(f"{path}: dialogue {dialogue.name!r} has an empty id, expected ids that are not empty")
    for text in (dialogue.name, *dialogue.utterances, *dialogue.speakers, *dialogue.sentences):
        if _UNFIT.search(text):
            raise EmotionError(
                f"{path}: dialogue {dialogue.name!a} has the text {text[:60]!a}, expected letters that UTF-8 can store "
                f"and no line ends in ids"
            )


def _items(path: Path, field: Mapping[str, Any], what: str, name: str, count: int | None = None) -> list[Any]:
    """The list of one dialogue, as long as expected."""
    if name not in field:
        raise EmotionError(f"{path}: {what} of dialogue {name} are missing; expected one item per utterance")
    value = field[name]
    if not is_list(value):
        raise EmotionError(f"{path}: {what} of dialogue {name} are a {type(value).__name__}, expected a list")
    if count is not None and len(value) != count:
        raise EmotionError(
            f"{path}: dialogue {name} has {len(value)} {what} for {count} utterances, expected one for each"
        )
    return list(value)


def _plain(item: object) -> str:
    return item.decode("latin-1") if isinstance(item, bytes) else str(item)


def _array(item: Any) -> NDArray[Any]:  # noqa: ANN401
    """As an array; what cannot be one (lists of differing length) is an array of objects."""
    try:
        return np.asarray(item)
    except ValueError:
        return np.array(None)


def _shown(item: object) -> str:
    """In one line."""
    return " ".join(repr(item).split())[:60]


def _speaker(path: Path, item: object, name: str) -> str:
    if isinstance(item, str | bytes):
        return _plain(item)
    hot = _array(item)
    if hot.ndim != 1 or hot.dtype.kind not in "biuf" or (hot != 0).sum() != 1:
        raise EmotionError(
            f"{path}: a speaker of dialogue {name} is {_shown(item)}, expected a name or a one-hot vector"
        )
    return str(int(hot.argmax()))


def _label(path: Path, item: object, name: str) -> int:
    number = _array(item)
    if number.size != 1 or number.dtype.kind not in "iuf" or not float(number.item()).is_integer():
        raise EmotionError(f"{path}: a label of dialogue {name} is {_shown(item)}, expected the number of a class")
    return int(number.item())


def _features(
    path: Path, fields: Mapping[str, Any], dialogues: Sequence[Dialogue], text_block: str
) -> dict[str, NDArray[np.float64]]:
    """Modality -> (n, d), for those that the file has."""
    blocks = {name: _stacked(path, fields[name], name, dialogues) for name in fields if name.split()[0] in _MODALITIES}
    texts = [block for name, block in blocks.items() if name.startswith("text") and block is not None]
    if len(texts) not in (0, len([name for name in blocks if name.startswith("text")])):
        raise EmotionError(f"{path}: some of the four text blocks are empty, expected all or none")
    found = {"audio": blocks["audio"], "face": blocks["visual"], "text": _text(path, texts, text_block)}
    features = {name: values for name, values in found.items() if values is not None}
    if not features:
        raise EmotionError(f"{path}: text, audio and visual are all empty, expected features of at least one")
    return features


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
