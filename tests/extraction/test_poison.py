"""Validation and test cannot reach a fit: other media, other words and other labels there change no weight.

- Test: nothing at all changes, weights, folds, alignments and reports are the same bytes.
- Validation: it chooses the epoch and nothing else. With one epoch there is no choice, and everything fitted is the
  same bytes; with more, every epoch's weights are the same bits, and what is kept are those of one of the epochs.
"""

import json
from itertools import chain

import pytest
import torch
from extraction.planted_media import ENCODERS, files, fit, labels, plant
from safetensors.torch import load_file

from emotion.training import loop

MODALITIES = pytest.mark.parametrize("modality", ENCODERS)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpora")
    found = {poison: plant(folder / (poison or "clean"), poison=poison) for poison in ("", "validation", "test")}
    assert labels(found[""]) != labels(found["validation"]) != labels(found["test"])
    return found


@pytest.mark.slow
@MODALITIES
def test_test_poison_changes_nothing_at_all(corpora, tmp_path, modality):
    fit(modality, corpora[""], tmp_path / "clean", epochs=2)
    fit(modality, corpora["test"], tmp_path / "poisoned", epochs=2)
    clean = files(tmp_path / "clean")
    assert len([name for name in clean if name.name == "model.safetensors"]) == 3  # the whole, and two folds
    assert clean == files(tmp_path / "poisoned")


@pytest.mark.slow
@MODALITIES
def test_validation_poison_changes_no_weight_of_a_given_epoch(corpora, tmp_path, modality):
    fit(modality, corpora[""], tmp_path / "clean")
    fit(modality, corpora["validation"], tmp_path / "poisoned")
    clean, poisoned = (files(tmp_path / name / "encoder") for name in ("clean", "poisoned"))
    assert clean == poisoned
    reports = [json.loads((tmp_path / name / "report.json").read_text()) for name in ("clean", "poisoned")]
    assert reports[0]["curve"][0]["validation_loss"] != reports[1]["curve"][0]["validation_loss"]  # it was used


@pytest.mark.parametrize(
    "modality", ["audio", pytest.param("face", marks=pytest.mark.slow), pytest.param("text", marks=pytest.mark.slow)]
)
def test_validation_poison_changes_nothing_but_the_choice_of_the_epoch(corpora, tmp_path, modality, monkeypatch):
    runs, train = [], loop.train

    def watched(module, **options):
        runs[-1].append([])

        def keep(epoch, net):
            runs[-1][-1].append({name: value.clone() for name, value in net.encoder.state_dict().items()})

        return train(module, **options, watch=keep)

    monkeypatch.setattr(loop, "train", watched)
    for name, poison in (("clean", ""), ("poisoned", "validation")):
        runs.append([])
        fit(modality, corpora[poison], tmp_path / name, epochs=2)
    clean, poisoned = runs
    assert [len(epochs) for epochs in clean] == [len(epochs) for epochs in poisoned] == [2, 2, 2]
    for one, other in zip(chain(*clean), chain(*poisoned), strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)
    for name in ("clean", "poisoned"):
        report = json.loads((tmp_path / name / "report.json").read_text())
        chosen = [report["best_epoch"], *(line["best_epoch"] for line in report["folds"]["encoders"])]
        folders = [tmp_path / name / "encoder" / place for place in ("", "folds/1", "folds/2")]
        for epochs, best, folder in zip(clean, chosen, folders, strict=True):
            kept = load_file(folder / "model.safetensors")
            assert all(torch.equal(value, epochs[best - 1][key]) for key, value in kept.items())


@pytest.mark.slow
@MODALITIES
def test_training_poison_does_change_the_weights(corpora, tmp_path, modality):
    """The tests above can fail: poison that may be read is seen."""
    fit(modality, corpora[""], tmp_path / "clean", folds=1)
    fit(modality, plant(tmp_path / "corpus", poison="train"), tmp_path / "poisoned", folds=1)
    weights = [files(tmp_path / name / "encoder") for name in ("clean", "poisoned")]
    assert weights[0] != weights[1]
