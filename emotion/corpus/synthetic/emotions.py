"""The six emotions of the generated corpus, and how one follows another in a conversation."""

from collections.abc import Mapping, MutableMapping

import numpy as np

EMOTIONS = ("happy", "sad", "neutral", "angry", "excited", "frustrated")
CODES = {"happy": "hap", "sad": "sad", "neutral": "neu", "angry": "ang", "excited": "exc", "frustrated": "fru"}
_PAIRS = (("happy", "excited"), ("angry", "frustrated"), ("sad", "neutral"))
SIMILAR = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}

# How the next emotion comes about; the rest is a new emotion, the one that is due.
STAY = 0.38  # the speaker's own last one
CATCH = 0.18  # the other's last one
DRIFT = 0.08  # one similar to the speaker's own last one
CHANCE = 0.6  # how far chance may push another emotion before the one that is due

Mix = Mapping[str, float]
"""Emotion -> its share, all of `EMOTIONS`; the shares sum to 1."""


def next_emotion(
    own: str,
    others: str,
    *,
    due: Mapping[str, float],
    rng: np.random.Generator,
    stay: float = STAY,
    catch: float = CATCH,
) -> str:
    """Draw the emotion of a turn after the speaker's last one and the other's ('' at the beginning).

    `due` says how many turns each emotion still has to come, for its share; `stay` and `catch` are the chances of the
    speaker's own last emotion and of the other's.
    """
    fate = rng.random()
    push = rng.uniform(0.0, CHANCE, len(EMOTIONS))
    new = max(zip(EMOTIONS, push.tolist(), strict=True), key=lambda pair: due[pair[0]] + pair[1])[0]
    if fate < stay:
        return own or others or new
    if fate < stay + catch:
        return others or own or new
    if fate < stay + catch + DRIFT and own:
        return SIMILAR[own]
    return new


def settle(due: MutableMapping[str, float], mix: Mix, emotion: str) -> None:
    """Note in `due` that a turn of this mix had this emotion."""
    for name in EMOTIONS:
        due[name] += mix[name] - (name == emotion)


def prone(mix: Mix, emotion: str, *, factor: float) -> dict[str, float]:
    """A mix in which one emotion weighs `factor` times as much."""
    weights = {name: share * (factor if name == emotion else 1.0) for name, share in mix.items()}
    return {name: weight / sum(weights.values()) for name, weight in weights.items()}
