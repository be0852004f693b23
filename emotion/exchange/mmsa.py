"""The dict layout of MMSA's feature files: splits of arrays with one sequence per utterance."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from emotion.corpus.utterance import Index
from emotion.exchange.cached import Vectors

_SPLITS = {"train": "train", "valid": "validation", "test": "test"}
_NAMES = {"text": "text", "audio": "audio", "vision": "face"}


def splits(index: Index, vectors: Mapping[str, Vectors]) -> dict[str, dict[str, Any]]:
    """`train`, `valid` and `test`, of `n` utterances each.

    - `id`: `<dialogue>$_$<utterance>`; `raw_text`: what is said; `annotations`: names of the classes.
    - `text`, `audio`, `vision`: (n, 1, d) float32, a sequence of one step; those that there are.
    - `audio_lengths`, `vision_lengths`: 1 each.
    - `classification_labels`: (n,) int64 class numbers, in the order of the index; `regression_labels`: the same as
      float32, since MMSA's loaders ask for them; they are no scale.
    """
    numbers = {name: number for number, name in enumerate(index.labels)}
    values = {name: vectors[modality].filled(index) for name, modality in _NAMES.items() if modality in vectors}
    found = {}
    for name, split in _SPLITS.items():
        places = [place for place, row in enumerate(index.utterances) if row.split == split]
        rows = [index.utterances[place] for place in places]
        labels = np.array([numbers[row.label] for row in rows], dtype=np.int64)
        part: dict[str, Any] = {
            "id": [f"{row.dialogue}$_${row.utterance}" for row in rows],
            "raw_text": [row.text for row in rows],
            "annotations": [row.label for row in rows],
            "classification_labels": labels,
            "regression_labels": labels.astype(np.float32),
        }
        part |= {key: each[places][:, None] for key, each in values.items()}
        part |= {f"{key}_lengths": [1] * len(rows) for key in ("audio", "vision") if key in values}
        found[name] = part
    return found
