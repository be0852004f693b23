"""Scores of imported features and odd labels: what is scored, what cannot be, and how names are written."""

import csv
import json
import os
import re
import subprocess
import sys

import pytest
from cases.inputs import save_features
from closure import ROOT
from planted_study import conduct, recipe
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core.errors import EmotionError
from emotion.core.tables import csv_rows, csv_text
from emotion.corpus.utterance import read_index
from emotion.evaluation.report import evaluate
from emotion.evaluation.summary import summary

CURVE = "epoch,train_loss,validation_loss,validation_weighted_f1\n1,1.0,1.0,0.5\n"


def imported(folder, *, names=("glad", "sad", "calm"), wrong=0, **options):
    """Import generated features and write probabilities that are right for all utterances but the first `wrong`."""
    save_features(folder, **options)
    data = folder / "data"
    command = ["import", str(folder / "features.pkl"), "--out", str(data), "--split", "file"]
    result = CliRunner().invoke(app, [*command, "--label-names", ",".join(names)])
    assert result.exit_code == 0, result.output
    index = read_index(data / "index.csv", test_labels=True)
    lines = []
    for place, row in enumerate(row for row in index.utterances if row.split != "train"):
        right = index.labels.index(row.label) if place >= wrong else (index.labels.index(row.label) + 1) % 3
        lines.append([row.utterance, row.dialogue, row.split, *(float(c == right) for c in range(len(index.labels)))])
    table = csv_text(["utterance", "dialogue", "split", *index.labels], lines)
    (folder / "models" / "fusion").mkdir(parents=True)
    (folder / "models" / "fusion" / "probabilities.csv").write_text(table)
    (folder / "metrics").mkdir()
    (folder / "metrics" / "training.csv").write_text(CURVE)
    return data


def scored(folder, **options):
    data = imported(folder, **options)
    curve, probabilities = folder / "metrics" / "training.csv", folder / "models" / "fusion" / "probabilities.csv"
    evaluate(data / "index.csv", probabilities, curve, out=folder / "metrics")
    return {name: json.loads((folder / "metrics" / f"{name}.json").read_text()) for name in ("metrics", "details")}


def test_classes_that_do_not_occur_do_not_count(tmp_path, capsys):
    found = scored(tmp_path, labels=lambda d, t: (d + t) % 3 if d < 9 else 0)
    test = found["metrics"]["test"]
    assert (test["macro_f1"], test["unweighted_recall"], test["weighted_f1"], test["accuracy"]) == (1, 1, 1, 1)
    assert test["per_class_f1"] == {"glad": 1.0}
    assert found["details"]["absent"] == {"train": [], "validation": [], "test": ["sad", "calm"]}
    assert found["details"]["test"]["per_class"]["calm"] == {"support": 0, "predicted": 0}
    said = capsys.readouterr().err
    assert "no test utterance of sad, calm: macro F1 is over the classes that occur or are predicted" in said
    assert "nobody knows which utterances trained the encoders of imported features" in said
    assert said.splitlines()[-1] == (
        "test: weighted F1 100.00 % (no interval: 3 dialogues, fewer than 10), accuracy 100.00 %, 12 utterances; "
        "look at it: emotion view"
    )
    summary(tmp_path / "metrics")
    shown = " ".join(capsys.readouterr().out.split())
    assert "No test utterance of: sad, calm." in shown and "no interval: 3 dialogues" in shown


def test_a_class_that_only_the_test_set_has_is_named(tmp_path, capsys):
    found = scored(tmp_path, labels=lambda d, t: t % 2 if d < 9 else 2)
    assert found["details"]["absent"]["train"] == ["calm"]
    assert "no training utterance of calm: it cannot be recognised" in capsys.readouterr().err


def test_enough_dialogues_give_an_interval(tmp_path, capsys):
    test = scored(tmp_path, dialogues=24, test=12, wrong=9)["metrics"]["test"]
    assert test["weighted_f1_ci_low"] < test["weighted_f1"] < 1
    assert " over 12 dialogues), accuracy " in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.slow
def test_features_without_test_utterances_are_scored_on_validation(tmp_path):
    data = imported(tmp_path, test=0)
    with pytest.raises(EmotionError, match=r"no test utterances: `emotion study` scores on validation"):
        evaluate(
            data / "index.csv",
            tmp_path / "models" / "fusion" / "probabilities.csv",
            tmp_path / "metrics" / "training.csv",
            out=tmp_path / "metrics",
        )
    assert [path.name for path in (tmp_path / "metrics").iterdir()] == ["training.csv"]
    command = [sys.executable, "-m", "stages.evaluate"]
    run = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1 and run.stderr.count("\n") == 1
    assert "this corpus has no test utterances: `emotion study`" in run.stderr
    out = conduct(data, tmp_path / "study", models=["cnn"], seeds=1, epochs=1)
    text = (out / "study.md").read_text()
    assert "hold no test utterances" in text and "none (1 dialogue)" in text
    assert "Encoders: unknown training utterances (audio, face, text)." in text


def test_names_without_a_font_are_numbers_in_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", list)
    scored(tmp_path, names=("愤怒", "高兴", "悲伤"))
    legend = "class 1 = 愤怒, class 2 = 高兴, class 3 = 悲伤; install a font that has them, e.g. Noto Sans CJK"
    assert [line.endswith(legend) for line in capsys.readouterr().err.splitlines() if "class 1" in line] == [True]
    summary(tmp_path / "metrics")
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("愤怒", "高兴", "悲伤"))


ODD = ("glad|calm", "<b>sad</b>", "=1+1", "[link](http://x)", "*_`$", "[/red]")


@pytest.mark.slow
def test_odd_labels_break_no_table(tmp_path, capsys):
    options = {"names": ODD, "labels": lambda d, t: (d + t) % 6}
    scored(tmp_path, **options)
    for name in ("predictions.csv", "confusion.csv"):
        text = (tmp_path / "metrics" / name).read_text()
        assert {row[-1 if name == "confusion.csv" else 3] for row in list(csv_rows(text))[1:]} <= set(ODD)
        assert not [cell for row in csv.reader(text.splitlines()) for cell in row if cell.startswith("=")]
    summary(tmp_path / "metrics")
    shown = capsys.readouterr().out
    assert all(label in shown for label in ODD)
    out = conduct(tmp_path / "data", tmp_path / "study", models=["cnn", "fusion"], seeds=1, epochs=1, recipe=recipe)
    text = (out / "study.md").read_text()
    assert "<b>" not in text and "glad\\|calm" in text and "&lt;b&gt;sad&lt;/b&gt;" in text
    assert "\\[link\\](http://x)" in text and "\\*\\_\\`\\$" in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    columns = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
    after = [size for size, line in zip(columns, lines, strict=True) if "---" in line]
    assert set(columns) <= set(after) and 6 + 2 in columns
    classes = {row[1] for row in list(csv_rows((out / "per_class.csv").read_text()))[1:]}
    assert classes == set(ODD)
