"""DVC's index, which DVC unpickles, lies inside the project: what others planted elsewhere is never read."""

import os
import pickle
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from clones import changed, clone_into, environment, run
from closure import ROOT

from emotion.core import dvc_index

SYSTEM = Path("/var/tmp/dvc")  # DVC's default


class Planted:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (self.mark,)


def plant(folder, mark):
    evil = pickle.dumps(Planted(str(mark)), 0)
    found = list(folder.rglob("cache.db"))
    for path in found:
        with sqlite3.connect(path) as base:
            base.execute("update Cache set mode = 4, value = ?, filename = null", (evil,))
            base.execute(
                "insert into Cache (key, raw, store_time, access_time, access_count, size, mode, value) values "
                "(?, 0, 0, 0, 0, 0, 4, ?)",
                (evil, evil),
            )
    return found


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
def test_what_is_planted_in_the_systems_folder_is_not_run(tmp_path):
    folder, mark = clone_into(tmp_path / "clone", borrow=True), tmp_path / "planted was run"
    (folder / "data" / "raw" / "table").mkdir()
    run(folder, "dvc", "repro", "code", DVC_SITE_CACHE_DIR=str(SYSTEM))
    theirs = SYSTEM / "repo" / token(folder)
    try:
        assert plant(theirs, mark)
        subprocess.run(  # the plant works: DVC with its default folder runs it
            ["dvc", "checkout"], cwd=folder, env=environment(folder, DVC_SITE_CACHE_DIR=str(SYSTEM)), check=False
        )
        assert mark.is_dir()
        mark.rmdir()
        run(folder, "git", "checkout", "--quiet", ".")
        for where in (folder, folder / "stages"):
            run(folder, "dvc", "repro", "--force", f"{os.path.relpath(folder, where)}/dvc.yaml:code", cwd=where)
            subprocess.run(["dvc", "checkout"], cwd=where, env=environment(folder), check=False)
            assert not mark.exists()
            assert (folder / dvc_index.NAME / "repo" / token(folder)).is_dir() or where != folder
        assert mode(folder / dvc_index.NAME) == 0o700
        assert {mode(path) for path in folder.glob(f"*/{dvc_index.NAME}")} <= {0o700}
        assert [path for path in changed(folder) if dvc_index.NAME in path] == []
    finally:
        shutil.rmtree(theirs)


def token(folder):
    """How DVC calls the folder of a project."""
    code = "from dvc.repo import Repo; print(Repo('.').site_cache_dir)"
    return Path(run(folder, sys.executable, "-c", code, cwd=folder).splitlines()[-1]).name


def test_the_folder_is_there_before_dvc_is(tmp_path):
    """DVC makes it writable for everybody, unless it exists."""
    tracked = subprocess.run(["git", "ls-files", dvc_index.NAME], cwd=ROOT, capture_output=True, text=True, check=True)
    assert tracked.stdout.split() == [f"{dvc_index.NAME}/repo/README"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in (".dvc", "benchmarks/iemocap_features/.dvc", "copy/.dvc"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return tmp_path


def test_dvc_gets_the_full_path_beside_other_settings(project):
    local = project / ".dvc" / "config.local"
    local.write_text("['remote \"store\"']\n    password = a, b # c\n[core]\n    remote = store\n")
    dvc_index.settle()
    once = local.read_text()
    assert f"site_cache_dir = {project}/{dvc_index.NAME}" in once
    assert "password = a, b " in once and "# c" in once and "remote = store" in once
    dvc_index.settle()
    assert local.read_text() == once
    other = project / "benchmarks" / "iemocap_features"
    assert f"site_cache_dir = {other}/{dvc_index.NAME}" in (other / ".dvc" / "config.local").read_text()


def test_a_moved_project_gets_its_new_path_and_a_copy_keeps_the_old(project, monkeypatch):
    dvc_index.settle()
    moved = project.rename(project.with_name("moved"))
    monkeypatch.chdir(moved)
    dvc_index.settle()
    assert f"site_cache_dir = {moved}/{dvc_index.NAME}" in (moved / ".dvc" / "config.local").read_text()
    monkeypatch.setenv("DVC_ROOT", str(moved))
    monkeypatch.chdir(moved / "copy")
    dvc_index.settle()
    assert not (moved / "copy" / ".dvc" / "config.local").exists()


def test_open_folders_are_closed(project):
    for name in (".", "stages", "data/raw"):
        (project / name / dvc_index.NAME / "repo").mkdir(parents=True)
        (project / name / dvc_index.NAME).chmod(0o777)
    dvc_index.settle()
    assert {mode(path) for path in project.rglob(dvc_index.NAME)} == {0o700}
