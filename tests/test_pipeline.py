"""dvc.yaml: each stage depends on the digest of the code it imports and declares exactly the params it reads."""

import ast
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from closure import ROOT, holds_code, import_closure
from dvc.repo import Repo
from ruamel.yaml import YAML

from emotion.core import closure
from emotion.core.closure import ROOMS, read_code, write_digests
from emotion.core.errors import EmotionError
from emotion.fusion.models import registry
from emotion.params import Named, rows

PRIVATE = ("metrics/predictions.csv", "metrics/speakers.csv")  # kept by DVC, not by git


@pytest.fixture(scope="module")
def stages():
    with Repo(ROOT) as repo:
        return {stage.addressing.split(":")[-1]: stage for stage in repo.index.stages if hasattr(stage, "name")}


@pytest.fixture(scope="module")
def working(stages):
    """All stages but `code`."""
    return {name: stage for name, stage in stages.items() if name != "code"}


def script_of(stage):
    return ROOT / "stages" / f"{stage.cmd.split('stages.')[1]}.py"


def code_deps(stage):
    return [str(dep.def_path) for dep in stage.deps if str(dep.def_path).startswith((".code", "emotion", "stages"))]


def declared_params(stage):
    return {key for dep in stage.deps if hasattr(dep, "params") for key in dep.params}


def read_params_of(script):
    """The keys of the settings that a stage reads, e.g. lr and face.size; none where it reads none."""
    nodes = list(ast.walk(ast.parse(script.read_text(encoding="utf-8"))))
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "read_part"]
    origin = {alias.name: node.module for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    parts = [getattr(import_module(origin[call.args[0].id]), call.args[0].id)() for call in calls]
    return {row.key for part in parts for row in rows(part, part)}


@pytest.mark.slow
def test_the_stages_are_those_of_the_design(stages):
    modalities = ("audio", "face", "text")
    assert set(stages) == {"code", "synthesize", "index", "faces", "fuse", "evaluate"} | {
        f"{verb}@{modality}" for verb in ("fit", "extract") for modality in modalities
    }


def test_each_stage_depends_on_the_digest_of_its_script(stages, working):
    assert code_deps(stages["code"]) == ["emotion", "stages"]
    assert "plugins" in [str(dep.def_path) for dep in stages["code"].deps]
    for name, stage in working.items():
        assert code_deps(stage) == [f".code/{script_of(stage).stem}.txt"], name
    for path in (ROOT / "dvc.yaml", ROOT / "data" / "dvc.yaml"):
        assert ".py" not in path.read_text(encoding="utf-8")


def test_only_the_generated_corpus_is_written_by_a_stage(stages):
    assert stages["synthesize"].addressing.startswith("data/dvc.yaml:")  # so a run of another corpus leaves it out
    assert [str(out.def_path) for out in stages["synthesize"].outs] == ["data/raw/synthetic"]


@pytest.fixture(scope="module")
def once():
    """A file's text -> what counts of it: most files are the same in all tests."""
    return {}


@pytest.fixture
def project(tmp_path, monkeypatch, once):
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))

    def read(path):
        text = path.read_bytes()
        return once[text] if text in once else once.setdefault(text, read_code.__wrapped__(path))

    monkeypatch.setattr(closure, "read_code", read)
    return tmp_path


def digests(project, **named):
    scripts = [path.relative_to(project) for path in (project / "stages").glob("*.py") if path.stem != "__init__"]
    write_digests(project / ".code", scripts, root=project, named={"fuse": registry.files("fusion")} | named)
    return {path.stem: path.read_text() for path in (project / ".code").iterdir()}


@pytest.mark.slow
def test_a_comment_or_docstring_reaches_no_stage(project):
    before = digests(project)
    for path in (path for room in ROOMS for path in (project / room).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"""', '"""Said in other words. ', 1) + "\n\n# a comment\n", encoding="utf-8")
    assert digests(project) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("fusion/models/fusion", {"fuse"}),
        ("fusion/models/layers", {"fuse"}),
        ("fusion/models/cmn", set()),  # not the model that is trained
        ("encoders/face", {"fit_face", "extract_face"}),
        ("encoders/logmel", {"fit_audio", "extract_audio"}),
        ("media/video", {"faces"}),
        ("corpus/table", {"index"}),
        ("evaluation/report", {"evaluate"}),
        ("corpus/synthetic/voice", {"synthesize"}),
        ("page/build", set()),
        ("study/study", set()),
        ("commands/study", set()),
    ],
)
def test_an_edit_reaches_the_stages_that_import_it(project, name, stages):
    before, path = digests(project), project / "emotion" / f"{name}.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n_NEW = 1\n", encoding="utf-8")
    after = digests(project)
    assert {stage for stage in after if after[stage] != before[stage]} == stages


