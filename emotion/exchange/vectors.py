"""The vectors of a feature pickle, one modality after the other: checked, and stacked to one row per utterance."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emotion.core.errors import EmotionError
from emotion.core.text import shortened
from emotion.exchange.layouts import Dialogue, is_list, list_of

_MODALITIES = ("text", "audio", "visual")
_Block = tuple[NDArray[Any], NDArray[np.bool_]]  # values (n, d) and which rows the file lacks


def read_vectors(
    fields: Mapping[str, Any], dialogues: Sequence[Dialogue], text_block: str
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.bool_]]]:
    """Modality -> values (n, d) and which rows the file lacks, for the modalities that the file has.

    For the fields see `emotion.exchange.layouts.name_items`, for the text block `read_feature_file`.

    Raises:
        EmotionError: rows are missing for some utterances of a dialogue, are no vectors, or differ in length.
    """
    blocks = {name: _stacked(fields[name], name, dialogues) for name in fields if name.split()[0] in _MODALITIES}
    texts = [block for name, block in blocks.items() if name.startswith("text")]
    filled = [block for block in texts if block is not None]
    if len(filled) not in (0, len(texts)):
        raise EmotionError("some of the four text blocks are empty, expected all or none")
    found = {"audio": blocks["audio"], "face": blocks["visual"], "text": _text(filled, text_block)}
    features = {name: block for name, block in found.items() if block is not None}
    if not features:
        raise EmotionError("text, audio and visual are all empty, expected features of at least one")
    return {name: pair[0] for name, pair in features.items()}, {name: pair[1] for name, pair in features.items()}


def _stacked(field: Mapping[str, Any], what: str, dialogues: Iterable[Dialogue]) -> _Block | None:
    """One row per utterance of all dialogues, (n, d), and which rows are lacking; None where all are."""
    vectors: list[NDArray[Any] | None] = []
    expected = 0
    for dialogue in dialogues:
        where = f"{what} features of dialogue {shortened(dialogue.name)}"
        rows: Sequence[Any] = [None] * len(dialogue.utterances)
        if not _is_empty(field.get(dialogue.name)):
            rows = list_of(field, f"{what} features", dialogue.name, count=len(rows))
        for row in rows:
            vector = None if _is_empty(row) else _vector(row, where)
            expected = expected or (0 if vector is None else len(vector))
            if vector is not None and len(vector) != expected:
                raise EmotionError(
                    f"{where} have {len(vector)} dimensions, expected {expected} as in the first dialogue"
                )
            vectors.append(vector)
    if not expected:
        return None
    dtype = np.result_type(np.float32, *{vector.dtype for vector in vectors if vector is not None})
    values = np.full((len(vectors), expected), np.nan, dtype=dtype)
    for row, vector in zip(values, vectors, strict=True):
        if vector is not None:
            row[:] = vector
    return values, np.array([vector is None for vector in vectors])


def _is_empty(item: Any) -> bool:  # noqa: ANN401
    """How a file says that it has nothing for a dialogue or an utterance."""
    return item is None or (is_list(item) and len(item) == 0)


def _vector(row: ArrayLike, where: str) -> NDArray[np.float64]:
    try:
        vector = np.asarray(row)
        vector = vector[0] if vector.ndim == 2 and len(vector) == 1 else vector  # some files keep a batch axis of 1
        if vector.ndim != 1 or len(vector) == 0 or vector.dtype.kind not in "biuf":
            raise ValueError(f"shape {vector.shape}, type {vector.dtype}")
    except ValueError as error:
        raise EmotionError(f"{where}: {error}; expected a vector of numbers") from None
    return vector


def _text(blocks: list[_Block], choice: str) -> _Block | None:
    if len(blocks) < 2:
        return blocks[0] if blocks else None
    values, lacking = [block[0] for block in blocks], np.any([block[1] for block in blocks], axis=0)
    if choice == "concat":
        return np.concatenate(values, axis=1), lacking
    if choice == "mean":
        if len({block.shape[1] for block in values}) > 1:
            raise EmotionError("the text blocks differ in dimension and have no mean; choose one of them")
        return np.asarray(np.mean(values, axis=0, dtype=np.float64)), lacking
    return blocks[int(choice) - 1]
