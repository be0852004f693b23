"""A small corpus on disk, index and feature caches, whose labels the features give away."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion.corpus.utterance import Utterance, read_index, write_index
from emotion.store.trained import Training
from emotion.store.writer import CacheWriter

LABELS = ("happy", "sad", "neutral")
DIMS = {"audio": 4, "text": 6}


@dataclass(frozen=True)
class Planted:
    """Files and the numbers behind them; `values` hold what was written also where it is missing."""

    index: Path
    features: dict[str, Path]
    utterances: list[Utterance]
    values: dict[str, np.ndarray]
    present: dict[str, np.ndarray]


def utterances(lengths, *, labels, seed):
    """One dialogue per length, its split by turns; two speakers."""
    rng = np.random.default_rng(seed)
    rows = []
    for dialogue, length in enumerate(lengths):
        split = ("train", "train", "validation", "test")[dialogue % 4]
        for turn in range(length):
            rows.append(
                Utterance(
                    utterance=f"d{dialogue:02}_u{turn:02}",
                    dialogue=f"d{dialogue:02}",
                    turn=2 * turn,  # turns may leave gaps
                    speaker=f"S{dialogue % 3}_{'FM'[turn % 2]}",
                    start=float(turn),
                    end=turn + 0.9,
                    label=labels[rng.integers(len(labels))],
                    split=split,
                    text="well",
                    audio="a.wav",
                    video="",
                    side="left",
                )
            )
    return rows


def write_cache(path, rows, values, present, *, digest, trained_on=()):
    """One vector per utterance."""
    write_words(path, rows, values[:, None], present, digest=digest, trained_on=trained_on)


def write_words(path, rows, values, present, *, digest, trained_on=()):
    """Several vectors per utterance: each of `values` is (t, *shape)."""
    shape = values[0].shape[1:]
    attributes = {"index": digest, "modality": path.stem}
    ids = [row.utterance for row in rows]
    scratch = path.parent / "scratch"
    training = None if trained_on is None else Training(frozenset(trained_on))
    options = {"attributes": attributes, "scratch": scratch, "training": training}
    with CacheWriter(path, ids=ids, shape=shape, dtype="float32", **options) as writer:
        for words, here in zip(values, present, strict=True):
            writer.append(words if here else None, "" if here else "no face")


def plant(folder, *, lengths=(5, 3, 4, 6, 2, 7, 5, 1), labels=LABELS, missing=0.2, seed=0):
    """Write index.csv and one cache per modality of `DIMS`."""
    rng = np.random.default_rng(seed)
    rows = utterances(lengths, labels=labels, seed=seed)
    write_index(folder / "index.csv", rows, labels=labels, corpus="planted", notes={})
    digest = read_index(folder / "index.csv").digest
    classes = np.array([labels.index(row.label) for row in rows])
    features, values, present = {}, {}, {}
    for name, dim in DIMS.items():
        centre = rng.normal(size=(len(labels), dim)) * 2
        values[name] = (5 + 3 * (centre[classes] + rng.normal(size=(len(rows), dim)))).astype(np.float32)
        present[name] = rng.random(len(rows)) >= missing
        features[name] = folder / f"{name}.h5"
        write_cache(features[name], rows, values[name], present[name], digest=digest)
    return Planted(folder / "index.csv", features, rows, values, present)
