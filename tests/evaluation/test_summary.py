"""`emotion summary` of files that somebody has touched."""

import json
import os
import shutil

import pytest
from closure import ROOT

from emotion.core.errors import EmotionError
from emotion.evaluation.summary import summary


@pytest.fixture
def metrics(tmp_path):
    """The figures of the committed run."""
    for name in ("metrics.json", "details.json"):
        shutil.copy(ROOT / "metrics" / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("value", ["7.5", "NaN", "true", "-1"])
def test_scores_that_cannot_be_are_not_shown(metrics, value, capsys):
    summary(metrics)
    assert "accuracy" in capsys.readouterr().out
    found = json.loads((metrics / "metrics.json").read_text())
    found["test"]["accuracy"] = json.loads(value)
    (metrics / "metrics.json").write_text(json.dumps(found))
    with pytest.raises(EmotionError, match="do not hold what is expected"):
        summary(metrics)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["metrics.json", "details.json"])
def test_what_is_no_file_is_one_line(metrics, name):
    (metrics / name).unlink()
    os.mkfifo(metrics / name)
    with pytest.raises(EmotionError, match=rf"{name}: is a pipe or a device"):
        summary(metrics)
    (metrics / name).unlink()
    (metrics / name).mkdir()
    with pytest.raises(EmotionError, match=rf"{name}: cannot be read \(it is a folder, expected a file\)"):
        summary(metrics)
