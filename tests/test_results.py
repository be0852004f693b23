import json
import re
import shlex
from pathlib import Path

import pytest
import typer
from closure import ROOT
from ruamel.yaml import YAML

from benchmarks import record, results, studies
from benchmarks.results import SECTIONS, Section, document
from emotion.cli import app
from emotion.recipes import read_recipe
from emotion.study.plan import variants

HERE = Section("a", "A corpus", Path("studies/a"), "What it is{features}.", ("true", "emotion study --out studies/a"))
MACHINE = {"processor": "abacus", "cores": 2}
SPEED = {
    "machine": MACHINE,
    "utterances": 5163,
    "features": 439,
    "epochs": 60,
    "seconds": 21.5,
    "fastest_seconds": 18.5,
    "runs": 3,
    "seconds_per_epoch": 0.31,
    "seconds_per_epoch_packed_lstm": 0.62,
    "seconds_per_epoch_padded_lstm": 0.25,
    "ratio_to_packed_lstm": 0.5,
    "ratio_to_padded_lstm": 1.24,
    "times_faster_than_20_s_per_epoch": 64,
}


def plant(folder, *, runs="model,seed,seconds\nfusion,1,10\nfusion,2,20\ncnn,1,30\n"):
    folder.mkdir(parents=True)
    (folder / "study.md").write_text("# Study\n\nCorpus a.\n\n## Models\n\n| model |\n| --- |\n| fusion |\n")
    (folder / "study.json").write_text(json.dumps({"features": {"audio": 55, "text": 384}}))
    (folder / "study.png").write_bytes(b"")
    (folder / "runs.csv").write_text(runs)


def test_sections_hold_the_tables_the_commands_and_the_times(tmp_path):
    gone = Section("b", "Another IEMOCAP", Path("studies/b"), "", ())
    plant(tmp_path / "studies" / "a")
    text = document(tmp_path, (HERE, gone), {})
    about = "What it is (audio 55-d, text 384-d).\n\n    true\n    emotion study --out studies/a\n"
    assert f"\n## A corpus\n\n{about}\nCorpus a.\n\n### Models\n" in text
    assert "![Means and intervals](../studies/a/study.png)" in text
    assert "reliability.png" not in text
    assert "| fusion | 2 | 15.0 |" in text
    assert "All runs together: 1 core minutes." in text
    assert "On which machine is not recorded; `python -m benchmarks.studies a` does so." in text
    assert text.endswith("Not run here: another IEMOCAP.\n")
    for word in ("# Study", "What was tried", "## Speed", "processor"):
        assert word not in text


def test_the_machine_is_the_one_that_trained(tmp_path):
    plant(tmp_path / "studies" / "a")
    text = document(tmp_path, (HERE,), {"study_a": {"machine": MACHINE, "seconds": 5400, "runs": 2, "of": 3}})
    assert "2 of 3 runs were trained: 90 minutes. Machine: processor abacus, cores 2." in text


def test_speed_stands_beside_its_targets(tmp_path):
    rows = [f"{model},{seed},6" for model in results.TIMED for seed in range(1, 11)]
    plant(tmp_path / "studies" / "a", runs="\n".join(["model,seed,seconds", *rows]) + "\n")
    section = Section("validation", "A corpus", Path("studies/a"), "", ())
    gpu = SPEED | {"fastest_seconds": 6.5, "machine": {"gpu": "big"}}
    text = document(tmp_path, (section,), {"fusion": SPEED, "fusion_gpu": gpu})
    assert "| CPU | 60 epochs of `fusion`, 5163 utterances, 439-d, fastest of 3 runs | 18.5 s | <= 20 | met |" in text
    assert "| CPU | the same, median | 21.5 s |  |  |" in text
    assert "bare loop over `nn.LSTM` on packed sequences, median of turns | 0.50 x | <= 1 | met |" in text
    assert "bare loop over `nn.LSTM` on padded sequences, median of turns | 1.24 x | <= 1 | missed |" in text
    assert re.search(r"\| CPU \| times as fast as DialogueRNN.* 20 s per epoch .* \| 64.0 x \| >= 10 \| met \|", text)
    assert "| GPU | 60 epochs of `fusion`, 5163 utterances, 439-d, fastest of 3 runs | 6.50 s | <= 5 | missed |" in text
    assert "over two cores | 2.00 minutes | <= 20 | met |" in text  # 40 runs of 6 s
    assert "\nCPU: processor abacus, cores 2.\n\nGPU: gpu big.\n" in text
    text = document(tmp_path, (section,), {"fusion": SPEED | {"seconds_per_epoch_dialoguernn": 6.2}})
    assert "| CPU | times as fast as DialogueRNN's reference code | 20.0 x | >= 10 | met |" in text
    assert text.endswith("cores 2.\n\nGPU: not measured; the target there is 60 epochs of `fusion` in 5 s.\n")


def test_what_was_tried(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "tried.md").write_text("# Tried\n\nMuch.\n\n## Kept\n\nLittle.\n")
    text = document(tmp_path, (), {})
    assert "\n## What was tried for `speaker_fusion`\n\nMuch.\n\n### Kept\n\nLittle.\n" in text


def test_without_studies_the_page_stays(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr(results, "DOCUMENT", tmp_path / "results.md")
    results.main()
    assert not (tmp_path / "results.md").exists()
    assert capsys.readouterr().err.startswith("results.md: left as it is, no study was run here")


def test_a_study_is_timed_where_it_trains(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results.json")
    plant(tmp_path / "studies" / "a")
    section = Section(
        "a", "", Path("studies/a"), "", ("false", "mkdir -p studies/a/runs && touch studies/a/runs/1.npz")
    )
    studies.run(section, tmp_path)
    (name, found), *none = record.read().items()
    assert (name, found["runs"], found["of"], none) == ("study_a", 1, 3, [])
    assert found["machine"]["cores"] > 0
    before = (tmp_path / "results.json").read_bytes()
    studies.run(section, tmp_path)  # nothing new
    assert (tmp_path / "results.json").read_bytes() == before


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_the_commands_of_this_project_work_as_typed(section):
    """Their stages, options, models and ablations exist, and they write where the page looks."""
    assert not section.folder.is_absolute()
    assert (ROOT / section.folder.parts[0] / section.folder.parts[1]).is_dir()
    assert "{features}" in section.about
    last = section.commands[-1]
    if found := re.fullmatch(r"\(cd (\S+) && dvc repro (\w+)\)", last):
        pipeline = ROOT / found[1]
        stages = YAML(typ="safe", pure=True).load(pipeline / "dvc.yaml")["stages"]
        assert f"--out {section.folder.name} " in stages[found[2]]["cmd"].replace("\n", " ")
        file = YAML(typ="safe", pure=True).load(pipeline / "params.yaml")["file"]
        assert section.commands[0] == f"ln -s /path/to/your.pkl {found[1]}/{file}"
        return
    group = typer.main.get_command(app)
    for command in section.commands[1:]:
        program, name, *arguments = shlex.split(command)
        assert program == "emotion"
        given = group.commands[name].make_context(name, arguments).params
    assert Path(given["out"]) == section.folder
    names = given["models"].split(",")
    recipes = {model: read_recipe(model, ROOT / "recipes") for model in names}
    options = {"ablate": given["ablate"].split(","), "ablated": given["ablate_models"].split(",")}
    plan = variants(recipes, modalities=["audio", "face", "text"], epochs=None, length=10.0, **options)
    assert len(plan) > len(names)
