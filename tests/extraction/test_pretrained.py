"""A checkpoint of each architecture goes through fit and extract by its folder, without a network."""

import json
import os
from functools import partial

import numpy as np
import pytest
import torch
from encoders import checkpoints
from encoders.planted import clips, section, texts
from transformers import AutoModelForSequenceClassification

from emotion.corpus.utterance import Index, Utterance
from emotion.encoders import for_audio, for_face, for_text
from emotion.encoders.folds import load_folds
from emotion.encoders.settings import Audio, Face, Fit, Text
from emotion.extraction.executors import run_local
from emotion.extraction.features import extract_features
from emotion.extraction.fitting import fit_encoder
from emotion.store.cache import Cache

COUNT = 12
KINDS = {
    "audio": (
        checkpoints.AUDIO,
        lambda **values: for_audio.new_encoder(section(Audio, rate=8000, **values)),
        for_audio.load_encoder,
    ),
    "face": (
        checkpoints.FACE,
        lambda **values: for_face.new_encoder(section(Face, frames=3, **values), size=12),
        for_face.load_encoder,
    ),
    "text": (checkpoints.TEXT, lambda **values: for_text.new_encoder(section(Text, **values)), for_text.load_encoder),
}
INPUTS = {
    "audio": checkpoints.noise(np.random.default_rng(0).integers(100, 2500, size=COUNT)),
    "face": clips(COUNT, frames=6, size=12)[0],
    "text": texts(COUNT)[0],
}
FAMILIES = [(modality, name) for modality, (makes, _, _) in KINDS.items() for name in makes]
QUICK = ("wav2vec2", "whisper", "vit", "roberta")


def rows(modality):
    splits = ["train"] * 6 + ["validation"] * 4 + ["test"] * 2
    return Index(
        tuple(
            Utterance(str(n), "d", n, "s", 0.0, 1.0, "ab"[n % 2], split, "", "", "", "full")
            for n, split in enumerate(splits)
        ),
        ("a", "b"),
        modality,
        "digest",
    )


def whole_way(tmp_path, modality, name, **options):
    """The cached values of each utterance, and the report of the fit."""
    makes, new, _ = KINDS[modality]
    torch.manual_seed(0)
    values, report = fit_and_extract(
        tmp_path, modality, new(encoder=str(makes[name](tmp_path / "checkpoint")), **options)
    )
    return values, report


def fit_and_extract(tmp_path, modality, encoder):
    """As `whole_way`; a checkpoint's folder is gone after the fit."""
    load = KINDS[modality][2]
    index, read = rows(modality), lambda row: INPUTS[modality][row.turn]
    report, fitted, out = tmp_path / "report.json", tmp_path / "fitted", tmp_path / f"{modality}.h5"
    settings = Fit(epochs=1, weight_decay=0.0, batch=4)
    fit_encoder(index, encoder, read, out=fitted, report=report, scratch=tmp_path / "scratch", settings=settings)
    if (tmp_path / "checkpoint").is_dir():
        (tmp_path / "checkpoint").rename(tmp_path / "gone")
    extract_features(
        index,
        load=partial(load_folds, fitted, load),
        open_media=lambda: read,
        length=lambda row: 1.0,
        per_batch=5,
        out=out,
        scratch=tmp_path / "scratch",
        budget=2,
        max_missing=0.0,
        on_error="skip",
        execute=partial(run_local, workers=1),
        device="cpu",
    )
    with Cache(out) as cache:
        values = [cache[row] for row in range(COUNT)]
    return values, json.loads(report.read_text())


@pytest.mark.parametrize(
    ("modality", "name"),
    [pytest.param(*family, marks=[] if family[1] in QUICK else pytest.mark.slow) for family in FAMILIES],
)
def test_frozen_by_its_folder(tmp_path, capsys, modality, name):
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    values, report = whole_way(tmp_path, modality, name, tune=False, dim=0)
    assert report["curve"] == [] and "frozen without a projection, nothing to fit" in capsys.readouterr().err
    new = KINDS[modality][1]
    bare = new(encoder=str(tmp_path / "gone"), tune=False, dim=0)
    bare.prepare([])
    for value, item in zip(values, INPUTS[modality], strict=True):
        with torch.no_grad():
            alone = bare.eval()(bare.collate([item])).numpy()
        assert value.shape == (1, 24)
        np.testing.assert_allclose(value, alone, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("tune", [False, True])
@pytest.mark.parametrize(
    ("modality", "name"),
    [pytest.param(*family, marks=[] if family[1] in QUICK else pytest.mark.full) for family in FAMILIES],
)
def test_fitted_by_its_folder(tmp_path, modality, name, tune):
    values, report = whole_way(tmp_path, modality, name, tune=tune, dim=7, pooling="mean_std", layers="last4")
    assert [value.shape for value in values] == [(1, 7)] * COUNT
    assert len(report["curve"]) == 1 and report["encoder"] == "pretrained"


@pytest.mark.slow
def test_words_in_the_cache(tmp_path):
    values, _ = whole_way(tmp_path, "text", "bert", tune=False, dim=5, level="word")
    assert [len(value) for value in values] == [len(line.split()) for line in INPUTS["text"]]


def test_word_vectors_and_what_they_do_not_know(tmp_path, capsys):
    (tmp_path / "glove.txt").write_text("i 1 2\nwas 3 4\ngood 5 6\nbad 7 8\n")
    options = {"encoder": "word_vectors", "vectors": str(tmp_path / "glove.txt"), "tune": False, "dim": 0}
    values, report = fit_and_extract(tmp_path, "text", for_text.new_encoder(section(Text, **options)))
    table = {"I": (1, 2), "was": (3, 4), "good": (5, 6), "bad": (7, 8)}
    known = [[table[word] for word in line.split() if word in table] for line in INPUTS["text"]]
    np.testing.assert_allclose(np.concatenate(values), [np.mean(rows, axis=0) for rows in known], rtol=1e-6)
    assert report["encoder"] == "word_vectors" and report["curve"] == []
    totals = [len(line.split()) for line in INPUTS["text"]]
    counts = [f"{total - len(rows)} of {total}" for rows, total in zip(known, totals, strict=True)]
    with Cache(tmp_path / "text.h5") as cache:
        notes = [note.get("remarks", {}).get("words without a vector") for note in cache.notes]
    assert notes == [None if count.startswith("0") else count for count in counts]
    some = sum(note is not None for note in notes)
    assert f"text features: {some} of {COUNT}: words without a vector: " in capsys.readouterr().err
    assert "glove.txt (sha256 " in (tmp_path / "text.md").read_text()


@pytest.mark.slow
def test_probabilities_of_a_head_and_its_labels(tmp_path):
    torch.manual_seed(0)
    folder = checkpoints.TEXT["roberta"](tmp_path / "checkpoint")
    checkpoints.headed(folder, AutoModelForSequenceClassification)
    settings = section(Text, encoder=str(folder), head=True, tune=False, dim=0)
    values, report = fit_and_extract(tmp_path, "text", for_text.new_encoder(settings))
    assert {value.shape for value in values} == {(1, 3)} and report["curve"] == []
    np.testing.assert_allclose([value.sum() for value in values], 1, rtol=1e-5)
    with Cache(tmp_path / "text.h5") as cache:
        assert json.loads(cache.attributes["settings"])["encoder"]["labels"] == list(checkpoints.LABELS)
    assert '"calm", "cross", "glad"' in (tmp_path / "text.md").read_text()
