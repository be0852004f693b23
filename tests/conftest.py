"""Nothing in the tests may reach a hub or start more threads than it needs."""

import os
import shutil
import sys

import pytest
from clones import finish
from closure import ROOT
from filelock import FileLock
from page.browser import started

from emotion.core import logs
from emotion.core.closure import read_code

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests run on all cores already


def pytest_collection_modifyitems(items):
    """The longest file first, so that with several processes it does not begin when all others are done."""
    items.sort(key=lambda item: item.path.name != "test_experiments.py")


@pytest.fixture(autouse=True)
def messages():
    """As programs do: what they say goes to stderr, where tests read it."""
    logs.start()


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests: Playwright cannot be started twice in a process."""
    with started() as running:
        yield running


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """A clone with a finished pipeline of few epochs and what it printed: once for all processes, to read only."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, said = root / "finished" / "emotion", root / "finished.txt"
    with FileLock(root / "finished.lock"):
        if not said.exists():
            said.write_text(finish(folder), encoding="utf-8")
    return folder, said.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A finished run in miniature, to read only; see `bundle.small_run`."""
    from bundle.small_run import finish

    return finish(tmp_path_factory.mktemp("small") / "run")


@pytest.fixture(scope="session")
def packed(small_run):
    """Its model, packed; to read only."""
    from emotion.bundle.packing import pack

    pack(small_run.parent / "packed", project=small_run, name="small", licence="mit")
    return small_run.parent / "packed"


@pytest.fixture
def forgotten_plugins():
    """What a test imports of a project's plugins/ is forgotten afterwards."""
    read_code.cache_clear()
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "plugins"]:
        del sys.modules[name]


@pytest.fixture
def project(tmp_path, monkeypatch, forgotten_plugins):
    """The working folder: a project with the worked examples of plugins/ and nothing else."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "plugins", folder / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(folder)
    return folder
