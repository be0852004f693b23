import csv

import pytest
from planted_study import plant
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core.errors import EmotionError

runner = CliRunner()


@pytest.mark.slow
def test_a_quick_look(tmp_path):
    features = plant(tmp_path / "features")
    out = tmp_path / "out"
    arguments = ["--features", str(features), "--out", str(out), "--models", "cnn", "--seeds", "1", "--epochs", "1"]
    result = runner.invoke(app, ["study", *arguments, "--workers", "1"])
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[-1] == f"study written: {out / 'study.md'}; look at it: emotion view {out}"
    with (out / "runs.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["model"], row["epoch"]) == ("cnn", "1")
    assert float(row["test_weighted_f1"]) <= float(row["peek_weighted_f1"])


def test_wrong_options(tmp_path):
    result = runner.invoke(app, ["study", "--features", str(tmp_path), "--out", str(tmp_path), "--workers", "0"])
    assert result.exit_code == 2
    result = runner.invoke(app, ["study", "--features", str(tmp_path / "none"), "--out", str(tmp_path)])
    assert isinstance(result.exception, EmotionError)
    result = runner.invoke(app, ["study", "--help"], env={"COLUMNS": "200"})
    for word in ("leave-one-session-out", "--ablate", "default: EMOTION_WORKERS"):
        assert word in " ".join(result.output.split()), word


@pytest.mark.parametrize("command", ["import", "export"])
def test_help_says_what_is_read(command):
    result = runner.invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "emotion " + command in result.output
