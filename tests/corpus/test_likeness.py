"""Near copies beside a naive comparison of sets of words."""

import numpy as np
import pytest

from emotion.corpus.likeness import FEWEST_WORDS, LIKE, near_copies, words


def naive(texts, others):
    """Every pair: the place of the most like one, the first of several."""
    found = []
    for text in texts:
        best, place = LIKE, -1
        for number, other in enumerate(others):
            if min(len(words(text)), len(words(other))) >= FEWEST_WORDS:
                mine, theirs = set(words(text)), set(words(other))
                likeness = len(mine & theirs) / len(mine | theirs)
                if likeness > best or (likeness == best and place < 0):
                    best, place = likeness, number
        found.append(place)
    return found


@pytest.mark.slow
def test_all_pairs_at_once_find_what_one_after_the_other_finds():
    rng = np.random.default_rng(0)
    vocabulary = [f"w{number}" for number in range(12)]

    def drawn(count):
        return [" ".join(rng.choice(vocabulary, size=rng.integers(0, 9))) for _ in range(count)]

    texts, others = drawn(700), drawn(120)  # more than are compared at a time
    compared, nearest = near_copies(texts, others)
    assert compared.tolist() == [len(words(text)) >= FEWEST_WORDS for text in texts]
    assert nearest.tolist() == naive(texts, others)
    assert 50 < (nearest >= 0).sum() < 650


def test_what_counts_as_a_copy():
    said = "You don't know what that is like"
    cases = {
        "you DON\u2019T know: what is that like?!": 0,
        "You don't know what that is like, do you": 0,  # 7 of 8
        "you don't know what that was": -1,  # 5 of 8
        "you know": -1,
        "": -1,
    }
    compared, nearest = near_copies(list(cases), [said])
    assert dict(zip(cases, nearest.tolist(), strict=True)) == cases
    assert compared.tolist() == [True, True, True, False, False]
    assert near_copies(["one two three"], ["one two three"])[1].tolist() == [-1]
    assert near_copies(["a b c d e f g"], ["a b c d e f g h i j"])[1].tolist() == [0]  # 7 of 10
    assert near_copies(["我不知道你是谁"], ["我不知道他是谁"])[1].tolist() == [0]
    assert near_copies(["a b c d"], [])[1].tolist() == [-1] and near_copies([], ["a b c d"])[0].tolist() == []
