"""Habits of the ten actors: what mood they are in, and in a way of their own how they feel, speak, look and put things.

Over all actors the habits even out, so that they make people different and not the corpus easier or harder.
"""

from dataclasses import dataclass

from emotion.core.errors import EmotionError
from emotion.corpus.synthetic.emotions import CATCH, STAY

MOOD = 1.6  # how much more often than others an actor is in the mood that is theirs
TAIL = 0.25  # share of improvised lines that end with the actor's own words


@dataclass(frozen=True, slots=True)
class Habits:
    """What one actor does in a way of their own; factors are relative to the others'."""

    mood: str  # the emotion they are prone to
    tail: str  # their own words at the end of a line
    # added to the chance that they keep their emotion, taken from the chance that they catch the other's
    stubborn: float
    voice: float  # factor of the odds that their voice tells their emotion
    face: float  # the same of their face
    words: float  # the same of their words
    melody: float  # factor of what an emotion does to the pitch of their voice
    force: float  # factor of what it does to loudness and sharpness
    pace: float  # factor of what it does to tempo and pauses
    brows: float  # factor of what their brows and eyes do
    mouth: float  # factor of what mouth and cheeks do
    head: float  # factor of how far their head moves

    @property
    def stay(self) -> float:
        """Chance of keeping the own emotion."""
        return STAY + self.stubborn

    @property
    def catch(self) -> float:
        """Chance of catching the other's emotion."""
        return CATCH - self.stubborn


_HABITS = {
    (1, "F"): Habits("happy", "you know", 0.08, 1.5, 0.8, 0.8, 1.15, 0.9, 1.0, 1.2, 0.9, 1.0),
    (1, "M"): Habits("frustrated", "I swear", -0.04, 0.8, 1.0, 1.4, 0.9, 1.15, 1.0, 0.8, 1.2, 1.0),
    (2, "F"): Habits("sad", "I guess", -0.08, 0.8, 1.5, 0.8, 1.0, 0.85, 1.15, 1.0, 0.8, 1.2),
    (2, "M"): Habits("excited", "man", 0.04, 1.3, 0.8, 1.0, 1.15, 1.0, 0.9, 1.2, 1.0, 0.85),
    (3, "F"): Habits("angry", "believe me", 0.08, 0.9, 0.8, 1.5, 0.85, 1.15, 1.0, 0.85, 1.0, 1.15),
    (3, "M"): Habits("neutral", "right", -0.08, 1.0, 1.4, 0.8, 1.0, 0.9, 1.15, 1.0, 1.2, 0.85),
    (4, "F"): Habits("excited", "really", -0.04, 1.0, 0.8, 1.3, 0.9, 1.0, 0.85, 1.15, 0.85, 1.0),
    (4, "M"): Habits("sad", "you see", 0.04, 0.8, 1.4, 0.9, 1.1, 1.15, 0.9, 0.85, 1.15, 1.0),
    (5, "F"): Habits("frustrated", "honestly", 0.08, 0.8, 1.2, 1.0, 0.75, 1.25, 1.1, 1.15, 0.9, 1.0),
    (5, "M"): Habits("happy", "dear", -0.08, 0.8, 1.1, 1.0, 1.25, 0.75, 0.9, 0.85, 1.1, 1.0),
}


def habits(session: int, gender: str) -> Habits:
    """The habits of the actor of `session` (1..5) and `gender` (F or M).

    Raises:
        EmotionError: There is no such actor.
    """
    if (session, gender) not in _HABITS:
        raise EmotionError(f"no actor for session {session}, gender {gender!r}: expected session 1..5, gender F or M")
    return _HABITS[session, gender]
