"""Features as one table, a row per utterance: numpy's .npz and Parquet, out and in with the same values.

    column            npz                            Parquet
    utterance ...     (n,) text or numbers each      the same
    audio face text   (n, d) float32                 lists of float32, null where missing
    audio_present     (n,) bool                      -
    label_names       (c,) names in their order      in the metadata, as JSON under `emotion`

The columns beside the features are those of index.csv, without paths and places in the picture; what is said is
`sentence`, since `text` is the features.
"""

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Index
from emotion.exchange.cached import Vectors

COLUMNS = {
    "utterance": "utterance",
    "dialogue": "dialogue",
    "turn": "turn",
    "speaker": "speaker",
    "start": "start",
    "end": "end",
    "label": "label",
    "split": "split",
    "sentence": "text",
    "scenario": "scenario",
    "gender": "gender",
}
"""Column -> column of the index."""
NAMES, META = "label_names", b"emotion"
_NUMBERS = {"turn": np.int64, "start": np.float64, "end": np.float64}


def write_npz(path: Path, index: Index, vectors: Mapping[str, Vectors]) -> None:
    """Write the arrays; no object is pickled."""
    arrays: dict[str, NDArray[Any]] = {NAMES: np.array(list(index.labels))}
    for column, name in COLUMNS.items():
        values = [getattr(row, name) for row in index.utterances]
        arrays[column] = np.array(values, dtype=_NUMBERS.get(column, np.str_))
    for modality, one in vectors.items():
        arrays |= {modality: one.values, f"{modality}_present": one.present}
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # of which none is called allow_pickle


def write_parquet(path: Path, index: Index, vectors: Mapping[str, Vectors]) -> None:
    """Write the table.

    Raises:
        EmotionError: pyarrow is not installed.
    """
    arrow = pyarrow(path)
    columns: dict[str, Any] = {}
    for column, name in COLUMNS.items():
        values = [getattr(row, name) for row in index.utterances]
        columns[column] = arrow.array(np.array(values, dtype=_NUMBERS[column]) if column in _NUMBERS else values)
    for modality, one in vectors.items():
        lists = [row if known else None for row, known in zip(one.values, one.present, strict=True)]
        columns[modality] = arrow.array(lists, type=arrow.list_(arrow.float32()))
    about = {META: json.dumps({NAMES: list(index.labels)}).encode()}
    table = arrow.table(columns).replace_schema_metadata(about)
    import_module("pyarrow.parquet").write_table(table, path)


def pyarrow(path: Path) -> Any:  # noqa: ANN401 - untyped, and not always installed
    """The module; EmotionError, which names the file, where it is not installed."""
    try:
        return import_module("pyarrow")
    except ImportError:
        raise EmotionError(
            f"{path}: Parquet needs pyarrow: pip install -e '.[parquet]' where the project is, or use npz"
        ) from None
