"""What is held out in turn of the training part."""

from collections import Counter
from dataclasses import replace

import pytest
from planted_study import plant, staged

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.study.inner import inner_folds


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Four sessions, of which one has twice as many dialogues for the test."""
    return read_index(plant(tmp_path_factory.mktemp("inner"), sessions=4, edit=staged) / "index.csv")


def parts(fold):
    return {split: {row.utterance for row in fold.rows(split)} for split in ("train", "validation", "test")}


def test_sessions_are_held_out_once_each_and_the_test_set_is_gone(index):
    inner = inner_folds(index, protocol="session", most=10)
    used = {row.utterance for row in index.utterances if row.split != "test"}
    assert inner.what == "sessions" and [fold.name for fold in inner.folds] == [f"inner{k}" for k in (1, 2, 3, 4)]
    held = Counter()
    for fold in inner.folds:
        found = parts(fold)
        assert found["train"] | found["validation"] == used and not found["test"]
        assert len({row.dialogue[:5] for row in fold.rows("validation")}) == 1
        assert not {row.dialogue[:5] for row in fold.rows("validation")} & {r.dialogue[:5] for r in fold.rows("train")}
        held.update(found["validation"])
    assert held == Counter(used)


def test_fewer_folds_hold_out_several_sessions(index):
    inner = inner_folds(index, protocol="session", most=2)
    assert [len({row.dialogue[:5] for row in fold.rows("validation")}) for fold in inner.folds] == [2, 2]


def test_scenarios_leave_training_too(index):
    inner = inner_folds(index, protocol="scenario", most=3)
    assert inner.what == "sessions and scenarios" and len(inner.folds) == 3
    groups = [{row.scenario for row in fold.rows("validation")} for fold in inner.folds]
    people = [{row.speaker for row in fold.rows("validation")} for fold in inner.folds]
    for fold, played, who in zip(inner.folds, groups, people, strict=True):
        assert not played & {row.scenario for row in fold.rows("train")}
        assert not who & {row.speaker for row in fold.rows("train")}
    assert not groups[0] & groups[1] and not people[0] & people[1]  # the first folds share neither
    assert len(inner_folds(index, protocol="scenario", most=99).folds) == 12


def test_where_everybody_has_met_everybody_dialogues_are_held_out(index):
    rows = [replace(row, dialogue=f"d{row.dialogue}", speaker="anna") for row in index.utterances]
    inner = inner_folds(replace(index, utterances=tuple(rows)), protocol="session", most=3)
    assert inner.what == "dialogues" and len(inner.folds) == 3
    one = replace(index, utterances=tuple(replace(row, dialogue="d1", speaker="anna") for row in index.utterances))
    with pytest.raises(EmotionError, match="one dialogue, expected two"):
        inner_folds(one, protocol="session", most=3)


def test_a_group_without_labels_is_no_fold(index):
    bare = tuple(replace(row, label="") if row.dialogue[:5] == "Ses02" else row for row in index.utterances)
    with pytest.raises(EmotionError, match="no labelled utterance is left for scoring where a group of sessions"):
        inner_folds(replace(index, utterances=bare), protocol="session", most=4)
