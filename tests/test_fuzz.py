"""Some hostile files over the readers that load no large library; `python -m benchmarks.fuzz` tries thousands."""

import random

import pytest

from benchmarks import fuzz
from benchmarks.fuzzing import crafted, material
from benchmarks.fuzzing.readers import READERS

QUICK = ("tables", "iemocap", "meld", "params", "pickles", "index", "journals")


@pytest.mark.slow
def test_sixty_hostile_files_are_read_or_refused_by_a_line(tmp_path):
    found = list(fuzz.campaign(QUICK, 60, 7, tmp_path))
    faults = [f"{task.reader} {task.number}: {outcome.why}" for task, outcome in found if outcome.kind == "fault"]
    assert not faults
    rows = fuzz.summarised(found)
    assert set(rows) == set(QUICK) and sum(row["files"] for row in rows.values()) >= 60
    assert any(row["refused"] for row in rows.values())


def test_a_seed_names_its_files(tmp_path):
    (tmp_path / "good").mkdir()
    material.meld(tmp_path / "good")
    made = [
        fuzz.made(fuzz.Task("meld", 3, str(tmp_path / "good"), seed), tmp_path / name)
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    first, second, other = ([path.read_bytes() for path in sorted(folder.iterdir())] for folder in made)
    assert first == second != other


@pytest.mark.parametrize("suffix", [".csv", ".yaml", ".json", ".safetensors", ".xlsx", ".h5", ".wav", ".mp4", ".pkl"])
def test_every_kind_of_file_can_be_made_hostile(suffix):
    good = b'{"a": [1, 2.5, "x"], "b": {"c": null}}\n' * 3
    made = [crafted.hostile(good, suffix, random.Random(seed)) for seed in range(12)]
    assert len(set(made)) > 5


def broken(folder):
    raise KeyError("x")


def rude(folder):
    from emotion.core.errors import EmotionError

    raise EmotionError("two\nlines")


@pytest.mark.parametrize(("read", "said"), [(broken, "KeyError"), (rude, "cannot be shown")])
def test_what_is_no_line_is_a_fault(tmp_path, monkeypatch, read, said):
    (tmp_path / "good").mkdir()
    material.meld(tmp_path / "good")
    monkeypatch.setitem(READERS, "meld", fuzz.READERS["meld"].__class__(material.meld, read))
    outcome = fuzz.attempt(fuzz.Task("meld", 0, str(tmp_path / "good"), 0))
    assert outcome.kind == "fault" and said in outcome.why
