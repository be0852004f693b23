"""Another run beside this one: from a folder, from an experiment in git with DVC's cache, or one line why not."""

import base64
import hashlib
import json
import os
import shutil
import subprocess

import numpy as np
import pytest

from benchmarks.planted_run import plant
from emotion.core.errors import EmotionError
from emotion.page.against import compare
from emotion.page.data import gather
from emotion.page.files import read_run


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    plant(folder, faces=False)
    other = folder / "other"
    shutil.copytree(folder / "metrics", other / "metrics")
    params = (folder / "params.yaml").read_text(encoding="utf-8").replace("\nlr: 3e-4 ", "\nlr: 1e-3 ")
    (other / "params.yaml").write_text(params, encoding="utf-8")
    _commit_experiment(folder)
    return gather(read_run(folder))


def _git(folder, *arguments):
    names = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _commit_experiment(folder):
    """An experiment whose predictions are in DVC's cache, and one whose predictions are not."""
    metrics = folder / "metrics"
    content = (metrics / "predictions.csv").read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    cached = folder / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    _git(folder, "init", "-q")
    for name, digest in (("kept", md5), ("gone", "0" * 32)):
        outs = f"    outs:\n    - path: metrics/predictions.csv\n      md5: {digest}\n"
        (folder / "dvc.lock").write_text(f"stages:\n  evaluate:\n    cmd: x\n{outs}", encoding="utf-8")
        _git(folder, "add", "-f", "dvc.lock", "params.yaml", "metrics/metrics.json", "metrics/details.json")
        _git(folder, "commit", "-qm", name)
        _git(folder, "update-ref", f"refs/exps/ab/cdef/{name}", "HEAD")


def _check(shown, found):
    test = [i for i, row in enumerate(found.run.index.utterances) if row.split == "test"]
    predicted = np.frombuffer(base64.b64decode(shown["predicted"][3:]), dtype=np.uint8)
    assert predicted[test].tolist() == found.explained.probabilities[test].argmax(1).tolist()
    assert set(np.delete(predicted, test).tolist()) == {255}
    assert shown["scores"] == found.run.scores
    assert shown["interval"] == found.data["interval"]


@pytest.mark.slow
def test_a_folder(found):
    shown = compare(found, str(found.run.folder / "other"))
    _check(shown, found)
    assert shown["changed"] == [["lr", "0.0003", "0.001"]]


def test_an_experiment(found):
    shown = compare(found, "kept")
    _check(shown, found)
    assert shown["changed"] == []
    assert shown["name"] == "kept"


def test_a_revision(found):
    _check(compare(found, "HEAD~1"), found)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("gone", "dvc fetch"),
        ("nobody", "dvc exp list"),
        ("--output=x", "expected a folder"),
        ("a\nb", "expected a folder"),
        ("HEAD:dvc.lock", "dvc exp list"),
    ],
)
def test_what_is_not_there_is_one_line(found, name, line):
    with pytest.raises(EmotionError, match=line) as caught:
        compare(found, name)
    assert "\n" not in str(caught.value)


def test_damaged_folders(found, tmp_path):
    with pytest.raises(EmotionError, match=r"metrics\.json: not found"):
        compare(found, str(tmp_path))
    shutil.copytree(found.run.folder / "metrics", tmp_path / "metrics")
    (tmp_path / "metrics" / "metrics.json").write_text("[]")
    with pytest.raises(EmotionError, match="no scores of a test set"):
        compare(found, str(tmp_path))
    (tmp_path / "metrics" / "metrics.json").write_text(json.dumps(found.run.scores))
    (tmp_path / "metrics" / "predictions.csv").write_text("utterance,actual\nx,happy\n")
    with pytest.raises(EmotionError, match="other utterances"):
        compare(found, str(tmp_path))


def test_damaged_predictions_of_a_folder(found, tmp_path):
    shutil.copytree(found.run.folder / "metrics", tmp_path / "metrics")
    path = tmp_path / "metrics" / "predictions.csv"
    text = path.read_text(encoding="utf-8")
    head, first, rest = text.split("\n", 2)
    damages = {
        text.replace("happy", "joy", 1): r"predictions\.csv: expected a number for each of .*, found nothing; ",
        "\n".join([head, first.rsplit(",", 1)[0] + ",nan", rest]): r"found 'nan'; .* run dvc repro there$",
        '"never closed': r"predictions\.csv: damaged \(.*\), expected CSV; run dvc repro there$",
    }
    for damaged, message in damages.items():
        path.write_text(damaged, encoding="utf-8")
        with pytest.raises(EmotionError, match=message) as caught:
            compare(found, str(tmp_path))
        assert "\n" not in str(caught.value)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(EmotionError, match=r"predictions\.csv: is a pipe or a device"):
        compare(found, str(tmp_path))
