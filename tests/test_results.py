import json
import re
import shlex
from pathlib import Path

import pytest
import typer
from closure import ROOT
from ruamel.yaml import YAML

from benchmarks import record, results, speed_page, studies
from benchmarks.results import FOLDER, PAGE, pages
from benchmarks.sections import SECTIONS, Section
from emotion.cli import app
from emotion.fusion.recipes import read_recipe
from emotion.study import notes
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


STUDY = """# Study

Corpus a: train 40 utterances in 9 dialogues, test 20 utterances in {dialogues} dialogues.

## Models

| model |
| --- |
| fusion |

A note.

## Per class

Counts.

| model |
| --- |

## Missing modalities

| model |
| --- |

## Against the raters

| model |
| --- |

Of the raters.
"""
F1 = "test_weighted_f1"
SCORES = f"""model,members,{F1},{F1}_std,{F1}_ci_low,{F1}_ci_high,difference
fusion,1,0.5,0.01,0.4,0.6,
cnn,1,0.25,0.02,0.2,0.3,-0.25
cnn on text,1,0.125,0.02,0.1,0.2,-0.375
"""
LOST = """model,kind,modalities,share,weighted_f1
fusion,missing,any,0.0,{first}
fusion,missing,any,0.1,0.5
"""


def plant(folder, *, runs="model,seed,seconds\nfusion,1,10\nfusion,2,20\ncnn,1,30\n", dialogues=10, **summary):
    folder.mkdir(parents=True)
    (folder / "study.md").write_text(STUDY.format(dialogues=dialogues))
    (folder / "study.json").write_text(json.dumps({"features": {"audio": 55, "text": 384}, "scored": "test"} | summary))
    (folder / "study.csv").write_text(SCORES)
    (folder / "study.png").write_bytes(b"")
    (folder / "runs.csv").write_text(runs)


def test_a_page_holds_the_tables_the_commands_and_the_times(tmp_path):
    gone = Section("b", "Another IEMOCAP", Path("studies/b"), "", ())
    plant(tmp_path / "studies" / "a")
    made = pages(tmp_path, (HERE, gone), {})
    assert list(made) == [PAGE, FOLDER / "a.md"]
    text = made[FOLDER / "a.md"]
    about = "What it is (audio 55-d, text 384-d).\n\n    true\n    emotion study --out studies/a\n"
    assert text.startswith("# A corpus\n") and f"\n{about}" in text
    assert "\nCorpus a: train 40" in text and "\n## Models\n" in text
    assert "![Means and intervals](../../studies/a/study.png)" in text
    assert "reliability.png" not in text
    assert "| fusion | 2 | 15.0 |" in text
    assert "All runs together: 1 core minutes." in text
    assert text.endswith("On which machine is not recorded; `python -m benchmarks.studies a` does so.\n")
    for word in ("# Study", "processor"):
        assert word not in text
    assert "- [A corpus](results/a.md)\n" in made[PAGE]
    assert made[PAGE].endswith("- Not run here: another IEMOCAP.\n")
    for word in ("What was tried", "Speed", "processor"):
        assert word not in made[PAGE]


def test_notes_stand_once(tmp_path):
    """Those of `notes` are left out of a page; what a section says besides stays."""
    plant(tmp_path / "studies" / "a")
    made = pages(tmp_path, (HERE,), {})
    text = made[FOLDER / "a.md"]
    assert "A note." not in text and "Counts." in text and "Of the raters." in text
    for note in (notes.comparisons("scored", over="dialogues"), notes.calibration("scored")):
        assert made[PAGE].count(note) == 1


def test_why_hiding_raises_a_score_is_said_under_the_table(tmp_path):
    plant(tmp_path / "studies" / "a")
    lost = tmp_path / "studies" / "a" / "missing.csv"
    lost.write_text(LOST.format(first=0.6))
    assert "Why hiding" not in pages(tmp_path, (HERE,), {})[FOLDER / "a.md"]
    lost.write_text(LOST.format(first=0.4))
    text = pages(tmp_path, (HERE,), {})[FOLDER / "a.md"]
    (found,) = re.findall(r"## Missing modalities\n\n(?:\|.*\n)+\n(.*)\n\n## Against", text)
    assert "40.00 at 0 %, 50.00 at 10 %" in found and "one of 20 utterances is 5.00 points" in found


def test_the_summary_has_a_line_per_model(tmp_path):
    plant(tmp_path / "studies" / "a")
    text = pages(tmp_path, (HERE,), {})[PAGE]
    assert "| `fusion` | 1 | 50.00 ± 1.00 | 40.00 to 60.00 | test: 20 utterances, 10 dialogues |" in text
    assert "| `cnn` | 1 | 25.00 ± 2.00 | 20.00 to 30.00 |" in text
    assert "cnn on text" not in text


