"""What the raters of the generated corpus say: votes, self-report and valence, activation, dominance."""

from dataclasses import dataclass

import numpy as np

from emotion.corpus.synthetic.emotions import EMOTIONS, SIMILAR
from emotion.corpus.synthetic.script import Turn

WORDS = {
    "happy": "Happiness",
    "sad": "Sadness",
    "neutral": "Neutral",
    "angry": "Anger",
    "excited": "Excited",
    "frustrated": "Frustration",
}
# Valence, activation and dominance of an emotion, 1..5.
SCALES = {
    "happy": (4.2, 3.2, 3.2),
    "sad": (1.8, 1.9, 2.0),
    "neutral": (3.0, 2.3, 2.9),
    "angry": (1.6, 4.2, 4.3),
    "excited": (4.4, 4.3, 3.7),
    "frustrated": (2.1, 3.2, 3.3),
}
UNANIMOUS = 0.5  # share of agreed turns on which all three raters agree
SECOND = 0.1  # share of votes that name a similar emotion too
_Scales = tuple[int, int, int]


@dataclass(frozen=True)
class Ratings:
    """The ratings of a turn.

    Attributes:
        votes: the labels of each of the three raters.
        own: the actor's self-report.
        scales: valence, activation, dominance by each of two raters, 1..5.
        own_scales: the actor's.
    """

    votes: tuple[tuple[str, ...], ...]
    own: tuple[str, ...]
    scales: tuple[_Scales, ...]
    own_scales: _Scales


def rate(turn: Turn) -> Ratings:
    """Ratings that agree with the turn's label: two of three raters for it, or three different votes for xxx."""
    rng = np.random.default_rng([turn.seed, 1])
    votes = _undecided(turn.emotion, rng) if turn.label == "xxx" else _decided(turn.emotion, rng)
    scales = [_scales(turn.emotion, rng) for _ in range(3)]
    return Ratings(votes, (WORDS[turn.emotion],), (scales[0], scales[1]), scales[2])


def _decided(emotion: str, rng: np.random.Generator) -> tuple[tuple[str, ...], ...]:
    if rng.random() < UNANIMOUS:
        names = (emotion, SIMILAR[emotion]) if rng.random() < SECOND else (emotion,)
    else:
        names = (_other(emotion, rng),)
    votes = [(WORDS[emotion],), (WORDS[emotion],), tuple(WORDS[name] for name in names)]
    return tuple(votes[place] for place in rng.permutation(3))


def _undecided(emotion: str, rng: np.random.Generator) -> tuple[tuple[str, ...], ...]:
    others = [other for other in EMOTIONS if other not in (emotion, SIMILAR[emotion])]
    votes = [(WORDS[emotion],), (WORDS[SIMILAR[emotion]],), (WORDS[others[rng.integers(len(others))]],)]
    return tuple(votes[place] for place in rng.permutation(3))


def _other(emotion: str, rng: np.random.Generator) -> str:
    """Mostly the similar emotion, else any other."""
    others = [other for other in EMOTIONS if other != emotion]
    return SIMILAR[emotion] if rng.random() < 0.6 else others[rng.integers(len(others))]


def _scales(emotion: str, rng: np.random.Generator) -> _Scales:
    valence, activation, dominance = np.clip(np.rint(rng.normal(SCALES[emotion], 0.6)), 1, 5).astype(int).tolist()
    return valence, activation, dominance
