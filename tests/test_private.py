"""What git must never see, by name; `tests/test_experiments.py` looks at what it does see."""

import subprocess

import pytest
from closure import ROOT

NEVER = [
    *(
        "data/raw/table/utterances.csv",
        "data/raw/table",
        "data/raw/iemocap",
        "data/raw/meld/train.csv",
        "data/raw/.hidden",
    ),
    *("data/index.csv", "data/index.json", "data/annotators.csv", "data/faces.h5", "data/faces.csv", "data/faces.png"),
    *("data/features/audio.h5", "data/features/audio.md", "features/iemocap/index.csv", "features"),
    *("studies/data/study.md", "studies", "runs/a", "runs", "models/fusion/model.safetensors", "models", "report.html"),
    *("metrics/predictions.csv", "metrics/speakers.csv", ".code/fuse.txt", ".cache/emotion/x"),
    *(".dvc-index/repo/x", "stages/.dvc-index/repo/x"),
    *("benchmarks/iemocap_features/data/index.csv", "benchmarks/iemocap_features/features.pkl"),
]
ALWAYS = ["data/raw/table.dvc", "data/dvc.yaml", "data/dvc.lock", "dvc.lock", "metrics/metrics.json", "params.yaml"]


def ignored(path, folder=ROOT):
    return (
        subprocess.run(["git", "check-ignore", "--quiet", "--no-index", path], cwd=folder, check=False).returncode == 0
    )


@pytest.mark.parametrize("path", NEVER)
def test_git_ignores(path):
    assert ignored(path)


@pytest.mark.parametrize("path", ALWAYS)
def test_git_keeps(path):
    assert not ignored(path)


@pytest.mark.parametrize("name", ["data/raw/table", "data/raw", "features", "studies", "runs", "models", "report.html"])
def test_a_link_is_ignored_as_a_folder_is(tmp_path, name):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).symlink_to(tmp_path.parent)
    assert ignored(name, tmp_path)


def test_files_in_git_name_no_user(tmp_path):
    """The lock files name paths of the project alone."""
    for path in (ROOT / "dvc.lock", ROOT / "data" / "dvc.lock"):
        found = [line for line in path.read_text(encoding="utf-8").splitlines() if "path: " in line]
        assert [line for line in found if "/home/" in line or line.split("path: ")[1].startswith(("/", ".."))] == []
