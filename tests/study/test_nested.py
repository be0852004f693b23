"""A tuned study: each fold's settings come from its own training part."""

import json

import pytest
from planted_study import conduct, plant, recipe, relabel_test, rows_of, staged

from emotion.study import nested
from emotion.study.folds import make_folds
from emotion.study.inner import inner_folds
from emotion.study.plan import runs, variants
from emotion.study.space import Range
from emotion.study.tune import Search

pytestmark = pytest.mark.slow


def search(model):
    settings = recipe(model, epochs=2, hidden=8)
    return Search(model=model, recipe=settings, space={"lr": Range(low=1e-3, high=1e-1, scale="log")}, trials=3)


def tuned(features, out, **options):
    pytest.importorskip("optuna")
    usual = {"models": ["fusion"], "seeds": 1, "protocol": "session", "search": search}
    return conduct(features, out, **usual | options)


def test_a_folds_settings_do_not_know_what_it_tests(features, tmp_path, no_pictures):
    """With other labels in one session, only the folds that train on it choose other settings; it goes on, too."""
    out = tuned(features, tmp_path / "out")
    lines = rows_of(out / "tuned.csv")
    assert [line["held_out"] for line in lines] == ["Ses01", "Ses02", "Ses03"]
    for line in lines:
        assert line["trials"] == "3" and line["settings"].startswith("lr=")
        assert float(line["score"]) >= float(line["score_of_recipe"])
    page, about = (out / "study.md").read_text(), json.loads((out / "study.json").read_text())
    said = "emotion tune, 3 trials, seed 1, on 2 held-out groups of sessions of each fold's training part"
    assert f"Who chose the settings, on what. fusion: {said}." in page and about["chosen"] == {"fusion": said}
    assert "## Settings that each fold chose" in page and lines[0]["settings"] in page
    assert "settings" not in about and [line["held_out"] for line in about["tuned"]] == ["Ses01", "Ses02", "Ses03"]
    other = plant(tmp_path / "features")
    change_labels(other, "Ses01")
    for before, after in zip(lines, rows_of(tuned(other, tmp_path / "other") / "tuned.csv"), strict=True):
        assert (before["score"] == after["score"]) == (before["held_out"] == "Ses01")
    files = {path.name for path in (out / "runs").iterdir()}
    tuned(features, out)
    assert {path.name for path in (out / "runs").iterdir()} == files and rows_of(out / "tuned.csv") == lines


def test_where_scenarios_are_held_out_the_inner_folds_hold_them_out_too(tmp_path, monkeypatch):
    data, seen = plant(tmp_path, edit=staged), []
    folds = make_folds(data / "index.csv", protocol="scenario")
    monkeypatch.setattr(nested, "tune", lambda index, _, search, **__: seen.append((index, search.protocol)))
    usual = {"data": data, "out": tmp_path, "workers": 1}
    nested.tune_folds(folds, {}, {"fusion": search("fusion")}, protocol="scenario", **usual)
    for fold, (index, protocol) in zip(folds, seen, strict=True):
        tested = {row.scenario for row in fold.rows("test")}
        for inner in inner_folds(index, protocol=protocol, most=3).folds:
            played, held = ({row.scenario for row in inner.rows(split)} for split in ("train", "validation"))
            assert played and held and not played & held and not (played | held) & tested
            trained, scored = ({row.speaker for row in inner.rows(split)} for split in ("train", "validation"))
            assert not trained & scored and not (trained | scored) & {row.speaker for row in fold.rows("test")}


def change_labels(folder, session):
    path = folder / "index.csv"
    lines = path.read_text().splitlines()
    for place, line in enumerate(lines):
        if line.startswith(session):
            cells = line.split(",")
            lines[place] = ",".join([*cells[:6], "sad" if cells[6] != "sad" else "happy", *cells[7:]])
    path.write_text("\n".join(lines) + "\n")


def test_the_indexs_own_split(features, tmp_path, no_pictures):
    out = tuned(features, tmp_path / "one", protocol="split")
    other = plant(tmp_path / "features")
    relabel_test(other)
    again = tuned(other, tmp_path / "two", protocol="split")
    assert (out / "tuned.csv").read_bytes() == (again / "tuned.csv").read_bytes()
    assert json.loads((out / "study.json").read_text())["chosen"]["fusion"].endswith(
        "groups of sessions of the training part"
    )


def test_every_fold_runs_with_its_own_settings(tmp_path):
    from emotion.study.folds import make_folds
    from emotion.study.study import caches_of

    features = plant(tmp_path)
    folds = make_folds(features / "index.csv", protocol="session")
    given = {"modalities": ["audio"], "ablate": [], "ablated": [], "epochs": None, "length": 3.0}
    plan = variants({"fusion": recipe("fusion")}, **given)
    own = {fold.name: variants({"fusion": recipe("fusion", lr=k + 1.0)}, **given) for k, fold in enumerate(folds)}
    options = {"seeds": 2, "features": caches_of(features), "conditions": False, "folder": tmp_path / "runs"}
    found = runs(plan, folds, own=own, **options)
    assert [(run.fold, run.variant.settings["lr"]) for run in found if run.seed == 1] == [
        ("Ses01", 1.0),
        ("Ses02", 2.0),
        ("Ses03", 3.0),
    ]
    assert len({run.path for run in found}) == 6 and not {run.path for run in runs(plan, folds, **options)} & {
        run.path for run in found
    }
