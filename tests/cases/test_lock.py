"""The test set's lock, and what hangs together with it, by the stages as they are run by hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cases.inputs import rows, save_features, table, tiny_bert
from typer.testing import CliRunner

from emotion.cli import app

HERE = Path(__file__).parents[2]
PARAMS = (HERE / "params.yaml").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with params.yaml for a table of text, in which stages are run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    settle(corpus="table", modalities="text", epochs="2")
    return tmp_path


def settle(section="", **values):
    """Write params.yaml anew, with other values at the top or in a section."""
    lines, inside = Path("params.yaml").read_text().splitlines() if Path("params.yaml").exists() else [], ""
    out = []
    for line in lines or PARAMS.splitlines():
        if line[:1].isalpha() and line.split("#")[0].strip().endswith(":"):
            inside = line.split(":")[0]
        name = line.split(":")[0].strip()
        here = inside == section if line.startswith(" ") else not section
        out.append(
            f"{line[: len(line) - len(line.lstrip())]}{name}: {values[name]}" if here and name in values else line
        )
    Path("params.yaml").write_text("\n".join(out) + "\n")


def stage(*names):
    """Run stages one after the other, until one fails; exit code and stderr."""
    environment = os.environ | {"PYTHONPATH": str(HERE), "EMOTION_WORKERS": "1", "EMOTION_PATIENCE": "0"}
    code = f"import runpy\nfor name in {names}: runpy.run_module(f'stages.{{name}}', run_name='__main__')"
    command = [sys.executable, "-c", code]  # one process: it is the imports that take long
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


@pytest.mark.slow
def test_split_changed_after_fit(project):
    part = ["train"] * 12 + ["validation"] * 6 + ["test"] * 6
    raw = project / "data" / "raw" / "table"
    settle("text", epochs="1")

    def corpus(parts):
        raw.mkdir(exist_ok=True)
        table(raw, rows(n=24, split=lambda i: parts[i], speaker=lambda i: f"s{i // 2}"))

    corpus(part)
    assert stage("index", "fit_text", "extract_text", "fuse")[0] == 0
    corpus(part[::-1])
    assert stage("index")[0] == 0
    code, said = stage("fuse")
    assert (code, said.count("\n")) == (1, 1)
    assert "data/features/text.h5: its encoder was trained on 12 utterances that are now scored (e.g. " in said
    assert "dvc repro -s fit@text extract@text" in said
    code, said = stage("evaluate")
    assert (code, said.count("\n")) == (1, 1) and "models/fusion: the classifier was trained on 12 utterances" in said
    assert stage("fit_text", "extract_text", "fuse")[0] == 0


@pytest.mark.slow
def test_checkpoint_frozen_text(project):
    tiny_bert(project / "bert")
    (project / "data" / "raw" / "table").mkdir()
    table(project / "data" / "raw" / "table", rows(n=24))
    settle("text", encoder="bert", tune="false", dim="0")
    assert stage("index", "fit_text")[0] == 0
    report = json.loads(Path("metrics/text_encoder.json").read_text())
    assert "best_epoch" not in report and "validation_weighted_f1" not in report
    record = json.loads(Path("models/encoders/text/trained_on.json").read_text())
    assert (record["trained_on"], record["chosen_on"]) == ([], [])
    # A sharded checkpoint without shards.
    (project / "bert" / "model.safetensors").unlink()
    (project / "bert" / "model.safetensors.index.json").write_text('{"metadata": {"total_size": 1}, "weight_map": {}}')
    code, said = stage("fit_text")
    assert (code, said.count("\n")) == (1, 1) and "weight_map names no file of weights" in said
    assert json.loads(Path("models/encoders/text/trained_on.json").read_text()) == record


@pytest.mark.slow
def test_two_writers_classifier(project):
    save_features(project)
    arguments = ["import", "features.pkl", "--out", "data", "--split", "file", "--label-names", "glad,sad,calm"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    settle(modalities="audio+face+text", epochs="60")
    environment = os.environ | {"PYTHONPATH": str(HERE)}
    command = [sys.executable, "-m", "stages.fuse"]
    both = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = {one.communicate()[1].strip().splitlines()[-1]: one.returncode for one in both}
    assert sorted(said.values()) == [0, 1], said
    refused = next(line for line, code in said.items() if code == 1)
    assert refused == "error: models/fusion: another process is writing it; wait for it or stop it first"
    assert sorted(path.name for path in Path("models").iterdir()) == ["fusion"]
    assert json.loads(Path("models/fusion/trained_on.json").read_text())["unknown"] == ["audio", "face", "text"]
