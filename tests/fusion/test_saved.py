"""A saved classifier is loaded with the same probabilities; a folder that is none says so in one line."""

import csv
import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmarks.planted_run import plant
from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.fusion import saved
from emotion.fusion.models import registry
from emotion.page.explained import explain


def _saved(folder, labels):
    text = (folder / "models" / "fusion" / "probabilities.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return {row["utterance"]: [float(row[label]) for label in labels] for row in rows}


def _explained(folder):
    found = saved.load(folder / "models" / "fusion")
    features = {name: folder / "data" / "features" / f"{name}.h5" for name in found.modalities}
    index = read_index(folder / "data" / "index.csv")
    return found, index, explain(found, index, features)


@pytest.mark.slow
@pytest.mark.parametrize("model", registry.NAMES)
@pytest.mark.parametrize("context", [(3, 0), ("all", "all")])
def test_probabilities_are_those_that_were_saved(tmp_path, model, context):
    plant(tmp_path, model=model, context=context, words=("text",), members=2, faces=False)
    found, index, said = _explained(tmp_path)
    saved = _saved(tmp_path, found.labels)
    assert len(saved) == sum(row.split != "train" for row in index.utterances)
    for row, values in zip(index.utterances, said.probabilities, strict=True):
        if row.utterance in saved:
            assert np.abs(values - saved[row.utterance]).max() < 1e-6
    assert not found.module.training


@pytest.mark.slow
def test_the_loaded_scaling_is_used(tmp_path):
    plant(tmp_path, faces=False)
    path = tmp_path / "models" / "fusion" / "model.safetensors"
    tensors = load_file(path)
    before = _explained(tmp_path)[2].features["audio"]
    tensors["scaling.audio.mean"] += 1
    save_file(tensors, path)
    found = _explained(tmp_path)
    std, present = tensors["scaling.audio.std"].numpy(), found[2].present[:, 0]
    assert np.abs(found[2].features["audio"] - (before - 1 / std) * present[:, None]).max() < 1e-5


def _settings(**changes):
    def change(folder):
        path = folder / "settings.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def _tensors(change):
    def apply(folder):
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors")

    return apply


def _without(key):
    def change(folder):
        path = folder / "settings.json"
        content = json.loads(path.read_text())
        del content[key]
        path.write_text(json.dumps(content))

    return change


DAMAGE = {
    "no folder": shutil.rmtree,
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "no settings": lambda folder: (folder / "settings.json").unlink(),
    "settings are no object": lambda folder: (folder / "settings.json").write_text("[]"),
    "settings are no JSON": lambda folder: (folder / "settings.json").write_bytes(b"\xff{"),
    "weights are text": lambda folder: (folder / "model.safetensors").write_text("weights"),
    "weights are cut": lambda folder: (folder / "model.safetensors").write_bytes(
        (folder / "model.safetensors").read_bytes()[:-100]
    ),
    "weights are a pickle": lambda folder: torch.save({}, folder / "model.safetensors"),
    "unknown model": _settings(model="../evil"),
    "model is a list": _settings(model=[]),
    "huge hidden": _settings(hidden=10**9),
    "hidden of the limit": _settings(hidden=8192),
    "many members": _settings(members=10**6),
    "heads do not divide": _settings(heads=3),
    "huge dims": _settings(dims={"audio": 10**12, "face": 10, "text": 16}),
    "no dims": _settings(dims={}),
    "labels twice": _settings(labels=["happy", "happy"]),
    "label is a number": _settings(labels=[1, 2]),
    "fewer labels": _settings(labels=["happy", "sad"]),
    "words of another modality": _settings(words=["smell"]),
    "history is negative": _settings(history=-1),
    "dropout is text": _settings(dropout="0.3"),
    "attention is missing in the weights": _settings(attention=False),
    "of an earlier version": _without("speakers"),
    "a tensor more": _tensors(lambda tensors: tensors.update({"model.more": torch.zeros(1)})),
    "a tensor less": _tensors(lambda tensors: tensors.pop("model.norm.weight")),
    "another shape": _tensors(lambda tensors: tensors.update({"model.norm.weight": torch.zeros(3)})),
    "another type": _tensors(lambda tensors: tensors.update({"model.norm.weight": torch.zeros(16).long()})),
    "not finite": _tensors(lambda tensors: tensors["model.norm.weight"].fill_(torch.nan)),
    "no scaling": _tensors(lambda tensors: tensors.pop("scaling.text.std")),
    "scaling divides by zero": _tensors(lambda tensors: tensors["scaling.text.std"].zero_()),
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    plant(folder, faces=False)
    return folder


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_folder_is_one_line_that_names_the_stage(planted, tmp_path, name):
    folder = tmp_path / "fusion"
    shutil.copytree(planted / "models" / "fusion", folder)
    saved.load(folder)
    DAMAGE[name](folder)
    with pytest.raises(EmotionError, match="dvc repro fuse") as caught:
        saved.load(folder)
    assert "\n" not in str(caught.value)
    assert "fusion" in str(caught.value)
