"""The line that says how far a study is: runs, epochs of the runs in hand, rate, time left."""

import io
import re

import pytest
from planted_study import conduct, plant
from rich.console import Console
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core import logs, progress
from emotion.study import run as run_module

LINE = re.compile(
    r"study: (\d+)/(\d+) runs(?:, (\d+)/(\d+) epochs in hand)?: (\d+)/(\d+) epochs, [\d.]+ epochs/(?:s|min), "
    r"\d+ s left"
)


@pytest.fixture
def lines(monkeypatch, capsys):
    """lines() -> the numbers of every progress line so far; one is printed for each epoch."""
    monkeypatch.setattr(progress, "_LINE_EVERY", -1.0)
    logs.start("info")

    def read():
        said = [line for line in capsys.readouterr().err.splitlines() if "epochs/" in line]
        found = [LINE.fullmatch(line) for line in said]
        assert all(found), said
        return [tuple(int(number or 0) for number in match.groups()) for match in found]

    return read


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.full)])
def test_runs_and_epochs_are_counted(features, tmp_path, no_pictures, lines, workers):
    """Three runs of three epochs each; a second study of five more runs begins with those that are there."""
    conduct(features, tmp_path, models=["cnn"], seeds=3, workers=workers)
    found = lines()
    assert [(epochs, total) for *_, epochs, total in found] == [(number, 9) for number in range(1, 10)]
    assert found[-1] == (3, 3, 0, 0, 9, 9)
    for runs, all_runs, done, of, epochs, _ in found:
        assert all_runs == 3 and epochs == 3 * runs + done
        assert of in (0, *(3 * number for number in range(1, workers + 1))) and done <= of
    assert any(0 < done < of for _, _, done, of, *_ in found)
    conduct(features, tmp_path, models=["cnn", "fusion"], seeds=4, workers=workers)
    found = lines()
    assert found[0][:2] == (3, 8) and found[0][4:] == (10, 24)
    assert found[-1] == (8, 8, 0, 0, 24, 24)
    conduct(features, tmp_path, models=["cnn", "fusion"], seeds=4, workers=workers)
    assert lines() == []


@pytest.mark.slow
def test_a_run_that_is_begun_anew_counts_no_epoch_twice(features, tmp_path, no_pictures, lines, monkeypatch):
    real = run_module.train.fit

    def twice(splits, *, watch, **options):
        watch(1, real(splits, watch=lambda *_: None, **options)[0])  # as far as its first process came
        return real(splits, watch=watch, **options)

    monkeypatch.setattr(run_module.train, "fit", twice)
    conduct(features, tmp_path, models=["cnn"], seeds=1)
    assert [epochs for *_, epochs, _ in lines()] == [1, 2, 3]


@pytest.mark.slow
def test_features_without_test_utterances_have_the_line_too(tmp_path, no_pictures, lines):
    conduct(plant(tmp_path / "features", test=False), tmp_path / "out", models=["cnn"], seeds=1)
    assert [epochs for *_, epochs, _ in lines()] == [1, 2, 3]


@pytest.mark.slow
def test_a_terminal_has_one_line_of_its_width(features, tmp_path, no_pictures, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(
        progress, "Console", lambda **_: Console(file=screen, force_terminal=True, width=80, legacy_windows=False)
    )
    logs.start("info")
    conduct(features, tmp_path, models=["cnn"], seeds=2)
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue()).rstrip("\n").split("\r")[-1]
    assert last.startswith("study: 2/2 runs ") and "6/6" in last and "epochs/" in last
    assert "\n" not in last and len(last) <= 80


@pytest.mark.slow
def test_quiet_says_nothing(features, tmp_path, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda **_: Console(file=screen, force_terminal=True))
    logs.start("info")
    options = ["--models", "cnn", "--seeds", "1", "--epochs", "1", "--workers", "1"]
    command = ["study", "--features", str(features), "--out", str(tmp_path), *options]
    result = CliRunner().invoke(app, [*command, "--quiet"])
    assert (result.exit_code, result.output, screen.getvalue()) == (0, "", "")
    (tmp_path / "runs").rename(tmp_path / "old")
    result = CliRunner().invoke(app, command)
    assert "study written" in result.output and "1/1 runs" in screen.getvalue()
