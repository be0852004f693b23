"""Fresh clones of this repository, and what DVC and git do in them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from closure import ROOT

SHELL = (
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
    "MAKEFLAGS",
    "MAKELEVEL",
    "DVC_ROOT",
    "DVC_SITE_CACHE_DIR",
)
FEW = {"epochs: ": "2", "  epochs: ": "1", "hidden: ": "8", "heads: ": "2"}


def environment(folder, **variables):
    """The shell's, with the clone's own programs."""
    keep = {key: value for key, value in os.environ.items() if key not in SHELL}
    return keep | {"PATH": f"{folder / '.venv' / 'bin'}:{os.environ['PATH']}"} | variables


def run(folder, *command, expect=0, cwd=None, **variables):
    """Run a command in a clone; its output."""
    result = subprocess.run(
        command,
        cwd=cwd or folder,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    output = result.stdout + result.stderr
    assert result.returncode == expect, f"{command} gave {result.returncode}:\n{output[-4000:]}"
    assert "Traceback (most recent call last)" not in output, output[-4000:]
    return output


def stages_run(output):
    return [name.removeprefix("data/dvc.yaml:") for name in re.findall(r"Running stage '([^']+)'", output)]


def clone_into(folder, *, borrow=False):
    """A clone of the last commit; with `borrow` it uses the environment of these tests (its own code comes first)."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    for key, value in (("user.name", "Test"), ("user.email", "test@example.org")):
        subprocess.run(["git", "config", key, value], cwd=folder, check=True)
    if borrow:
        (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder


def less_work(folder):
    """Set few epochs and small layers in a clone's params.yaml."""
    params = folder / "params.yaml"
    text = params.read_text(encoding="utf-8")
    for key, value in FEW.items():
        text = re.sub(rf"(?m)^{key}\S+", key + value, text)
    params.write_text(text, encoding="utf-8")


def finish(folder):
    """Clone into a folder and run the pipeline of the generated corpus with few epochs; what that printed."""
    less_work(clone_into(folder, borrow=True))
    return run(folder, "dvc", "repro")


def copy(folder, target):
    """A clone like another one, with its runs and its cache, to change at will."""
    return Path(shutil.copytree(folder, target, symlinks=True))


def changed(folder):
    """Paths that `git status` names, untracked ones included."""
    return [line[3:] for line in run(folder, "git", "status", "--porcelain").splitlines()]


def blobs(folder):
    """Contents of all files that git has, of whatever commit, ref or stash: whatever could be pushed."""
    listed = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for kind, name in map(str.split, listed):
        if kind == "blob":
            yield subprocess.run(["git", "cat-file", "blob", name], cwd=folder, capture_output=True, check=True).stdout
