"""`emotion train`: the model of the pipeline to the byte, goes on after kill -9, does again only what must be."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from closure import ROOT
from pipeline.planted_table import FEW, plant, words
from typer.testing import CliRunner

from emotion.bundle.packing import pack
from emotion.cli import app
from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.params import Params, as_yaml, changed

STAGES = (
    *("index", "faces"),
    *(f"{do}_{name}" for name in ("audio", "face", "text") for do in ("fit", "extract")),
    *("fuse", "evaluate"),
)
pytestmark = pytest.mark.slow


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def train(root, out, *more, **changes):
    arguments = ["train", "--corpus", "table", "--root", str(root), "--out", str(out), "--name", "small"]
    return [*arguments, *more, *words(**changes)]


def done(*arguments):
    """Output of the command, and the steps that were done."""
    logs.start()
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.exception
    steps = re.findall(r"step \d+ of \d+, ([a-z ]+)(: done before)?\n", result.stderr)
    return result.stdout, [name for name, before in steps if not before]


@pytest.fixture(scope="module", autouse=True)
def in_this_process():
    """No worker processes: each would import everything again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOTION_WORKERS", "1")
        patch.setenv("EMOTION_PATIENCE", "0")
        yield


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("planted") / "raw")


@pytest.fixture(scope="module")
def made(corpus, tmp_path_factory):
    """A model, trained in one go; to read only."""
    out = tmp_path_factory.mktemp("made") / "mine"
    return out, *done(*train(corpus, out))


@pytest.fixture
def command(tmp_path):
    """The command in a process of its own, as a user starts it."""

    def start(*arguments):
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, "-m", "emotion", *arguments],
            env=environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            cwd=tmp_path,
        )

    return start


def test_the_last_line_says_what_was_made_and_how_to_use_it(made):
    out, said, steps = made
    last = said.splitlines()[-1]
    assert re.fullmatch(
        rf"{out}: fusion on audio\+face\+text, 2 emotions, weighted F1 [\d.]+ % of \d+ test utterances; use it: "
        rf"emotion predict talk\.mp4 --model {out} --out talk",
        last,
    )
    assert steps[0] == "index" and steps[-3:] == ["fuse", "evaluate", "pack"] and len(steps) == 11


def test_the_model_has_the_bytes_of_the_pipelines(corpus, made, tmp_path):
    """The stages' own scripts, on the same corpus and settings."""
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "data" / "raw" / "table").symlink_to(corpus)
    params = changed(Params(), ["corpus=table", *(f"{key}={value}" for key, value in FEW.items())])
    (tmp_path / "params.yaml").write_text(as_yaml(params), encoding="utf-8")
    code = f"import runpy\nfor stage in {STAGES}: runpy.run_module(f'stages.{{stage}}', run_name='__main__')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    pack(tmp_path / "packed", project=tmp_path, name="small")
    theirs, ours = files(tmp_path / "packed"), files(made[0])
    assert sorted(theirs) == sorted(ours) and len(ours) > 8
    assert [name for name in ours if ours[name] != theirs[name]] == []
    metrics = Path(f"{made[0]}.run") / "metrics"
    for name in ("metrics.json", "details.json", "training.csv", "predictions.csv"):
        assert (metrics / name).read_bytes() == (tmp_path / "metrics" / name).read_bytes(), name


@pytest.mark.full
def test_after_kills_the_same_command_goes_on(corpus, made, command, tmp_path):
    """Killed three times, each as soon as it says that it begins a step: what was finished is kept, bytes are equal."""
    arguments = train(corpus, tmp_path / "mine")
    for at in ("faces", "fit audio", "fuse"):
        process, begun = command(*arguments), []
        for line in process.stderr:
            begun += re.findall(r"step \d+ of \d+, ([a-z ]+)\n", line)
            if begun[-1:] == [at]:
                os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL and not (tmp_path / "mine").exists()
    assert "faces" not in begun and begun[:2] == ["index", "fit audio"]
    assert done(*arguments)[1] == ["index", "fuse", "evaluate", "pack"]
    assert files(tmp_path / "mine") == files(made[0])


def test_only_what_reads_a_changed_setting_is_done_again(corpus, tmp_path):
    few = {"modalities": "audio+text"}
    out = tmp_path / "mine"
    assert done(*train(corpus, out, **few))[1][1:5] == ["fit audio", "extract audio", "fit text", "extract text"]
    before = files(out)
    assert done(*train(corpus, out, **few))[1] == ["index", "pack"] and files(out) == before
    assert done(*train(corpus, out, lr=2e-3, **few))[1] == ["index", "fuse", "evaluate", "pack"]
    assert files(out) != before
    steps = done(*train(corpus, out, **few | {"text.epochs": 1}))[1]
    assert steps == ["index", "fit text", "extract text", "fuse", "evaluate", "pack"]


def test_another_corpus_in_the_same_place_is_seen(tmp_path):
    root, out, few = plant(tmp_path / "raw"), tmp_path / "mine", {"modalities": "audio"}
    done(*train(root, out, **few))
    (root / "p1.wav").write_bytes((root / "p0.wav").read_bytes())
    assert done(*train(root, out, **few))[1][:3] == ["index", "fit audio", "extract audio"]
    table = (root / "utterances.csv").read_text().replace("p0_0,glad", "p0_0,low")
    (root / "utterances.csv").write_text(table)
    assert done(*train(root, out, **few))[1][:3] == ["index", "fit audio", "extract audio"]


def test_what_is_somebodys_own_is_not_touched(corpus, tmp_path):
    (tmp_path / "mine.run").mkdir()
    (tmp_path / "mine.run" / "letter.txt").write_text("dear")
    result = CliRunner().invoke(app, train(corpus, tmp_path / "mine"))
    assert isinstance(result.exception, EmotionError) and "is not of an earlier training" in str(result.exception)
    result = CliRunner().invoke(app, train(corpus, tmp_path / "mine", "--run", str(tmp_path / "mine")))
    assert "is the model's folder too" in str(result.exception)
    assert [path.name for path in (tmp_path / "mine.run").iterdir()] == ["letter.txt"]


def test_a_second_run_in_the_same_folder_is_refused(corpus, command, tmp_path):
    arguments = train(corpus, tmp_path / "mine")
    process = command(*arguments)
    try:
        assert any("step 2" in line for line in process.stderr)
        result = CliRunner().invoke(app, arguments)
        assert "another process is writing it" in str(result.exception)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_the_runs_folder_looks_like_a_project(made):
    run = Path(f"{made[0]}.run")
    assert json.loads((run / "done.json").read_text()).keys() >= {"index", "faces", "fit face", "fuse", "evaluate"}
    assert (run / "data" / "raw" / "table" / "utterances.csv").is_file() and (run / "params.yaml").is_file()
