"""Nothing in the tests may reach a hub or start more threads than it needs."""

import os
import shutil
import sys

import pytest
from closure import ROOT
from page.browser import started

from emotion.core import logs
from emotion.core.closure import read_code

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests run on all cores already


@pytest.fixture(autouse=True)
def messages():
    """As programs do: what they say goes to stderr, where tests read it."""
    logs.start()


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests: Playwright cannot be started twice in a process."""
    with started() as running:
        yield running


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
