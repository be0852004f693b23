import numpy as np
import pytest
from scipy.spatial.distance import cosine, jensenshannon

from emotion.core.errors import EmotionError
from emotion.evaluation import annotators


def test_soft_scores_agree_with_scipy():
    rng = np.random.default_rng(0)
    truth, given = rng.dirichlet(np.ones(4), size=30), rng.dirichlet(np.ones(4), size=30)
    truth[:5] = np.eye(4)[:, [0, 1, 2, 3]][[0, 1, 2, 3, 0]]
    found = annotators.soft_scores(truth, given)
    assert found.n == 30
    assert found.js == pytest.approx(np.mean([jensenshannon(a, b) ** 2 for a, b in zip(truth, given, strict=True)]))
    assert found.cosine == pytest.approx(np.mean([1 - cosine(a, b) for a, b in zip(truth, given, strict=True)]))
    assert found.cross_entropy == pytest.approx(
        np.mean([-(a * np.log(b)).sum() for a, b in zip(truth, given, strict=True)])
    )
    same = annotators.soft_scores(truth, truth)
    assert same.js == pytest.approx(0, abs=1e-12)
    assert same.cosine == pytest.approx(1)
    assert annotators.soft_scores(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])).cross_entropy == np.inf


def test_votes_and_the_raters_agreement():
    ballots = {
        "a": [["Sad"], ["Sad"], ["Sad", "Mad"]],
        "b": [["Other"], ["Mad"]],
        "c": [["Other"]],
        "d": [["Sad"], ["Mad"]],
    }
    tables = annotators.count_votes(ballots, classes={"Sad": 0, "Mad": 1}).tables
    assert {name: table.tolist() for name, table in tables.items()} == {
        "a": [[1, 0], [1, 0], [0.5, 0.5]],
        "b": [[0, 1]],
        "d": [[1, 0], [0, 1]],
    }
    ceiling = annotators.rater_ceiling(list(tables.values()))
    assert ceiling.n == 2  # b has one rater
    in_a = [jensenshannon([0.75, 0.25], [1, 0]) ** 2] * 2 + [jensenshannon([1, 0], [0.5, 0.5]) ** 2]
    assert ceiling.js == pytest.approx(np.mean([np.mean(in_a), np.log(2)]))
    together = np.array([5 / 6, 1 / 6])
    assert ceiling.cross_entropy == pytest.approx(np.mean([-(together * np.log(together)).sum(), np.log(2)]))
    assert np.isnan(annotators.rater_ceiling([]).js)


def test_files_that_hold_no_votes_are_named(tmp_path):
    path = tmp_path / "annotators.csv"
    head = "utterance,rater,labels\n"
    for content, found in (
        (b"", "is empty and holds no table"),
        (head.encode(), "expected the columns utterance,rater,labels"),
        (b"utterance,rater\nx,E1\n", "expected the columns utterance,rater,labels"),
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


def test_outside_raters_count_alone_where_there_are_any(tmp_path):
    path = tmp_path / "annotators.csv"
    path.write_text("utterance,rater,labels\nx,F1,Anger\nx,E1,Sadness;Other\n")
    votes = annotators.read_votes(path, ["sad", "angry"])
    assert votes.tables["x"].tolist() == [[1, 0]] and votes.counts == {"x": (2, 1)}
    assert (votes.agreement(["x", "y"]).labels, votes.agreement(["x"]).dropped, votes.agreement(["x"]).ceiling.n) == (
        2,
        1,
        0,
    )
    (same,) = votes.compare(["y", "x"], np.array([[[0.5, 0.5], [1, 0]]]))
    assert (same.n, same.cross_entropy, same.js, same.cosine) == (1, 0, 0, 1)
    assert votes.compare(["y", "z"], np.full((3, 2, 2), 0.5)) == []  # none of them has raters
    path.write_text("utterance,rater,labels\nx,F1,Anger\n")
    assert annotators.read_votes(path, ["sad", "angry"]).tables["x"].tolist() == [[0, 1]]
