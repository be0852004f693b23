"""The workflow on GitHub runs what `.ci/run` runs."""

import re

from closure import ROOT
from ruamel.yaml import YAML


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
