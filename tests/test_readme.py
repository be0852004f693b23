"""README: short, and its figures are those of the committed metrics."""

import json
import re
import subprocess

import pytest
from closure import ROOT
from networkx import DiGraph, transitive_closure
from ruamel.yaml import YAML

from benchmarks.pipeline_picture import edges, reduced, stages
from benchmarks.readme import END, PIPELINE, REAL, START, TIMES, block, picture, real, times


def committed(path):
    """A file as of the last commit: a run on another processor may have moved the metrics of the working tree."""
    shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
    if shown.returncode:
        pytest.skip(f"{path} is not committed here")
    return shown.stdout


def test_the_figures_are_generated():
    metrics, details = (json.loads(committed(f"metrics/{name}.json")) for name in ("metrics", "details"))
    shown = (ROOT / "README.md").read_text(encoding="utf-8").split(START)[1].split(END)[0].strip()
    assert shown == block(metrics, details)


def test_what_cannot_be_given_is_left_out():
    """No interval, no faces, a class that does not occur."""
    test = {"n": 9, "accuracy": 0.5, "weighted_f1": 0.5, "macro_f1": 0.25, "unweighted_recall": 0.5, "ece": 0.125}
    classes = {"a|b": {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "support": 9}, "c": {"support": 0}}
    details = {
        "interval": {"over": "speakers", "count": 3},
        "averages": {"macro_f1": "over these", "unweighted_recall": "over those"},
        "test": {"per_class": classes},
    }
    shown = block({"test": test}, details)
    assert "of the weighted F1: no interval: 3 speakers, fewer than 10. Macro F1 is over these, unweighted" in shown
    assert "| a\\|b | 100.0 | 50.0 | 66.7 | 9 |\n| c | - | - | - | 0 |" in shown
    assert "face" not in shown
    test |= {"weighted_f1_ci_low": 0.4, "weighted_f1_ci_high": 0.6}
    shown = block({"test": test, "faces": {"coverage": 0.5}}, details)
    assert "40.0 to 60.0 over 3 speakers" in shown and "50.0 % of the frames in the face clips" in shown


def shown(mark):
    return (ROOT / "README.md").read_text(encoding="utf-8").split(mark)[1].split(END)[0].strip()


def test_times_and_results_on_real_features_are_generated():
    assert shown(TIMES) == times(json.loads(committed("benchmarks/results.json"))["pipeline"])
    text = shown(REAL)
    assert text == real(ROOT) and len(text.splitlines()) == 5
    assert "95 % interval" in text and "Protocol" in text


def test_the_picture_shows_the_stages_of_dvc_yaml():
    text = shown(PIPELINE)
    assert text == picture(ROOT)
    files = [YAML(typ="safe", pure=True).load(ROOT / name) for name in ("data/dvc.yaml", "dvc.yaml")]
    names = {
        f"{name}@{key}" if key else name
        for file in files
        for name, stage in file["stages"].items()
        for key in stage.get("foreach", [""])
    }
    assert set(re.findall(r'\["([\w@]+)<br>', text)) == names - {"code"}


def test_the_arrows_are_what_stages_read():
    found = stages(ROOT)
    assert found["fit@face"].deps[1:] == ("data/faces.h5", "data/index.csv", "data/index.json")
    assert found["fit@face"].outs == ("models/encoders/face", "metrics/face_encoder.json")
    every = edges(found)
    assert {("synthesize", "faces"), ("index", "fuse"), ("faces", "extract@face"), ("fuse", "evaluate")} <= every
    assert ("faces", "extract@audio") not in every
    assert {after for _, after in every} == set(found) - {"synthesize"}
    drawn = re.findall(r"^    (\w+) --> (.*)$", shown(PIPELINE), flags=re.MULTILINE)
    arrows = {(before, after) for before, ends in drawn for after in ends.split(" & ")}
    assert arrows == {(one.replace("@", "_"), other.replace("@", "_")) for one, other in reduced(every)}
    assert transitive_closure(DiGraph(reduced(every))).edges == transitive_closure(DiGraph(every)).edges


def test_it_is_short_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 160
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
