"""dvc.yaml: each stage declares exactly the code it imports and the params it reads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from closure import ROOT, holds_code, import_closure
from dvc.repo import Repo
from ruamel.yaml import YAML

SECTIONS = ("synthesize", "index", "fit", "audio", "face", "text")


@pytest.fixture(scope="module")
def stages():
    with Repo(ROOT) as repo:
        return {stage.addressing: stage for stage in repo.index.stages if hasattr(stage, "name")}


def script_of(stage):
    return ROOT / "stages" / f"{stage.cmd.split('stages.')[1]}.py"


def declared_params(stage):
    return {key for dep in stage.deps if hasattr(dep, "params") for key in dep.params}


def read_params_of(script):
    """Dotted names behind `params.` in a stage script, e.g. lr and face.size."""
    found = set()
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        name = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
        if name.startswith("params.") and name.count(".") == (2 if name.split(".")[1] in SECTIONS else 1):
            found.add(".".join(name.split(".")[1:3] if name.split(".")[1] in SECTIONS else name.split(".")[1:2]))
    return found


def test_the_stages_are_those_of_the_design(stages):
    modalities = ("audio", "face", "text")
    assert set(stages) == {"synthesize", "index", "faces", "fuse", "evaluate"} | {
        f"{verb}@{modality}" for verb in ("fit", "extract") for modality in modalities
    }


def test_code_deps_are_the_import_closure(stages):
    for name, stage in stages.items():
        declared = [dep.def_path for dep in stage.deps if str(dep.def_path).endswith(".py")]
        assert sorted(set(declared)) == sorted(import_closure(script_of(stage))), name


@pytest.mark.slow
def test_the_import_closure_is_what_python_imports(stages):
    for stage in stages.values():
        script = script_of(stage)
        code = (
            f"import sys, runpy; runpy.run_module('stages.{script.stem}', run_name='imported');"
            "print('\\n'.join(m.__file__ for n, m in sys.modules.items()"
            " if n.split('.')[0] in ('emotion', 'stages') and getattr(m, '__file__', None)))"
        )
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        imported = {Path(path) for path in run.stdout.splitlines()} | {script}
        assert {path.relative_to(ROOT).as_posix() for path in imported if holds_code(path)} == import_closure(script)


def test_params_declared_are_params_read(stages):
    for name, stage in stages.items():
        assert declared_params(stage) == read_params_of(script_of(stage)), name


def test_a_fusion_edit_reaches_no_extraction(stages):
    for name, stage in stages.items():
        deps = {str(dep.def_path) for dep in stage.deps}
        if name not in ("fuse", "evaluate"):
            assert not [dep for dep in deps if "models/" in dep and dep.endswith(".py")], name
            assert not deps & {
                "emotion/fuse.py",
                "emotion/dialogues.py",
                "emotion/report.py",
                "emotion/evaluation.py",
            }, name


def test_nothing_persists_and_small_results_are_in_git(stages):
    for name, stage in stages.items():
        for out in stage.outs:
            assert not out.persist, name
            assert out.use_cache == (not str(out.def_path).startswith("metrics/")), out.def_path


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
