"""README: short, and its figures are those of the committed metrics."""

import json
import subprocess

import pytest
from closure import ROOT

from benchmarks.readme import END, START, block


def committed(path):
    """A file as of the last commit: a run on another processor may have moved the metrics of the working tree."""
    shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True, check=False)
    if shown.returncode:
        pytest.skip(f"{path} is not committed here")
    return shown.stdout


def test_the_figures_are_generated():
    metrics, faces = (json.loads(committed(f"metrics/{name}.json")) for name in ("metrics", "faces"))
    shown = (ROOT / "README.md").read_text(encoding="utf-8").split(START)[1].split(END)[0].strip()
    assert shown == block(metrics, faces)


def test_it_is_short_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
