"""From a fit with folds through the engine to the cache: who extracts whom."""

from functools import partial

import numpy as np
import pytest
from encoders.planted import vectors
from extraction.planted_media import ENCODERS, SPLITS, fit, plant

from emotion.corpus.utterance import read_index
from emotion.encoders.folds import GROUPS, load_folds
from emotion.encoders.text import TextEncoder, read_text
from emotion.extraction.executors import run_local
from emotion.extraction.features import extract_features
from emotion.store.cache import Cache


def give_text():
    """What opens the words, for the workers."""
    return read_text


def extract(index, fitted, out, *, workers):
    load = partial(load_folds, fitted, TextEncoder.load)
    extract_features(
        index,
        load=load,
        open_media=give_text,
        length=lambda row: float(len(row.text)),
        per_batch=40,
        out=out,
        scratch=out.parent / "scratch",
        budget=2,
        max_missing=0.0,
        on_error="skip",
        execute=partial(run_local, workers=workers),
        device="cpu",
    )
    return load()


@pytest.mark.slow
@pytest.mark.parametrize("folds", [1, 2])
def test_training_utterances_are_extracted_by_who_has_not_seen_them(tmp_path, folds):
    root = plant(tmp_path / "corpus")
    index = read_index(root / "index.csv")
    fit("text", root, tmp_path / "fit", folds=folds)
    encoders, number = extract(index, tmp_path / "fit" / "encoder", tmp_path / "text.h5", workers=1)
    seen = {row.split: set() for row in index.utterances}
    with Cache(tmp_path / "text.h5") as cache:
        for position, row in enumerate(index.utterances):
            own = number(row)
            seen[row.split].add((GROUPS["session"](row), own))
            expected = vectors(encoders[own], [row.text]).numpy()
            np.testing.assert_allclose(cache[position], expected, atol=1e-5)
            others = [each for each in range(len(encoders)) if each != own]
            assert all(not np.allclose(cache[position], vectors(encoders[each], [row.text])) for each in others)
    training = [name for name, split in SPLITS.items() if split == "train"]
    assert seen["train"] == {(name, fold if folds > 1 else 0) for fold, name in enumerate(training, start=1)}
    assert seen["validation"] == {("Ses03", 0)} and seen["test"] == {("Ses04", 0)}
    assert len(encoders) == (3 if folds > 1 else 1)
    assert ENCODERS["text"]().settings() == encoders[-1].settings()