def test_few_dialogues_have_no_interval(tmp_path):
    plant(tmp_path / "studies" / "a", dialogues=9)
    text = pages(tmp_path, (HERE,), {})[PAGE]
    assert "| none: fewer than 10 dialogues | test: 20 utterances, 9 dialogues |" in text
    plant(tmp_path / "studies" / "b", interval={"over": "speakers", "count": 3, "given": False})
    section = Section("b", "B", Path("studies/b"), "", ())
    text = pages(tmp_path, (section,), {})[PAGE]
    assert "| none: fewer than 10 speakers | test: 20 utterances, 3 speakers |" in text


def test_older_studies_say_so(tmp_path):
    plant(tmp_path / "studies" / "a")
    made = pages(tmp_path, (HERE,), {})
    assert "Older than today's rules" in made[PAGE] and "Older than [today's rules]" in made[FOLDER / "a.md"]
    known = {"interval": {"over": "dialogues", "count": 10, "given": True}, "shared": {}}
    plant(tmp_path / "studies" / "b", **known)
    made = pages(tmp_path, (Section("b", "B", Path("studies/b"), "", ()),), {})
    assert "Older than" not in made[PAGE] + made[FOLDER / "b.md"]


def test_the_machine_is_the_one_that_trained(tmp_path):
    plant(tmp_path / "studies" / "a")
    made = pages(tmp_path, (HERE,), {"study_a": {"machine": MACHINE, "seconds": 5400, "runs": 2, "of": 3}})
    assert "2 of 3 runs were trained: 90 minutes. Machine: processor abacus, cores 2.\n" in made[FOLDER / "a.md"]


def test_speed_stands_beside_its_targets(tmp_path):
    rows = [f"{model},{seed},6" for model in speed_page.TIMED for seed in range(1, 11)]
    plant(tmp_path / "studies" / "a", runs="\n".join(["model,seed,seconds", *rows]) + "\n")
    section = Section("validation", "A corpus", Path("studies/a"), "", ())
    gpu = SPEED | {"fastest_seconds": 6.5, "machine": {"gpu": "big"}}
    text = pages(tmp_path, (section,), {"fusion": SPEED, "fusion_gpu": gpu})[FOLDER / "speed.md"]
    assert "| CPU | 60 epochs of `fusion`, 5163 utterances, 439-d, fastest of 3 runs | 18.5 s | <= 20 | met |" in text
    assert "| CPU | the same, median | 21.5 s |  |  |" in text
    assert "bare loop over `nn.LSTM` on packed sequences, median of turns | 0.50 x | <= 1 | met |" in text
    assert "bare loop over `nn.LSTM` on padded sequences, median of turns | 1.24 x | <= 1 | missed |" in text
    assert re.search(r"\| CPU \| times as fast as DialogueRNN.* 20 s per epoch .* \| 64.0 x \| >= 10 \| met \|", text)
    assert "| GPU | 60 epochs of `fusion`, 5163 utterances, 439-d, fastest of 3 runs | 6.50 s | <= 5 | missed |" in text
    assert "over two cores | 2.00 minutes | <= 20 | met |" in text  # 40 runs of 6 s
    assert "\nCPU: processor abacus, cores 2.\n\nGPU: gpu big.\n" in text
    made = pages(tmp_path, (section,), {"fusion": SPEED | {"seconds_per_epoch_dialoguernn": 6.2}})
    text = made[FOLDER / "speed.md"]
    assert "| CPU | times as fast as DialogueRNN's reference code | 20.0 x | >= 10 | met |" in text
    assert text.endswith("cores 2.\n\nGPU: not measured; the target there is 60 epochs of `fusion` in 5 s.\n")
    assert "](results/speed.md)" in made[PAGE]


def test_what_was_tried(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "tried.md").write_text("# Tried\n\nMuch.\n\n## Kept\n\nLittle.\n")
    text = pages(tmp_path, (), {})[PAGE]
    assert "\n- [Tried](tried.md)\n" in text and "Much." not in text


def test_without_studies_the_page_stays(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "ROOT", tmp_path)
    results.main()
    assert not (tmp_path / "docs").exists()
    assert capsys.readouterr().err.startswith("docs/results.md: left as it is, no study was run here")


def test_the_committed_pages_are_those_of_the_committed_tables():
    for path, text in pages(ROOT, SECTIONS, record.read()).items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path}: python -m benchmarks.results"
    written = {path.name for path in (ROOT / FOLDER).iterdir()}
    assert written == {path.name for path in pages(ROOT, SECTIONS, record.read())} - {PAGE.name}


def test_pictures_and_links_lead_somewhere():
    for path in pages(ROOT, SECTIONS, record.read()):
        links = re.findall(r"\]\(([^)#]+)", (ROOT / path).read_text(encoding="utf-8"))
        assert [link for link in links if not ((ROOT / path).parent / link).exists()] == []
        assert links or path.name == "speed.md"


def test_the_page_has_one_table_and_six_sentences():
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert len(re.findall(r"^\| ---", text, flags=re.MULTILINE)) == 1
    sentences = re.findall(r"^- (.*\.)$", text.split("## ")[0], flags=re.MULTILINE)
    assert len(sentences) == 6 and all(". " not in sentence for sentence in sentences)


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
