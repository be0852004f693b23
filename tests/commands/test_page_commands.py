"""`emotion report` and `emotion view` as they are typed."""

import pytest
from typer.testing import CliRunner

from benchmarks.planted_run import plant
from emotion.cli import app
from emotion.core.errors import EmotionError


def _run(*words):
    return CliRunner().invoke(app, list(words))


@pytest.mark.slow
def test_report_of_the_run_in_this_folder(tmp_path, monkeypatch):
    plant(tmp_path)
    monkeypatch.chdir(tmp_path)
    done = _run("report", "--out", "page.html", "--media", "faces")
    assert done.exit_code == 0, done.output
    assert "page.html: " in done.stderr
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_nothing_was_run_yet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in (("report",), ("view", "--no-browser")):
        done = _run(*command)
        assert isinstance(done.exception, EmotionError)
        assert "dvc repro index" in str(done.exception)
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    "words", [("report", "--media", "some"), ("report", "--media-limit", "-1"), ("view", "--port", "99999")]
)
def test_wrong_usage(words):
    assert _run(*words).exit_code == 2
