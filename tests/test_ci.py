"""The workflow on GitHub runs what `.ci/run` runs."""

import re
import tomllib

import pytest
from closure import ROOT
from ruamel.yaml import YAML

from benchmarks.dependencies import CONSTRAINTS, LICENCES, closure, read_pins


def test_the_workflow_runs_the_same_targets():
    local = re.findall(r"^make (\S+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    workflow = YAML(typ="safe").load(ROOT / ".github" / "workflows" / "ci.yml")
    steps = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert sorted(steps) == sorted(f"make {target}" for target in local) and len(local) == 4
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(local) <= set(targets)


def test_what_is_to_be_covered_is_there():
    """A file that was renamed would pass unseen."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    patterns = re.findall(r"emotion/[\w/*.]+", "".join(re.findall(r"^COVERED := (.*)$", makefile, re.MULTILINE)))
    assert len(patterns) == 8 and all(any(path.is_file() for path in ROOT.glob(name)) for name in patterns)


@pytest.mark.slow
def test_every_package_of_the_core_install_is_pinned_and_its_licence_listed(monkeypatch):
    monkeypatch.chdir(ROOT)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = closure(project["dependencies"])
    assert {"torch", "dvc", "pygit2"} <= set(core)  # the last one comes with dvc only
    pins, licences = read_pins(), LICENCES.read_text(encoding="utf-8")
    again = "python -m benchmarks.dependencies"
    assert not set(core) - set(pins), f"{CONSTRAINTS}: {again}"
    assert not [name for name in core if f"| {name} |" not in licences], f"{LICENCES}: {again}"
    assert not [
        line for lines in project["optional-dependencies"].values() for line in lines if line.startswith("emotion[")
    ]
