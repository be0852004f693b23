"""`train.fit`: the training behind the stage and the studies."""

import csv

import numpy as np
import planted_corpus
import pytest
import torch
from planted_corpus import LABELS, plant
from safetensors.torch import load_file
from sklearn.metrics import f1_score

from emotion.corpus.utterance import read_index
from emotion.fusion import dataset
from emotion.fusion import train as fusing
from emotion.fusion.logits import predict
from emotion.fusion.settings import TrainSettings
from emotion.fusion.threads import threads
from emotion.fusion.train import fuse
from emotion.training.curve import best_epoch

SMALL = {"hidden": 8, "heads": 2, "dropout": 0.1, "lr": 1e-2, "weight_decay": 5e-5, "batch": 4}
EXTRAS = {
    "schedule": "cosine",
    "averaging": 0.5,
    "input_dropout": 0.2,
    "modality_dropout": 0.2,
    "mixstyle": 0.5,
    "smoothing": 0.1,
    "balanced": "weights",
    "clip": 1.0,
}


def whole(planted):
    return dataset.load(read_index(planted.index), planted.features, history="all", future="all")


def fit(splits, *, checkpoint=None, watch=None, **settings):
    return fusing.fit(splits, classes=3, settings=TrainSettings(**settings), checkpoint=checkpoint, watch=watch)


@pytest.fixture
def planted(tmp_path):
    return plant(tmp_path, lengths=(9, 8, 7, 6) * 4)


@pytest.mark.slow
def test_fit_is_what_the_stage_does(planted, tmp_path):
    out, curve = tmp_path / "fusion", tmp_path / "training.csv"
    scratch = tmp_path / "scratch"
    fuse(
        planted.index,
        planted.features,
        out=out,
        curve=curve,
        scratch=scratch,
        settings=TrainSettings(history="all", future="all", epochs=4, **SMALL),
    )
    module, lines = fit(whole(planted), model="fusion", epochs=4, seed=1, **SMALL)
    saved = load_file(out / "model.safetensors")
    assert all(torch.equal(saved[f"model.{name}"], value) for name, value in module.state_dict().items())
    with curve.open(newline="") as file:
        assert [f"{line.train_loss:.6f}" for line in lines] == [row["train_loss"] for row in csv.DictReader(file)]


@pytest.mark.slow
@pytest.mark.parametrize("how", [{}, {**EXTRAS, "members": 2}], ids=["plain", "extras"])
def test_the_number_of_threads_does_not_change_a_bit(tmp_path, how):
    splits = whole(plant(tmp_path, lengths=(40, 9, 6, 7) * 6))  # steps of two parts
    found, before = [], torch.get_num_threads()
    try:
        for count in (1, 2, 2):
            torch.set_num_threads(count)
            module, _ = fit(splits, model="fusion", epochs=3, seed=1, **SMALL | {"batch": 16} | how)
            found.append(module.state_dict())
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(value, other[name]) for name, value in found[0].items())


@pytest.mark.slow
@pytest.mark.parametrize("model", ["fusion", "speaker_fusion"])
def test_fit_says_nothing_without_a_title_and_shows_every_epoch(planted, model, capsys):
    splits, seen = whole(planted), []

    def watch(epoch, module):
        assert not module.training
        assert not torch.is_grad_enabled()
        seen.append((epoch, predict(module, splits["validation"])))

    module, lines = fit(splits, model=model, epochs=5, seed=2, watch=watch, **SMALL, **EXTRAS)
    assert capsys.readouterr().err == ""
    assert [epoch for epoch, _ in seen] == [line.epoch for line in lines] == [1, 2, 3, 4, 5]
    known = splits["validation"].labels
    scores = [f1_score(known, logits.argmax(1), average="weighted") for _, logits in seen]
    assert scores == pytest.approx([line.validation_weighted_f1 for line in lines])
    assert torch.equal(predict(module, splits["validation"]), seen[best_epoch(lines).epoch - 1][1])


@pytest.mark.slow
@pytest.mark.parametrize("name", EXTRAS)
def test_every_switch_changes_the_training(planted, name):
    splits = whole(planted)
    plain, varied = (
        fit(splits, model="fusion", epochs=3, seed=2, **SMALL, **extra) for extra in ({}, {name: EXTRAS[name]})
    )
    assert plain[1] != varied[1]