@pytest.mark.slow
def test_a_plugin_reaches_the_stages_that_params_name_it_for(project, monkeypatch):
    monkeypatch.chdir(project)
    (project / "plugins" / "other.py").write_text("x = 1\n", encoding="utf-8")
    (project / "plugins" / "mine.py").write_text("from plugins.other import x\nclass X: pass\n", encoding="utf-8")

    def stages():
        return digests(project, **Named(model="plugins/mine.py:X").by_stage())

    before, plain = stages(), digests(project)
    assert {stage for stage in plain if plain[stage] != before[stage]} == {"fuse"}
    (project / "plugins" / "gated.py").write_text("x = 2\n", encoding="utf-8")
    assert stages() == before
    (project / "plugins" / "other.py").write_text("x = 1  # a comment\n", encoding="utf-8")
    assert stages() == before
    (project / "plugins" / "other.py").write_text("x = 2\n", encoding="utf-8")
    after = stages()
    assert {stage for stage in after if after[stage] != before[stage]} == {"fuse"}


@pytest.mark.slow
def test_a_file_that_is_no_python_is_one_line(project):
    (project / "emotion" / "evaluation" / "report.py").write_text("def (\n", encoding="utf-8")
    with pytest.raises(EmotionError, match=r"report\.py: line 1 is no Python \(invalid syntax\); fix it"):
        digests(project)


IMPORTED = """
import os, runpy, sys
import cv2, h5py, scipy.stats, sklearn.metrics, torch, transformers  # once: stages are imported in copies of this
for stage in sys.argv[1:]:
    if not os.fork():
        runpy.run_module(f"stages.{stage}", run_name="imported")
        ours = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] in ("emotion", "stages")]
        print(stage, *filter(None, ours), sep="\\t", flush=True)
        os._exit(0)
    assert os.wait()[1] == 0, stage
"""


@pytest.mark.slow
def test_the_import_closure_is_what_python_imports(working):
    scripts = {script_of(stage).stem: script_of(stage) for stage in working.values()}
    command = [sys.executable, "-c", IMPORTED, *scripts]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = {name: files for name, *files in (line.split("\t") for line in done.stdout.splitlines())}
    assert found.keys() == scripts.keys()
    for name, files in found.items():
        imported = {path for path in map(Path, [*files, scripts[name]]) if holds_code(path)}
        assert {path.relative_to(ROOT).as_posix() for path in imported} == import_closure(scripts[name])


def test_params_declared_are_params_read(stages):
    for name, stage in stages.items():
        assert declared_params(stage) == read_params_of(script_of(stage)), name


def test_nothing_persists_and_small_results_are_in_git_but_for_private_ones(stages):
    for name, stage in stages.items():
        for out in stage.outs:
            assert not out.persist, name
            path = str(out.def_path)
            assert out.use_cache == (not path.startswith(("metrics/", ".code")) or path in PRIVATE), path


def test_one_file_holds_the_metrics(stages):
    metrics = [out.def_path for stage in stages.values() for out in stage.outs if out.metric]
    assert metrics == ["metrics/metrics.json"]


def test_every_param_line_says_what_it_may_be():
    for line in (ROOT / "params.yaml").read_text(encoding="utf-8").splitlines():
        is_value = ":" in line.split("#")[0] and not line.split("#")[0].rstrip().endswith(":")
        assert not is_value or "#" in line, line
        assert not any(mark in line.split("#")[0] for mark in "[]{}&*\"'"), line


def test_setting_a_param_leaves_every_other_line_as_it_is(tmp_path):
    from dvc.utils.hydra import apply_overrides

    target = tmp_path / "params.yaml"
    before = (ROOT / "params.yaml").read_text(encoding="utf-8")
    target.write_text(before, encoding="utf-8")
    apply_overrides(target, ["lr=1e-5"])
    after = target.read_text(encoding="utf-8").splitlines()
    changed = [(old, new) for old, new in zip(before.splitlines(), after, strict=True) if old != new]
    assert len(changed) == 1
    assert changed[0][0].startswith("lr: ") and changed[0][1].startswith("lr: 1e-05")
    assert YAML(typ="safe", pure=True).load(target)["lr"] == 1e-5
