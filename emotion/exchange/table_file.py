"""Reading back the tables that `emotion.exchange.tables` writes, checked column by column."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.core.text import is_printable, shortened
from emotion.corpus.utterance import COLUMNS as INDEX
from emotion.corpus.utterance import Utterance, read_row
from emotion.exchange.feature_file import FeatureFile, read_feature_file, visible
from emotion.exchange.layouts import Dialogue
from emotion.exchange.tables import COLUMNS, META, NAMES, pyarrow

MODALITIES = ("audio", "face", "text")
_AGAIN = "export it again (emotion export --format npz or parquet)"
_DEFAULTS = {"split": "train", "side": "full"}


def is_table(path: Path) -> bool:
    """Whether a file begins as a .npz or Parquet file does."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PAR1")


def read_table_file(path: Path) -> FeatureFile:
    """Read a .npz or Parquet file.

    Raises:
        EmotionError: it is no such file: names it, the column or row, what was found and what was expected.
    """
    with path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    try:
        columns = _parquet(path) if parquet else _npz(path)
    except (EmotionError, MemoryError):
        raise
    except Exception as error:  # damage has many faces in zipfile, numpy and pyarrow
        reason = shortened(str(error)) or type(error).__name__
        raise EmotionError(
            f"{path}: not a whole {'Parquet' if parquet else '.npz'} file ({reason}); {_AGAIN}"
        ) from None
    try:
        return _checked(columns)
    except EmotionError as error:
        raise EmotionError(f"{path}: {str(error).removesuffix(f'; {_AGAIN}')}; {_AGAIN}") from None


def read_any(path: Path, *, text_block: str) -> FeatureFile:
    """Read a feature pickle, see `read_feature_file`, or a .npz or Parquet file."""
    return read_table_file(path) if is_table(path) else read_feature_file(path, text_block=text_block)


def _npz(path: Path) -> dict[str, Any]:
    with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _parquet(path: Path) -> dict[str, Any]:
    pyarrow(path)
    table = import_module("pyarrow.parquet").read_table(path, memory_map=False, use_threads=False)
    about = json.loads((table.schema.metadata or {}).get(META, b"{}"))
    found: dict[str, Any] = {NAMES: np.array(about.get(NAMES, []), dtype=np.str_)}
    for name in table.column_names:
        values = table.column(name).to_pylist()
        if name not in MODALITIES:
            found[name] = np.array(["" if value is None else value for value in values])
            continue
        present = np.array([value is not None for value in values], dtype=bool)
        size = {len(value) for value in values if value is not None}
        if len(size) > 1:
            raise EmotionError(f"{path}: column {name} has vectors of {sorted(size)} numbers, expected one length")
        matrix = np.zeros((len(values), *(size or {0})), dtype=np.float32)
        matrix[present] = [value for value in values if value is not None]
        found |= {name: matrix, f"{name}_present": present}
    return found


def _checked(columns: Mapping[str, Any]) -> FeatureFile:
    lacking = [name for name in (*COLUMNS, NAMES) if name not in columns]
    if lacking:
        found = shortened(", ".join(columns)) or "nothing"
        raise EmotionError(f"holds {found}, expected the columns of an export; missing: {', '.join(lacking)}")
    n = len(columns["utterance"])
    for name in COLUMNS:
        if columns[name].shape != (n,):
            raise EmotionError(f"{name} has shape {columns[name].shape}, expected ({n},), one for each utterance")
    labels = [str(name) for name in columns[NAMES]]
    rows = [_row(columns, place, labels) for place in range(n)]
    if not rows or len({row.utterance for row in rows}) < n:
        raise EmotionError(f"{n} utterances, expected some, each with an id of its own")
    features, unlisted = _features(columns, n)
    cleaned = sum(not is_printable(row.text) for row in rows)
    rows = [replace(row, text=visible(row.text)) for row in rows]
    return FeatureFile(
        dialogues=_dialogues(rows, labels),
        features=features,
        unlisted=unlisted,
        unused=0,
        cleaned_sentences=cleaned,
        written={},
        labels=labels,
        rows=[asdict(row) for row in rows],
    )


def _row(columns: Mapping[str, Any], place: int, labels: list[str]) -> Utterance:
    given = {name: str(columns[column][place]) for column, name in COLUMNS.items()}
    values = [given.get(name, _DEFAULTS.get(name, "")) for name in INDEX]
    return read_row(values, labels, where=f"utterance {place + 1}", remedy=_AGAIN)


def _features(columns: Mapping[str, Any], n: int) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.bool_]]]:
    features: dict[str, NDArray[Any]] = {}
    unlisted: dict[str, NDArray[np.bool_]] = {}
    for name in MODALITIES:
        if name not in columns:
            continue
        values, present = columns[name], columns.get(f"{name}_present", np.ones(n, dtype=bool))
        if values.ndim != 2 or len(values) != n or values.dtype.kind != "f" or not values.shape[1]:
            raise EmotionError(
                f"{name} has shape {values.shape} of {values.dtype}, expected ({n}, d) of float32: a vector each"
            )
        if present.shape != (n,) or present.dtype != bool:
            raise EmotionError(f"{name}_present has shape {present.shape} of {present.dtype}, expected ({n},) of bool")
        features[name] = np.where(present[:, None], values, np.nan)
        unlisted[name] = ~present
    if not features:
        raise EmotionError(f"holds none of {', '.join(MODALITIES)}, expected vectors of at least one")
    return features, unlisted


def _dialogues(rows: list[Utterance], labels: list[str]) -> list[Dialogue]:
    found = []
    for name, group in groupby(rows, key=lambda row: row.dialogue):
        turns = list(group)
        if len({row.split for row in turns}) > 1:
            raise EmotionError(f"dialogue {shortened(name)} is in several splits, expected one")
        found.append(
            Dialogue(
                name=name,
                utterances=[row.utterance for row in turns],
                speakers=[row.speaker for row in turns],
                labels=[labels.index(row.label) for row in turns],
                sentences=[row.text for row in turns],
                part=turns[0].split,
            )
        )
    if len({dialogue.name for dialogue in found}) < len(found):
        raise EmotionError("rows of a dialogue are not together, expected them one after the other")
    if "train" not in {dialogue.part for dialogue in found}:
        raise EmotionError("no dialogue is for training, expected some with split train")
    return found


def rows_of(content: FeatureFile, parts: Mapping[str, str]) -> list[Utterance] | None:
    """The rows that the file holds, each in the split of its dialogue; None where it holds none."""
    if content.rows is None:
        return None
    return [replace(row, split=parts[row.dialogue]) for row in (Utterance(**given) for given in content.rows)]
