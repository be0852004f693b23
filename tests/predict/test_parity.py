"""Train and serve are the same: test dialogues, predicted from their media, have the pipeline's probabilities."""

import csv
import json
import shutil

import numpy as np
import pytest
from clones import run

from emotion.bundle.folder import load
from emotion.bundle.packing import pack
from emotion.predict.classify import classify
from emotion.predict.media import look
from emotion.predict.talk import Listening, find_turns

pytestmark = pytest.mark.slow


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def model(finished_run, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "packed"
    pack(out, project=finished_run[0])
    return out


@pytest.fixture(scope="module")
def dialogues(finished_run):
    """Dialogue of the test split -> its rows."""
    found = {}
    for row in rows_of(finished_run[0] / "data" / "index.csv"):
        if row["split"] == "test":
            found.setdefault(row["dialogue"], []).append(row)
    return found


def test_probabilities_are_those_of_the_pipeline(finished_run, model, dialogues, tmp_path):
    project, bundle = finished_run[0], load(model)
    pipeline = {row["utterance"]: row for row in rows_of(project / "models" / "fusion" / "probabilities.csv")}
    raw, how = project / "data" / "raw" / "synthetic", Listening(transcript=project / "data" / "index.csv")
    assert len(dialogues) == 6
    for name, rows in dialogues.items():
        recording = look(raw / rows[0]["video"], sound=raw / rows[0]["audio"])
        talk = find_turns(recording, how, progress=lambda *_: None)
        assert [turn.text for turn in talk.turns] == [row["text"] for row in rows]
        (tmp_path / name).mkdir()
        found = classify(bundle, recording, talk.turns, work=tmp_path / name)
        ours = np.exp(found.logits - np.logaddexp.reduce(found.logits, axis=1, keepdims=True))
        theirs = [[float(pipeline[row["utterance"]][label]) for label in bundle.card.labels] for row in rows]
        assert np.abs(ours - np.array(theirs)).max() < 1e-4, name


def test_the_command_refuses_what_is_not_generated(finished_run, model, dialogues, tmp_path):
    """By content, never by name."""
    project = finished_run[0]
    name, rows = next(iter(dialogues.items()))
    raw = project / "data" / "raw" / "synthetic"
    renamed, changed = tmp_path / f"{name}.avi", tmp_path / "changed" / f"{name}.avi"
    changed.parent.mkdir()
    shutil.copy(raw / rows[0]["video"], renamed)
    changed.write_bytes(renamed.read_bytes() + b"\0")
    how = ("--sound", str(raw / rows[0]["audio"]), "--transcript", str(project / "data" / "index.csv"))
    how += ("--model", str(model), "--formats", "csv,json")
    command = ("python", "-m", "emotion", "predict")
    run(project, *command, str(renamed), "--out", str(tmp_path / "allowed"), *how)
    said = run(project, *command, str(changed), "--out", str(tmp_path / "none"), *how, expect=3)
    assert "was trained on drawn faces and synthetic voices" in said and not (tmp_path / "none").exists()
    run(project, *command, str(changed), "--out", str(tmp_path / "demo"), *how, "--demo")
    one, two = (rows_of(tmp_path / folder / "timeline.csv") for folder in ("allowed", "demo"))
    assert all("means nothing" in row.pop("warning") for row in two) and not any(row.pop("warning") for row in one)
    assert one == two
    assert "means nothing" in json.loads((tmp_path / "demo" / "timeline.json").read_text())["warnings"][0]
