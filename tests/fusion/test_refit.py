"""`refit`: what validates the first training is learnt by the second."""

import csv

import pytest
import torch
from planted_corpus import plant
from planted_training import run

from emotion.corpus.utterance import read_index
from emotion.fusion import dataset, train
from emotion.fusion.sequences import join
from emotion.fusion.settings import TrainSettings
from emotion.fusion.train import fit, refit

SETTINGS = TrainSettings(
    model="speaker_fusion", hidden=8, heads=2, lr=1e-2, batch=4, epochs=6, schedule="cosine", averaging=0.5, members=2
)


@pytest.fixture
def planted(tmp_path):
    folder = tmp_path / "planted"
    folder.mkdir()
    return plant(folder, lengths=(9, 8, 7, 6) * 4)


@pytest.mark.parametrize(("history", "future"), [(3, 1), ("all", "all")])
def test_joined_splits_have_the_sequences_of_both(planted, history, future):
    splits = dataset.load(read_index(planted.index), planted.features, history=history, future=future)
    both = join(splits["train"], splits["validation"])
    assert len(both) == len(splits["train"]) + len(splits["validation"])
    assert both.utterances == splits["train"].utterances + splits["validation"].utterances
    place = 0
    for split in ("train", "validation"):
        for number in range(len(splits[split])):
            old, new = splits[split].batch(torch.tensor([number])), both.batch(torch.tensor([place]))
            for name, values in old.features.items():
                assert torch.equal(values, new.features[name])
            for name in ("present", "speakers", "mask", "labels", "target"):
                assert torch.equal(getattr(old, name), getattr(new, name)), name
            place += 1


def test_it_is_the_training_on_both_to_the_last_epoch(planted):
    splits = dataset.load(read_index(planted.index), planted.features, history="all", future="all")
    both = {"train": join(splits["train"], splits["validation"]), "validation": splits["validation"]}
    reached = {}

    def watch(epoch, module):
        reached[epoch] = {name: value.clone() for name, value in module.state_dict().items()}

    fit(both, classes=3, settings=SETTINGS, watch=watch)
    found = refit(splits, classes=3, settings=SETTINGS).state_dict()
    assert all(torch.equal(value, found[name]) for name, value in reached[6].items())
    assert not all(torch.equal(value, found[name]) for name, value in reached[5].items())


def test_a_kill_in_the_second_training_costs_an_epoch_and_changes_nothing(planted, tmp_path, monkeypatch, capsys):
    whole = run(planted, tmp_path / "whole", refit=True, epochs=5, patience=1, lr=1e-9)  # the first ends after two
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("refit fusion: ")]
    assert said[-1] == "refit fusion: all 5 epochs"
    trained, end, steps = [], 4, train.steps

    def counted(sequences, *, epoch, **how):
        if len(trained) == end:
            raise KeyboardInterrupt
        trained.append((len(sequences), epoch))
        return steps(sequences, epoch=epoch, **how)

    monkeypatch.setattr(train, "steps", counted)
    with pytest.raises(KeyboardInterrupt):
        run(planted, tmp_path / "killed", refit=True, epochs=5, patience=1, lr=1e-9)
    first, second = trained[0][0], trained[-1][0]
    assert first < second and trained == [(first, 1), (first, 2), (second, 1), (second, 2)]
    trained.clear()
    end = 9
    again = run(planted, tmp_path / "killed", refit=True, epochs=5, patience=1, lr=1e-9)
    assert trained == [(second, 3), (second, 4), (second, 5)]
    for name in ("model.safetensors", "probabilities.csv", "settings.json"):
        assert (again / name).read_bytes() == (whole / name).read_bytes(), name
    assert list(tmp_path.rglob("*.pt")) == []


def test_the_stage_keeps_the_validation_scores_of_who_had_not_seen_them(planted, tmp_path):
    def probabilities(out, split):
        with (out / "probabilities.csv").open(newline="") as file:
            return [row for row in csv.DictReader(file) if row["split"] == split]

    once, again = (run(planted, tmp_path / str(on), refit=on) for on in (False, True))
    curves = [(tmp_path / str(on) / "metrics" / "training.csv").read_bytes() for on in (False, True)]
    assert curves[0] == curves[1]
    assert probabilities(once, "validation") == probabilities(again, "validation")
    assert probabilities(once, "test") != probabilities(again, "test")
    assert (once / "model.safetensors").read_bytes() != (again / "model.safetensors").read_bytes()
