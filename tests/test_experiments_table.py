"""The table of experiments: what changed, sorted by validation, never by test."""

import io

import pytest
from rich.console import Console

from emotion.core.errors import EmotionError
from emotion.experiments import experiments, read_shown, show


def entry(rev, *, name=None, lr=0.001, validation=0.5, test=0.5, **more):
    params = {"params.yaml": {"data": {"lr": lr, "model": "cnn", "audio": {"lr": 0.1}, **more}}}
    scores = {"validation": {"weighted_f1": validation}, "test": {"weighted_f1": test, "accuracy": test}}
    metrics = {"metrics/metrics.json": {"data": scores}}
    return {"rev": rev, "name": name, "data": {"params": params, "metrics": metrics}}


def run(name, state=None, **values):
    executor = {"state": state} if state else None
    return {"revs": [entry("f" * 40, name=name, **values)], "executor": executor, "name": name}


def shown(*runs):
    return [entry("workspace"), entry("e" * 40, name="main") | {"experiments": list(runs)}]


def printed(found, width=80):
    out = io.StringIO()
    show(found, Console(file=out, width=width))
    return out.getvalue()


def test_validation_decides_the_order_and_not_the_test_score():
    found = read_shown(shown(run("a", validation=0.6, test=0.1), run("b", validation=0.7, test=0.0)))
    assert [experiment.name for experiment in found] == ["b", "a", "main"]
    found = read_shown(shown(run("a", validation=0.6, test=0.0), run("b", validation=0.7, test=0.9)))
    assert [experiment.name for experiment in found] == ["b", "a", "main"]


def test_only_what_differs_from_the_commit_is_named():
    found = read_shown(shown(run("a", lr=3e-4, validation=0.9), run("b", audio={"lr": 0.2}, lr=0.001)))
    assert {experiment.name: dict(experiment.changed) for experiment in found} == {
        "a": {"lr": "0.0003"},
        "b": {"audio.lr": "0.2"},
        "main": {},
    }
    assert "a           lr=0.0003" in printed(found)


def test_what_is_not_finished_has_a_name_and_no_scores():
    """DVC gives queued and running ones the scores of the workspace, which are not theirs."""
    failed = {"revs": [{"rev": "d" * 40, "name": "f", "data": None}], "executor": {"state": "failed"}, "name": "f"}
    found = read_shown(shown(run("q", "queued"), run("r", "running"), failed, run("s", "success")))
    assert {experiment.name: experiment.state for experiment in found} == {
        "q": "queued",
        "r": "running",
        "f": "failed",
        "s": "",
        "main": "",
    }
    assert all(experiment.scores == (None, None, None) for experiment in found if experiment.state)
    text = printed(found)
    assert "queued: q (start them: dvc queue start -j 2)" in text and "running: r\n" in text and "failed: f (" in text
    assert max(map(len, text.splitlines())) <= 80


def test_strangers_names_are_printed_as_they_are():
    text = printed(read_shown(shown(run("[red]x\x1b[2J"))))
    assert "[red]x\\x1b[2J" in text


@pytest.mark.slow
def test_no_project_is_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EmotionError, match=r"DVC cannot list the experiments \(.+\); change into the project's folder"):
        experiments()
