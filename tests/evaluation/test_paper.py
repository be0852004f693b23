import pytest
from figure_2 import FIGURE_2

from emotion.evaluation import paper, scores


def test_what_the_paper_calls_acc_is_precision_for_its_own_model():
    found = scores.scores_of_matrix(FIGURE_2, labels=paper.CLASSES)
    own = paper.TABLE_2[-1]
    assert own.acc_is == "precision"
    assert [round(100 * found["per_class"][name]["precision"], 1) for name in paper.CLASSES] == list(own.acc[:-1])
    assert [round(100 * found["per_class"][name]["f1"], 1) for name in paper.CLASSES] == list(own.f1[:-1])
    assert 100 * found["accuracy"] == pytest.approx(own.acc[-1], abs=0.1)
    assert 100 * found["weighted_f1"] == pytest.approx(own.f1[-1], abs=0.1)


def test_the_baselines_acc_is_recall():
    """The accuracy is the mean recall weighted with the classes' sizes, which Figure 2 gives."""
    sizes = [sum(row) for row in FIGURE_2]
    for line in paper.TABLE_2[:-1]:
        assert line.acc_is == "recall"
        mean = sum(value * size for value, size in zip(line.acc, sizes, strict=False)) / sum(sizes)
        f1 = sum(value * size for value, size in zip(line.f1, sizes, strict=False)) / sum(sizes)
        assert mean == pytest.approx(line.acc[-1], abs=0.6), line.title
        assert f1 == pytest.approx(line.f1[-1], abs=0.6), line.title


def test_every_row_is_complete():
    for line in paper.TABLE_2:
        assert len(line.acc) == len(line.f1) == len(paper.CLASSES) + 1
