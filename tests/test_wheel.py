"""What `pip install .` brings, away from a clone."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from closure import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the content of the wheel, made from a copy: what an earlier build left does not come along."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    for name in ("emotion", "recipes"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--disable-pip-version-check",
        "-w",
        place,
        ROOT,
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    (wheel,) = place.glob("*.whl")
    assert wheel.name.startswith("emotion_in_conversation-")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "installed")
    return place / "installed"


def test_every_file_of_the_package_is_in_it(installed):
    """Code, the page's parts, schemas and recipes; no test, no benchmark, no compiled file."""
    source = ROOT / "emotion"
    ours = {path.relative_to(ROOT) for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    recipes = {
        (source / "fusion" / "shipped_recipes" / path.relative_to(ROOT / "recipes")).relative_to(ROOT)
        for path in (ROOT / "recipes").rglob("*.yaml")
    }
    found = {path.relative_to(installed) for path in installed.rglob("*") if path.is_file()}
    assert len(recipes) >= 8
    assert {path for path in found if not path.parts[0].endswith(".dist-info")} == ours | recipes


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--version"], "emotion"),
        (["models", "describe", "speaker_fusion"], "speaker_fusion"),
        (["index", "--corpus", "table", "--root", "missing", "--out", "x.csv"], "error: missing"),
        (["summary"], "error: "),
    ],
)
def test_the_commands_work_outside_a_clone(words, line, installed, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "emotion", *words]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == (1 if line.startswith("error") else 0), run.stderr
    assert line in (run.stdout or run.stderr)
    assert "Traceback" not in run.stderr
