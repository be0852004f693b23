"""A newcomer's corpus: a handful of wav files and a table of two or three columns, all the way to metrics."""

import json
from functools import partial

import numpy as np
import pytest
import soundfile

from emotion.corpus.index import index_corpus
from emotion.corpus.utterance import read_index
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.folds import load_folds
from emotion.encoders.for_audio import load_encoder
from emotion.encoders.settings import Fit
from emotion.evaluation.report import evaluate
from emotion.extraction.executors import run_local
from emotion.extraction.features import extract_features, seconds
from emotion.extraction.fitting import fit_encoder
from emotion.fusion.settings import TrainSettings
from emotion.fusion.train import fuse
from emotion.media.audio import files, reader


def write_corpus(root, count):
    """Low and high tones, `low` and `high`."""
    root.mkdir()
    lines = ["utterance,label,audio"]
    for number in range(count):
        label = ("low", "high")[number % 2]
        hertz = (120 if label == "low" else 900) + 5 * number
        soundfile.write(root / f"{number}.wav", 0.4 * np.sin(2 * np.pi * hertz * np.arange(8000) / 8000), 8000)
        lines.append(f"u{number},{label},{number}.wav")
    (root / "utterances.csv").write_text("\n".join(lines))


@pytest.mark.parametrize("count", [5, pytest.param(12, marks=pytest.mark.slow)])
def test_wavs_with_labels_run_through(tmp_path, count):
    root, index_path, scratch = tmp_path / "raw", tmp_path / "data" / "index.csv", tmp_path / "scratch"
    write_corpus(root, count)
    index_corpus(corpus="table", root=root, out=index_path, label_rule="released", split="corpus")
    index = read_index(index_path)
    read = reader(root, rate=8000)
    fit_encoder(
        index,
        AudioEncoder(rate=8000, dim=8, hidden=4, layers=1, filters=8),
        read,
        out=tmp_path / "encoder",
        report=tmp_path / "encoder.json",
        scratch=scratch,
        settings=Fit(epochs=2, weight_decay=0.0, batch=4),
    )
    extract_features(
        index,
        load=partial(load_folds, tmp_path / "encoder", load_encoder),
        open_media=partial(reader, root, rate=8000),
        length=seconds,
        per_batch=240,
        out=tmp_path / "audio.h5",
        scratch=scratch,
        budget=4,
        max_missing=0.2,
        on_error="fail",
        execute=partial(run_local, workers=1),
        device="cpu",
        media=files(index, root=root),
    )
    fuse(
        index_path,
        {"audio": tmp_path / "audio.h5"},
        out=tmp_path / "fusion",
        curve=tmp_path / "training.csv",
        scratch=scratch,
        settings=TrainSettings(hidden=8, heads=2, dropout=0.0, lr=1e-2, weight_decay=0.0, batch=4, epochs=3),
    )
    evaluate(index_path, tmp_path / "fusion" / "probabilities.csv", tmp_path / "training.csv", out=tmp_path / "metrics")
    test = json.loads((tmp_path / "metrics" / "metrics.json").read_text())["test"]
    assert test["n"] == sum(row.split == "test" for row in index.utterances) >= 1
    details = json.loads((tmp_path / "metrics" / "details.json").read_text())
    assert (
        set(details["test"]["per_class"]) == {"low", "high"} >= set(test["per_class_f1"]) and 0 <= test["accuracy"] <= 1
    )
