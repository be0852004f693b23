"""Finding the raw corpus, also in the copies of the project in which queued experiments run."""

import re
from pathlib import Path

import pytest

from emotion.core.errors import EmotionError
from emotion.corpus.raw import CORPORA, find_corpus

RAW = Path("data/raw")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A project, and the copy of it that is the current folder."""
    home, copy = tmp_path / "project", tmp_path / "copy"
    for folder in (home, copy):
        (folder / RAW).mkdir(parents=True)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("DVC_ROOT", str(home))
    return home, copy


def test_a_copy_gets_a_link(copy, tmp_path):
    home, there = copy
    (tmp_path / "disk" / "recordings").mkdir(parents=True)
    (home / RAW / "table").symlink_to(tmp_path / "disk" / "recordings")
    (there / RAW / "table").symlink_to(tmp_path / "gone")  # a link of an earlier run, to nowhere
    for _ in range(2):
        find_corpus("table", raw=RAW)
        assert (there / RAW / "table").readlink() == tmp_path / "disk" / "recordings"


def test_what_dvc_brings_is_left_to_it(copy):
    home, there = copy
    (home / RAW / "meld.dvc").touch()
    find_corpus("meld", raw=RAW)
    find_corpus("synthetic", raw=RAW)
    assert list((there / RAW).iterdir()) == []


def test_the_project_itself_is_never_linked(copy, monkeypatch):
    home, there = copy
    (home / RAW / "table").mkdir()
    monkeypatch.chdir(home)
    find_corpus("table", raw=RAW)
    assert not (home / RAW / "table").is_symlink() and list((there / RAW).iterdir()) == []


@pytest.mark.parametrize("corpus", ["iemocap", "meld", "table"])
def test_a_missing_corpus_is_one_line_with_the_remedy(copy, corpus):
    wanted = f"data/raw/{corpus}: the folder of corpus {corpus} does not exist; {CORPORA[corpus]}"
    with pytest.raises(EmotionError, match=re.escape(wanted)):
        find_corpus(corpus, raw=RAW)
