"""Near copies: utterances whose words are almost the words of another one."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FEWEST_WORDS = 4
"""Shorter utterances are not compared: everybody says `yes I know`."""
LIKE = 0.7
"""Jaccard similarity of two sets of words from which on one is called a near copy of the other."""
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+(?:'\w+)?")
_ROWS = 500  # compared with all others at a time: bounds the memory


def near_copies(texts: Sequence[str], others: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which texts (n) have a near copy among others (m), in any order of the words, in small letters.

    Of Chinese and Japanese, which put no blanks between words, each character counts as a word.

    Returns:
        compared: (n,) whether the text has `FEWEST_WORDS` words.
        nearest: (n,) the place of the other text that is most like it, the first of several; -1 = none is near.
    """
    compared, nearest = np.zeros(len(texts), dtype=np.bool_), np.full(len(texts), -1, dtype=np.int64)
    if not any(map(_WORD.search, texts)):
        return compared, nearest
    from sklearn.feature_extraction.text import CountVectorizer  # takes a second, and most commands do without

    counts = CountVectorizer(analyzer=words).fit_transform([*texts, *others])
    long = np.asarray(counts.sum(1)).ravel() >= FEWEST_WORDS
    sets = (counts > 0).astype(np.int32)
    sizes = np.asarray(sets.sum(1)).ravel()
    compared[:] = long[: len(texts)]
    mine, theirs = np.flatnonzero(compared), np.flatnonzero(long[len(texts) :])
    columns = sets[len(texts) + theirs].T.tocsc()
    for start in range(0, len(mine) if len(theirs) else 0, _ROWS):
        rows = mine[start : start + _ROWS]
        common = (sets[rows] @ columns).tocoo()
        union = sizes[rows][common.row] + sizes[len(texts) + theirs][common.col] - common.data
        likeness = common.data / union
        near = np.flatnonzero(likeness >= LIKE)
        order = near[np.lexsort((common.col[near], -likeness[near], common.row[near]))]
        found, first = np.unique(common.row[order], return_index=True)
        nearest[rows[found]] = theirs[common.col[order[first]]]
    return compared, nearest


def words(text: str) -> list[str]:
    """The words of a text in small letters, `'` for every apostrophe; other marks are none."""
    return _WORD.findall(text.casefold().replace("\u2019", "'"))
