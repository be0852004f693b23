"""Choosing settings: without looking at the test set, and by hand."""

import json

import numpy as np
import pytest
from planted_study import conduct, plant, recipe, relabel_test, results, rows_of
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core.errors import EmotionError
from emotion.core.settings import read_changes
from emotion.fusion.recipes import read_chosen, read_recipe
from emotion.study import folds as folds_module


@pytest.mark.slow
def test_validation_only_never_reads_a_test_label(features, tmp_path, no_pictures, monkeypatch):
    """Nor a test feature: the runs are those of a corpus whose test labels are others."""
    real = folds_module.read_index
    monkeypatch.setattr(
        folds_module, "read_index", lambda path, *, test_labels: real(path, test_labels=test_labels and pytest.fail())
    )
    options = {"models": ["cnn"], "seeds": 1, "epochs": 1, "validation_only": True}
    out = conduct(features, tmp_path / "one", **options)
    (result,) = results(out).values()
    assert result.logs["test"].size == 0 and result.by_epoch.shape[1] == 0
    (row,) = rows_of(out / "study.csv")
    assert row["test_weighted_f1"] == "" and float(row["validation_weighted_f1"]) > 0
    assert (
        "Test utterances were left out (--validation-only), so everything is scored on"
        in (out / "study.md").read_text()
    )
    other = plant(tmp_path / "features")
    relabel_test(other)
    again = conduct(other, tmp_path / "two", **options)
    for name in ("study.md", "study.csv", "per_class.csv", "study.json"):
        assert (again / name).read_bytes() == (out / name).read_bytes(), name


@pytest.mark.slow
def test_validation_only_of_held_out_sessions(features, tmp_path, no_pictures):
    options = {"models": ["cnn"], "seeds": 1, "epochs": 1, "protocol": "session"}
    out = conduct(features, tmp_path, validation_only=True, **options)
    (row,) = rows_of(out / "study.csv")
    assert row["test_weighted_f1"] == row["validation_weighted_f1_ci_low"] == ""  # folds share dialogues
    assert json.loads((out / "study.json").read_text())["scored"] == "validation"


@pytest.mark.slow
def test_settings_by_hand_reach_the_run_and_the_page(features, tmp_path):
    options = ["--models", "cnn", "--seeds", "1", "--epochs", "1", "--workers", "1", "--validation-only"]
    given = ["--set", "lr=5e-3", "--set", "balanced=weights"]
    command = ["study", "--features", str(features), "--out", str(tmp_path), *options, *given, "--quiet"]
    assert CliRunner().invoke(app, command).exit_code == 0
    known = json.loads((tmp_path / "study.json").read_text())
    assert known["settings"]["cnn"]["lr"] == 5e-3 and known["settings"]["cnn"]["balanced"] == "weights"
    assert known["chosen"]["cnn"].endswith("not tuned; set by hand: lr 0.005, balanced weights")
    assert known["chosen"]["cnn"] in (tmp_path / "study.md").read_text()


def test_settings_are_checked_as_in_a_file():
    assert read_changes(["lr=1e-3", "history=all", "clip = 1"]) == {"lr": 1e-3, "history": "all", "clip": 1}
    assert read_recipe("fusion", changes={"lr": 1e-3}) == read_recipe("fusion") | {"lr": 1e-3}
    cases = {
        "lr": "expected KEY=VALUE",
        "=1": "expected KEY=VALUE",
        "lr=[1]": "expected KEY=VALUE",
        "lr={": "not valid",
    }
    for text, message in cases.items():
        with pytest.raises(EmotionError, match=message):
            read_changes([text])
    with pytest.raises(EmotionError, match="--set lr=2: lr is set twice"):
        read_changes(["lr=1", "lr=2"])
    for changes, message in (
        ({"lrr": 1.0}, r"fusion\.yaml with --set: unknown key lrr; did you mean lr\?"),
        ({"lr": -1.0}, "lr is -1.0, expected a finite number > 0"),
        ({"history": 3}, "expected all for both"),
        ({"chosen": "me"}, "unknown key chosen"),
    ):
        with pytest.raises(EmotionError, match=message):
            read_recipe("fusion", changes=changes)


def test_who_chose_is_read_from_the_recipe(tmp_path):
    (tmp_path / "cnn.yaml").write_text("chosen: somebody, on something\n")
    (tmp_path / "fusion.yaml").write_text("lr: 1e-3\n")
    assert read_chosen("cnn", tmp_path) == "somebody, on something"
    assert read_chosen("fusion", tmp_path) == "not said in its recipe"
    assert read_recipe("cnn", tmp_path) == read_recipe("cnn", tmp_path, changes={})
    (tmp_path / "cnn.yaml").write_text('chosen: "two\\nlines"\n')
    with pytest.raises(EmotionError, match=r"cnn\.yaml: chosen is 'two.*expected one line"):
        read_chosen("cnn", tmp_path)


def test_a_refit_model_is_scored_on_the_test_set_alone(tmp_path):
    data = plant(tmp_path / "data", sessions=1)
    (once,), (again,) = (
        results(
            conduct(data, tmp_path / str(on), models=["cnn"], seeds=1, recipe=lambda m, on=on: recipe(m, refit=on))
        ).values()
        for on in (False, True)
    )
    assert once.epoch == again.epoch and np.array_equal(once.by_epoch, again.by_epoch)
    assert np.array_equal(once.logs["validation"], again.logs["validation"])
    assert not np.array_equal(once.logs["test"], again.logs["test"])
