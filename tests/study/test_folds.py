import pytest
from planted_study import plant

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.study.folds import make_folds, truth


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("features")) / "index.csv"


def test_the_split_of_the_index_has_no_test_labels(index):
    (fold,) = make_folds(index, protocol="split")
    assert fold.name == ""
    assert [row.label for row in fold.rows("test")] == [""] * 36
    assert all(row.label for split in ("train", "validation") for row in fold.rows(split))
    assert fold.index == read_index(index)


def test_each_session_is_held_out_once_and_without_labels(index):
    folds = make_folds(index, protocol="leave-one-session-out")
    assert [fold.name for fold in folds] == ["Ses01", "Ses02", "Ses03"]
    own = {row.dialogue: row.split for row in read_index(index).utterances}
    labels = truth(index, folds)
    seen = []
    for fold in folds:
        for row in fold.index.utterances:
            if row.dialogue.startswith(fold.name):
                assert (row.split, row.label) == ("test", "")
                seen.append(row.utterance)
            else:
                assert row.split == ("validation" if own[row.dialogue] == "validation" else "train")
                assert row.label == labels[row.utterance]
        assert fold.index.digest == read_index(index).digest
    assert sorted(seen) == sorted(labels)


def test_without_validation_dialogues_a_tenth_is_drawn(tmp_path):
    path = plant(tmp_path, sessions=3, each=8) / "index.csv"
    path.write_text(path.read_text().replace(",validation,", ",train,"))
    with pytest.raises(EmotionError, match="no labelled utterance for validation"):
        make_folds(path, protocol="split")
    folds = make_folds(path, protocol="leave-one-session-out")
    for fold in folds:
        dialogues = {row.dialogue for row in fold.rows("validation")}
        assert len(dialogues) == 2  # of 16
        assert not any(name.startswith(fold.name) for name in dialogues)
    again = make_folds(path, protocol="leave-one-session-out")
    assert folds == again


def test_dialogues_without_sessions(tmp_path, index):
    plant(tmp_path, sessions=1)
    with pytest.raises(EmotionError, match="all dialogues are of session Ses01"):
        make_folds(tmp_path / "index.csv", protocol="leave-one-session-out")
    path = tmp_path / "index.csv"
    path.write_text(path.read_text().replace("Ses", "Talk"))
    with pytest.raises(EmotionError, match=r"'Talk01F_impro00' names no session.*--protocol split"):
        make_folds(path, protocol="leave-one-session-out")
    with pytest.raises(EmotionError, match="protocol is 'other'"):
        make_folds(index, protocol="other")
