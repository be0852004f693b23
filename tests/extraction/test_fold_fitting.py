"""Fitting with folds: what each encoder has seen, what is saved and reported, and going on after a kill."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders.planted import vectors, waves
from extraction.planted_media import EACH, ENCODERS, files

from emotion.core.errors import EmotionError, MediaError
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders import fit as fitting
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.base import Encoder
from emotion.encoders.folds import align, fold_folder, load_folds
from emotion.encoders.settings import Fit
from emotion.extraction import fitting as fitting_encoders
from emotion.extraction.fitting import fit_encoder
from emotion.store.trained import RECORD, read_record
from emotion.training import curve, device

FIT = {"epochs": 2, "lr": 1e-2, "weight_decay": 0.0, "batch": 8, "seed": 3}
LABELS = ("calm", "loud")
SESSIONS = ("Ses01", "Ses02", "Ses03")  # of training
WAVES = waves(EACH * (len(SESSIONS) + 1))[0]
ROWS = np.random.default_rng(0).normal(size=(len(WAVES), 40)).astype(np.float32)


class Toy(Encoder):
    """A linear layer that can learn a few rows by heart."""

    modality, name, dim = "audio", "toy", 8

    def __init__(self, **settings):
        super().__init__()
        self.linear = torch.nn.Linear(40, 8)

    def settings(self):
        return {}

    def cost(self, item):
        return 1

    def collate(self, inputs):
        return {"x": torch.from_numpy(np.stack(inputs))}

    def forward(self, batch):
        return self.linear(batch["x"])


class Frozen(Toy):
    """Fitting does not change it."""

    trains = False


def index() -> Index:
    rows = []
    for number in range(len(WAVES)):
        place = number // EACH
        session, split = (SESSIONS[place], "train") if place < len(SESSIONS) else ("Ses09", "validation")
        who = {"speaker": f"{session}_F", "label": LABELS[number % 2], "split": split, "text": ""}
        row = {"utterance": str(number), "dialogue": f"{session}F", "turn": number, "start": 0.0, "end": 1.0} | who
        rows.append(Utterance(**row, audio="a.wav", video="", side="full"))
    return Index(utterances=tuple(rows), labels=LABELS, corpus="toy", digest="0")


def run(folder, *, read=lambda row: ROWS[int(row.utterance)], encoder=None, **options):
    folds = options.pop("folds", 3)
    places = {"out": folder / "out", "report": folder / "report.json", "scratch": folder / "scratch"}
    fit_encoder(index(), encoder or Toy(), read, **places, settings=Fit(**FIT | options), folds=folds)
    return json.loads((folder / "report.json").read_text())


@pytest.mark.slow
def test_each_fold_is_fitted_without_its_session_and_aligned_on_the_others(tmp_path):
    report = run(tmp_path, read=lambda row: WAVES[int(row.utterance)], encoder=ENCODERS["audio"]())
    assert report["folds"]["by"] == "session"
    assert report["folds"]["groups"] == {"Ses01": 1, "Ses02": 2, "Ses03": 3}
    whole = AudioEncoder.load(tmp_path / "out")
    encoders, number = load_folds(tmp_path / "out", AudioEncoder.load)
    for fold in (1, 2, 3):
        others = [row for row in index().utterances if row.split == "train" and number(row) != fold]
        inputs, labels = [WAVES[int(row.utterance)] for row in others], [LABELS.index(row.label) for row in others]
        device.seed_everything(3)
        alone = ENCODERS["audio"]()
        alone.prepare(inputs)
        seen = WAVES[-EACH:], [LABELS.index(row.label) for row in index().utterances[-EACH:]]
        module = fitting.Classifier(alone, classes=2)
        history = fitting.fit(module, (inputs, labels), seen, settings=Fit(**FIT))
        saved = AudioEncoder.load(fold_folder(tmp_path / "out", fold))
        assert all(torch.equal(value, saved.state_dict()[name]) for name, value in alone.state_dict().items())
        matrix, shift = align(vectors(alone, inputs).numpy(), vectors(whole, inputs).numpy())
        expected = vectors(alone, WAVES[:3]) @ matrix + shift
        torch.testing.assert_close(vectors(encoders[fold], WAVES[:3]), expected, atol=1e-4, rtol=1e-4)
        line = report["folds"]["encoders"][fold - 1]
        assert (line["fold"], line["left_out"], line["fitted_on"]) == (fold, EACH, 2 * EACH)
        assert line["best_epoch"] == curve.best_epoch(history).epoch


@pytest.mark.slow
def test_folds_leave_the_main_encoder_as_it_is(tmp_path):
    with_folds, without = run(tmp_path / "three"), run(tmp_path / "one", folds=1)
    one, three = files(tmp_path / "one" / "out"), files(tmp_path / "three" / "out")
    records = [read_record(tmp_path / name / "out", remedy="") for name in ("one", "three")]
    assert records[0] == records[1]
    del one[Path(RECORD)]  # it lists the other files, of which there are more
    assert one == {name: three[name] for name in one}
    assert "folds" not in without
    assert with_folds["curve"] == without["curve"]
    again = run(tmp_path / "again")
    assert again == with_folds and files(tmp_path / "again" / "out") == three


@pytest.mark.slow
def test_a_memorised_label_is_seen_in_the_scores(tmp_path):
    """Noise: an encoder can learn it by heart (validation is a copy here), one that has not seen it can only guess."""
    report = run(tmp_path, read=lambda row: ROWS[int(row.utterance) % 24], epochs=12, lr=3e-2)
    scores = report["folds"]
    assert scores["training_weighted_f1_seen"] > 0.9
    assert scores["training_weighted_f1_left_out"] < 0.75


@pytest.mark.slow
@pytest.mark.parametrize("calls", [3, 8, 12, 14, 20])
def test_a_kill_at_any_time_repeats_no_epoch(tmp_path, monkeypatch, calls):
    """Dies after some steps (there are 3 epochs of 3 + 3 x 2 batches), at last while the result is written."""
    run(tmp_path / "whole", epochs=3)
    seen = []

    def counting(self, batch, generator):
        seen.append(1)
        if len(seen) == calls:
            raise KeyboardInterrupt
        return batch

    monkeypatch.setattr(Toy, "augment", counting)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", epochs=3)
    assert not (tmp_path / "cut" / "out").exists()
    run(tmp_path / "cut", epochs=3)
    assert files(tmp_path / "cut" / "out") == files(tmp_path / "whole" / "out")
    assert (tmp_path / "cut" / "report.json").read_bytes() == (tmp_path / "whole" / "report.json").read_bytes()
    most = 27 + 3  # at most the steps of the epoch in which it died come again
    assert len(seen) <= most
    assert list((tmp_path / "cut" / "scratch").iterdir()) == []


@pytest.mark.slow
def test_a_kill_while_the_result_is_written_repeats_nothing(tmp_path, monkeypatch):
    run(tmp_path / "whole")

    def full(*arguments, **options):
        raise EmotionError("no space")

    monkeypatch.setattr(fitting_encoders, "save_folds", full)
    with pytest.raises(EmotionError, match="no space"):
        run(tmp_path / "cut")
    assert [path.name for path in (tmp_path / "cut").iterdir()] == ["scratch"]
    monkeypatch.undo()
    monkeypatch.setattr(Toy, "augment", None)  # what would be called to train
    run(tmp_path / "cut")
    assert files(tmp_path / "cut" / "out") == files(tmp_path / "whole" / "out")


def test_a_group_that_cannot_be_read_and_more_folds_than_groups(tmp_path):
    def silent(row):
        if row.speaker == "Ses02_F":
            raise MediaError("a.wav: broken")
        return ROWS[int(row.utterance)]

    report = run(tmp_path, read=silent)
    assert [line["left_out"] for line in report["folds"]["encoders"]] == [EACH, 0, EACH]

    def untouched(row):
        raise AssertionError("it is known before anything is read")

    with pytest.raises(EmotionError, match=r"fit\.folds is 4, but the training split has 3 sessions"):
        run(tmp_path, read=untouched, folds=4)


def test_an_encoder_that_fitting_does_not_change_is_saved_without_folds(tmp_path, capsys):
    def untouched(row):
        raise AssertionError("there is nothing to read for")

    report = run(tmp_path, read=untouched, encoder=Frozen())
    assert (report["curve"], "folds" in report) == ([], False)
    assert "best_epoch" not in report and "validation_weighted_f1" not in report  # nothing was measured
    files_there = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files_there == ["model.safetensors", "settings.json", RECORD]
    assert "nothing to fit" in capsys.readouterr().err


def test_balanced_fitting_is_another_fit(tmp_path):
    few = [row for row in index().utterances if row.split == "train" and row.label == "loud"][:-3]

    def rare(row):
        if row in few:
            raise MediaError("a.wav: broken")
        return ROWS[int(row.utterance)]

    plain, balanced = (run(tmp_path / str(value), read=rare, folds=1, balanced=value) for value in (False, True))
    assert plain["utterances"] == balanced["utterances"]
    assert plain["curve"] != balanced["curve"]
