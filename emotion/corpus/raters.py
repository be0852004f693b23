"""Who rates, and what raters write for a class."""

import re

WORDS = {
    "Happiness": "happy",
    "Sadness": "sad",
    "Neutral": "neutral",
    "Neutral state": "neutral",
    "Anger": "angry",
    "Excited": "excited",
    "Frustration": "frustrated",
}
"""The words of IEMOCAP's raters; a word that is the name of a class needs no entry."""


def is_outside(rater: str) -> bool:
    """Whether somebody else rated, as IEMOCAP names them (E1, E2, ...); F1 and M1 are the speakers about themselves."""
    return re.fullmatch(r"E\d*", rater) is not None
