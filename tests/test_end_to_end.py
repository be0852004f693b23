"""The newcomer's way, in fresh clones with nothing but the repository: slow."""

import hashlib
import os
import re
import shutil
import subprocess
import time

import pytest
from closure import ROOT

pytestmark = pytest.mark.slow


def run(folder, *command, expect=0, **variables):
    keep = {
        key: value
        for key, value in os.environ.items()
        if key not in ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")
    }
    environment = keep | {"PATH": f"{folder / '.venv' / 'bin'}:{os.environ['PATH']}"} | variables
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    output = result.stdout + result.stderr
    assert result.returncode == expect, f"{command} gave {result.returncode}:\n{output[-4000:]}"
    assert "Traceback (most recent call last)" not in output, output[-4000:]
    return output


def stages_run(output):
    return re.findall(r"Running stage '([^']+)'", output)


def clone_into(folder):
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    for key, value in (("user.name", "Test"), ("user.email", "test@example.org")):
        subprocess.run(["git", "config", key, value], cwd=folder, check=True)
    return folder


def digests(folder):
    """sha256 of all that the pipeline writes."""
    files = [
        path for name in ("data", "models", "metrics") for path in sorted((folder / name).rglob("*")) if path.is_file()
    ]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = clone_into(tmp_path_factory.mktemp("newcomer") / "emotion")
    output = run(folder, "make", "repro")
    return folder, output


def test_make_repro_from_an_empty_folder(clone):
    folder, output = clone
    assert "weighted F1" in output and "metrics/confusion.png" in output
    run_again = run(folder, "dvc", "repro")
    assert stages_run(run_again) == []
    # Another processor may round differently: then the lock file and the metrics move, nothing else.
    changed = [line[3:] for line in run(folder, "git", "status", "--porcelain").splitlines()]
    assert [path for path in changed if path != "dvc.lock" and not path.startswith("metrics/")] == []


def test_two_clones_give_the_same_bytes(clone, tmp_path):
    folder, _ = clone
    second = clone_into(tmp_path / "second")
    # The second clone borrows the environment (its own code comes first on the path), nothing else.
    (second / ".venv").symlink_to(folder / ".venv")
    run(second, "dvc", "repro")
    assert digests(second) == digests(folder)
    assert (second / "dvc.lock").read_bytes() == (folder / "dvc.lock").read_bytes()


def test_who_extracts_changes_no_byte(clone, tmp_path):
    folder, _ = clone
    run(folder, "pip", "install", "--quiet", "-c", "constraints.txt", "-e", ".[ray]")
    expected = {name: digest for name, digest in digests(folder).items() if name.endswith((".h5", ".md"))}
    assert len(expected) == 8  # four caches and their cards
    for number, variables in enumerate(
        (
            {"EMOTION_WORKERS": "1"},
            {"EMOTION_WORKERS": "4", "EMOTION_BUDGET": "1"},
            {"EMOTION_EXECUTOR": "ray", "EMOTION_WORKERS": "2"},
        )
    ):
        work = tmp_path / str(number)
        (work / "data" / "raw").mkdir(parents=True)
        for name in (".venv", "emotion", "stages", "params.yaml", "models", "data/raw/synthetic"):
            (work / name).symlink_to(folder / name)
        for name in ("index.csv", "index.json"):
            shutil.copy(folder / "data" / name, work / "data" / name)
        for stage in ("faces", "extract_audio", "extract_face", "extract_text"):
            run(work, "python", "-m", f"stages.{stage}", **variables)
        made = {path.relative_to(work).as_posix() for path in (work / "data").glob("**/*.h5")}
        assert len(made) == 4
        for name, digest in expected.items():
            assert hashlib.sha256((work / name).read_bytes()).hexdigest() == digest, (name, variables)


def test_experiments_touch_the_fusion_stage_only(clone):
    folder, _ = clone
    run(folder, "git", "commit", "--quiet", "--allow-empty", "-am", "state before the experiments")
    assert stages_run(run(folder, "dvc", "exp", "run", "-S", "lr=1e-3")) == ["fuse", "evaluate"]
    run(folder, "git", "checkout", "--quiet", ".")
    run(folder, "dvc", "checkout")
    assert stages_run(run(folder, "dvc", "exp", "run", "-n", "cmn", "-S", "model=cmn")) == ["fuse", "evaluate"]
    run(folder, "git", "checkout", "--quiet", ".")
    run(folder, "dvc", "checkout")
    rows = run(folder, "dvc", "metrics", "diff", "cmn", "--md")
    assert "test.weighted_f1" in rows and "test.per_class.happy.f1" in rows and "validation.weighted_f1" in rows


def test_a_queued_grid_finishes(clone):
    folder, _ = clone
    run(folder, "dvc", "exp", "run", "-S", "lr=1e-4,3e-4", "-S", "seed=1,2", "--queue")
    run(folder, "dvc", "queue", "start", "-j", "2")
    deadline = time.monotonic() + 900  # s
    while time.monotonic() < deadline and re.search("Running|Queued", run(folder, "dvc", "queue", "status")):
        time.sleep(5)
    status = run(folder, "dvc", "queue", "status")
    assert status.count("Success") == 4, status


def test_a_fusion_edit_extracts_nothing(clone):
    folder, _ = clone
    source = folder / "emotion" / "fuse.py"
    source.write_text(source.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    status = run(folder, "dvc", "status")
    source.write_text(source.read_text(encoding="utf-8").removesuffix("# a comment\n"), encoding="utf-8")
    assert "fuse:" in status and not re.search(r"^(faces|fit@|extract@|index|synthesize)", status, re.MULTILINE), status


@pytest.mark.parametrize("value", ["fusoin"])
def test_a_bad_param_is_one_line(clone, value):
    folder, _ = clone
    output = run(folder, "dvc", "exp", "run", "-S", f"model={value}", expect=255)
    assert f"model is '{value}', expected one of" in output
    run(folder, "git", "checkout", "--quiet", ".")
    shutil.rmtree(folder / ".cache", ignore_errors=True)