@pytest.mark.slow
def test_a_killed_fit_with_everything_on_continues_to_the_same_bits(planted, tmp_path):
    splits = whole(planted)
    expected, lines = fit(splits, model="speaker_fusion", epochs=5, seed=2, **SMALL, **EXTRAS)

    def die(epoch, module):
        if epoch == 3:
            raise KeyboardInterrupt

    checkpoint = tmp_path / "fit.pt"
    with pytest.raises(KeyboardInterrupt):
        fit(splits, model="speaker_fusion", epochs=5, seed=2, checkpoint=checkpoint, watch=die, **SMALL, **EXTRAS)
    assert checkpoint.exists()
    module, again = fit(splits, model="speaker_fusion", epochs=5, seed=2, checkpoint=checkpoint, **SMALL, **EXTRAS)
    assert again == lines
    assert all(
        torch.equal(a, b) for a, b in zip(expected.state_dict().values(), module.state_dict().values(), strict=True)
    )


@pytest.mark.slow
def test_patience_ends_a_training_that_gets_no_better(planted):
    splits, settings = whole(planted), SMALL | {"model": "cnn", "lr": 0.1, "epochs": 12}
    _, all_epochs = fit(splits, **settings)
    _, lines = fit(splits, **settings, patience=2)
    assert len(lines) < 12 and lines == all_epochs[: len(lines)]
    assert best_epoch(lines).epoch == len(lines) - 2
    heard = []
    fusing.fit(splits, classes=3, settings=TrainSettings(**settings, patience=2), told=heard.append)
    assert heard == [line.validation_weighted_f1 for line in lines]


@pytest.mark.slow
def test_members_are_trained_as_if_each_were_alone(planted):
    """The loss is a sum, so no member's gradient depends on another, and the vote is theirs."""
    splits = whole(planted)
    module, _ = fit(splits, model="fusion", members=2, epochs=3, seed=1, **(SMALL | {"dropout": 0.0}))
    votes = [predict(member, splits["validation"]).softmax(1) for member in module.members]
    torch.testing.assert_close(predict(module, splits["validation"]).exp(), sum(votes) / 2)
    last = [fit(splits, model="fusion", members=k, epochs=1, seed=1, **(SMALL | {"dropout": 0.0}))[0] for k in (1, 2)]
    for alone, member in zip(last[0].parameters(), last[1].members[0].parameters(), strict=True):
        torch.testing.assert_close(alone, member)


@pytest.mark.slow
def test_predictions_of_two_threads_are_those_of_one(tmp_path):
    train = whole(plant(tmp_path, lengths=(40, 9, 6, 7) * 6))["train"]
    assert len(train.groups(torch.arange(len(train)))) > 1
    module, _ = fit({"train": train, "validation": train}, model="fusion", epochs=1, seed=1, **SMALL)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with threads(module) as helper:
            found = predict(module, train, helper=helper)
    finally:
        torch.set_num_threads(before)
    assert helper is not None
    assert not found.requires_grad
    assert torch.equal(found, predict(module, train))


@pytest.mark.slow
def test_cnn_reads_words_where_there_are_some(planted):
    """The words' mean is the same for all; only their order tells the classes apart."""
    index = read_index(planted.index)
    rng = np.random.default_rng(0)
    marks = {label: rng.normal(size=(3, 6)) for label in LABELS}
    words = []
    for row in planted.utterances:
        mark = marks[row.label]
        words.append(np.concatenate([mark, -mark, rng.normal(size=(rng.integers(1, 4), 6)) * 0.1]).astype(np.float32))
    here = np.ones(len(words), dtype=bool)
    planted_corpus.write_words(planted.features["text"], planted.utterances, words, here, digest=index.digest)
    splits = dataset.load(index, {"text": planted.features["text"]}, history="all", future="all")
    _, lines = fit(splits, model="cnn", epochs=12, seed=1, **SMALL)
    assert best_epoch(lines).validation_weighted_f1 > 0.8
    assert best_epoch(fit(splits, model="bc_lstm", epochs=12, seed=1, **SMALL)[1]).validation_weighted_f1 < 0.7
