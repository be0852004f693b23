import numpy as np
import planted_corpus
import pytest

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Index
from emotion.evaluation import annotators


def test_votes():
    ballots = {
        "a": [["Sad"], ["Sad"], ["Sad", "Mad"]],
        "b": [["Other"], ["Mad"]],
        "c": [["Other"]],
        "d": [["Sad"], ["Mad"]],
    }
    votes = annotators.count_votes(ballots, classes={"Sad": 0, "Mad": 1})
    assert {name: table.tolist() for name, table in votes.tables.items()} == {
        "a": [[1, 0], [1, 0], [0.5, 0.5]],
        "b": [[0, 1]],
        "d": [[1, 0], [0, 1]],
    }
    assert votes.labels(["a", "b", "c", "x"]) == (7, 2)


@pytest.mark.parametrize(("raters", "counted"), [("Emma Ben Cleo", 3), ("E1 E2 F1", 2), ("E voice1 face2", 1)])
def test_only_raters_called_e_and_a_number_are_outside_ones(tmp_path, raters, counted):
    lines = "".join(f"x,{rater},sad\n" for rater in raters.split())
    (tmp_path / "annotators.csv").write_text(f"utterance,rater,labels\n{lines}")
    votes = annotators.read_votes(tmp_path / "annotators.csv", ("sad", "mad"))
    assert votes.tables["x"].tolist() == [[1, 0]] * counted


def test_what_may_be_trained_on_is_nothing_of_the_test_set(tmp_path):
    rows = planted_corpus.utterances([2] * 6, labels=("sad", "mad"), seed=0)
    index = Index(tuple(rows), ("sad", "mad"), "own", "")
    path = tmp_path / "annotators.csv"
    path.write_text("utterance,rater,labels\n" + "".join(f"{row.utterance},E1,sad\n" for row in rows))
    targets = annotators.read_targets(path, index)
    assert targets == {row.utterance: (1.0, 0.0) for row in rows if row.split != "test"}
    assert len(targets) < len(rows)
    assert annotators.digest_of(targets) != annotators.digest_of({})


def test_training_on_votes_needs_some(tmp_path):
    rows = planted_corpus.utterances([2] * 6, labels=("sad", "mad"), seed=0)
    index = Index(tuple(rows), ("sad", "mad"), "own", "")
    path = tmp_path / "annotators.csv"
    expected = (
        r"target is votes, but no raters' votes are known of the training utterances of corpus own \(annotators\.csv, "
        r"which the index stage writes; imported features have none\); set target to majority"
    )
    for known in (None, path):
        with pytest.raises(EmotionError, match=f"^{expected}$"):
            annotators.read_targets(known, index)
    of_test = next(row.utterance for row in rows if row.split == "test")
    for content in ("", f"{of_test},E1,sad\n"):
        path.write_text(f"utterance,rater,labels\n{content}")
        with pytest.raises(EmotionError, match=f"^{expected}$"):
            annotators.read_targets(path, index)


def test_files_that_hold_no_votes_are_named(tmp_path):
    path = tmp_path / "annotators.csv"
    head = "utterance,rater,labels\n"
    for content, found in (
        (b"", "is empty and holds no table"),
        (b"utterance,rater\n", "expected the columns utterance,rater,labels"),
        (b"utterance,rater\nx,E1\n", "expected the columns utterance,rater,labels"),
        (f"{head}x,E1\n".encode(), "expected the columns utterance,rater,labels"),
        (b"\xff\xfe", "damaged .*expected text in UTF-8"),
        (f'{head}"x,E1'.encode(), "damaged .*expected CSV"),
    ):
        path.write_bytes(content)
        with pytest.raises(
            EmotionError, match=rf"annotators\.csv: {found}.*; write it with emotion index --annotators$"
        ):
            annotators.read_votes(path, ["sad"])
    path.write_text(f"{head}x,E1,Surprise\n")
    with pytest.raises(EmotionError, match=r"annotators\.csv: no rater names one of the classes sad$"):
        annotators.read_votes(path, ["sad"])
    path.write_text(head)
    assert annotators.read_votes(path, ["sad"]) is None


def test_outside_raters_count_alone_where_there_are_any(tmp_path):
    path = tmp_path / "annotators.csv"
    path.write_text("utterance,rater,labels\nx,F1,Anger\nx,E1,Sadness;Other\n")
    votes = annotators.read_votes(path, ["sad", "angry"])
    assert votes.tables["x"].tolist() == [[1, 0]] and votes.counts == {"x": (2, 1)}
    path.write_text("utterance,rater,labels\nx,F1,Anger\n")
    votes = annotators.read_votes(path, ["sad", "angry"])
    np.testing.assert_array_equal(votes.tables["x"], [[0, 1]])
