"""Scores of each session, where the dialogues' names tell it."""

import json
import re

import pytest
from evaluation.test_report import evaluate, plant, rows_of
from sklearn import metrics

from emotion.evaluation import report


@pytest.fixture
def details(tmp_path, monkeypatch):
    """What a corpus's details say; `names` is what its dialogues are called."""
    for name in ("confusion_figure", "curve_figure"):  # pictures take time
        monkeypatch.setattr(report, name, lambda *_, **__: None)
    monkeypatch.setattr(report.drawing, "png", lambda figure: b"")
    plant(tmp_path, lengths=(5,) * 12)

    def found(name):
        for file in ("index.csv", "probabilities.csv"):
            text = (tmp_path / file).read_text()
            (tmp_path / file).write_text(re.sub(r"\bd(\d\d)", lambda match: name(int(match[1])), text))
        evaluate(tmp_path, tmp_path / "metrics")
        return json.loads((tmp_path / "metrics" / "details.json").read_text())["test"]

    return found


def test_every_session_has_its_scores(details, tmp_path):
    found = details(lambda number: f"Ses{number // 4 % 2 + 1:02}F_impro{number:02}")["per_session"]
    rows = rows_of(tmp_path / "metrics" / "predictions.csv")
    assert list(found) == ["Ses01", "Ses02"]
    for session, given in found.items():
        pairs = [(row["actual"], row["predicted"]) for row in rows if row["dialogue"].startswith(session)]
        actual, predicted = zip(*pairs, strict=True)
        assert given == {
            "n": len(pairs),
            "accuracy": pytest.approx(metrics.accuracy_score(actual, predicted), abs=1e-6),
            "weighted_f1": pytest.approx(metrics.f1_score(actual, predicted, average="weighted"), abs=1e-6),
        }
    assert [given["n"] for given in found.values()] == [10, 5]


def test_a_corpus_that_names_no_sessions_has_none(details):
    assert "per_session" not in details(lambda number: f"dia{number:02}")
