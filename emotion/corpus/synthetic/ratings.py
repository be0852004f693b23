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


@dataclass(frozen=True)
class Ratings:
    """The ratings of a turn by raters as the release calls them: E2, E3, E4, and F1 or M1 for the actor."""

    votes: dict[str, tuple[str, ...]]  # rater -> labels
    scales: dict[str, tuple[int, ...]]  # rater -> valence, activation, dominance, 1..5


def rate(turn: Turn) -> Ratings:
    """Ratings that agree with the turn's label: two of three raters for it, or three different votes for xxx."""
    rng, own = np.random.default_rng([turn.seed, 1]), f"{turn.actor.gender}1"
    named = _undecided(turn.emotion, rng) if turn.label == "xxx" else _decided(turn.emotion, rng)
    votes = {f"E{rater}": named[place] for rater, place in enumerate(rng.permutation(3), start=2)}
    votes = {rater: tuple(WORDS[name] for name in names) for rater, names in {**votes, own: (turn.emotion,)}.items()}
    drawn = {rater: np.rint(rng.normal(SCALES[turn.emotion], 0.6)) for rater in ("E3", "E4", own)}
    return Ratings(votes, {rater: tuple(np.clip(scale, 1, 5).astype(int).tolist()) for rater, scale in drawn.items()})


def _decided(emotion: str, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Two votes for an emotion, and a third one."""
    others = [other for other in EMOTIONS if other != emotion]
    if rng.random() < UNANIMOUS:
        third = (emotion, SIMILAR[emotion]) if rng.random() < SECOND else (emotion,)
    else:  # mostly the similar emotion, else any other
        third = (SIMILAR[emotion] if rng.random() < 0.6 else others[rng.integers(len(others))],)
    return [(emotion,), (emotion,), third]


def _undecided(emotion: str, rng: np.random.Generator) -> list[tuple[str, ...]]:
    others = [other for other in EMOTIONS if other not in (emotion, SIMILAR[emotion])]
    return [(emotion,), (SIMILAR[emotion],), (others[rng.integers(len(others))],)]
