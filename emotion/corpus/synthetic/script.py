"""The script of the generated corpus: who says what in which emotion, and how well face, voice and words show it.

Emotions follow a chain in which a speaker's emotion persists and is caught from the other, so what was said before
helps. Each turn draws which of face, voice and words tell its emotion: each of the three alone is often uninformative,
but never all of them.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from emotion.corpus.synthetic.lines import draw_line

EMOTIONS = ("happy", "sad", "neutral", "angry", "excited", "frustrated")
CODES = {"happy": "hap", "sad": "sad", "neutral": "neu", "angry": "ang", "excited": "exc", "frustrated": "fru"}
SIMILAR = {
    "happy": "excited",
    "excited": "happy",
    "angry": "frustrated",
    "frustrated": "angry",
    "sad": "neutral",
    "neutral": "sad",
}
SCENES = ("F_impro01", "F_impro02", "F_script02_1", "M_impro01", "M_impro03", "M_script02_1")

# How the next emotion comes about; the rest is a new emotion, one of those that the session has had least.
STAY = 0.40  # the speaker's own last one
CATCH = 0.30  # the other's last one
DRIFT = 0.08  # one similar to the speaker's own last one
TURN_OVER = 0.85  # the other one speaks next

# How well a turn shows its emotion.
TELLS = {  # which of face, voice and words tell it: probability. Each is silent in two turns of five, never all three.
    ("words",): 0.14,
    ("voice",): 0.14,
    ("face",): 0.10,
    ("voice", "words"): 0.20,
    ("face", "words"): 0.16,
    ("face", "voice"): 0.16,
    ("face", "voice", "words"): 0.10,
}
TEXT_SHARED = 0.25  # share of telling lines that a similar emotion shares
STRONG = (0.8, 1.0)  # intensity of a telling face or voice
WEAK = (0.0, 0.05)  # intensity of the others

RATED = (13, 14)  # turns with one of the six emotions, per dialogue
UNDECIDED = (0, 2)  # turns on which the raters do not agree (xxx)
UNRATED = (0, 1)  # turns that nobody rated


@dataclass(frozen=True)
class Actor:
    """One of the ten actors.

    Attributes:
        session: 1..5.
        gender: F or M.
    """

    session: int
    gender: str

    @property
    def name(self) -> str:
        """E.g. `Ses01_F`."""
        return f"Ses{self.session:02d}_{self.gender}"


@dataclass(frozen=True)
class Turn:
    """One turn of a dialogue.

    Attributes:
        utterance: id, e.g. Ses01F_impro01_F000; Ses01F_impro01_FXX0 if nobody rated it.
        dialogue: e.g. Ses01F_impro01.
        actor: who speaks.
        emotion: what the actor feels, one of the six words.
        label: the release's code, xxx if the raters do not agree, '' if nobody rated it.
        text: what is said.
        face_intensity: how much of the emotion the face shows, 0..1.
        voice_intensity: how much of the emotion the voice shows, 0..1.
        seed: of everything else that is drawn for this turn.
    """

    utterance: str
    dialogue: str
    actor: Actor
    emotion: str
    label: str
    text: str
    face_intensity: float
    voice_intensity: float
    seed: int


@dataclass(frozen=True)
class Dialogue:
    """One dialogue.

    Attributes:
        name: e.g. Ses01F_impro01.
        left: the actor in the left half of the picture, whose letter is in the name.
        right: the other one.
        turns: in the order of the conversation.
        seed: of what no turn fixes.
    """

    name: str
    left: Actor
    right: Actor
    turns: tuple[Turn, ...]
    seed: int


def write_script(seed: int) -> tuple[Dialogue, ...]:
    """Write all dialogues: five sessions of two actors, six dialogues each.

    The names are chosen so that one dialogue of each of the sessions 1-4 is in the `paper` validation list.
    """
    dialogues = []
    for session in range(1, 6):
        had: Counter[str] = Counter()
        for number, scene in enumerate(SCENES):
            rng = np.random.default_rng([seed, session, number])
            dialogues.append(_dialogue(session, scene, had, rng))
    return tuple(dialogues)


def _dialogue(session: int, scene: str, had: Counter[str], rng: np.random.Generator) -> Dialogue:
    """Write one dialogue; `had` counts the session's emotions so far."""
    left = Actor(session, scene[0])
    right = Actor(session, "M" if scene[0] == "F" else "F")
    kinds = np.repeat(["rated", "xxx", ""], [rng.integers(low, high + 1) for low, high in (RATED, UNDECIDED, UNRATED)])
    rng.shuffle(kinds)
    name = f"Ses{session:02d}{scene}"
    speaker = left if rng.random() < 0.5 else right
    last: dict[Actor, str] = {}
    numbers: Counter[str] = Counter()
    turns = []
    for kind in kinds.tolist():
        other = right if speaker == left else left
        emotion = next_emotion(last.get(speaker, ""), last.get(other, ""), had, rng)
        last[speaker] = emotion
        had[emotion] += 1
        prefix = f"{name}_{speaker.gender}" + ("" if kind else "XX")
        utterance = f"{prefix}{numbers[prefix]:0{3 if kind else 1}d}"
        numbers[prefix] += 1
        turns.append(_turn(utterance, name, speaker, emotion, CODES[emotion] if kind == "rated" else kind, rng))
        speaker = other if rng.random() < TURN_OVER else speaker
    return Dialogue(name, left, right, tuple(turns), int(rng.integers(2**31)))


def next_emotion(own: str, others: str, had: Counter[str], rng: np.random.Generator) -> str:
    """Draw the emotion of a turn.

    Args:
        own: the speaker's last emotion, '' at the beginning.
        others: the other's last emotion, '' at the beginning.
        had: how often each emotion has come in this session.
        rng: where the draw comes from.
    """
    fate = rng.random()
    fewest = min(had[emotion] for emotion in EMOTIONS)
    rare = [emotion for emotion in EMOTIONS if had[emotion] <= fewest + 1]
    new = rare[rng.integers(len(rare))]
    if fate < STAY:
        return own or others or new
    if fate < STAY + CATCH:
        return others or own or new
    if fate < STAY + CATCH + DRIFT and own:
        return SIMILAR[own]
    return new


def _turn(utterance: str, dialogue: str, actor: Actor, emotion: str, label: str, rng: np.random.Generator) -> Turn:
    tells = list(TELLS)[rng.choice(len(TELLS), p=list(TELLS.values()))]

    def intensity(channel: str) -> float:
        return round(float(rng.uniform(*(STRONG if channel in tells else WEAK))), 3)

    return Turn(
        utterance=utterance,
        dialogue=dialogue,
        actor=actor,
        emotion=emotion,
        label=label,
        text=draw_line(emotion, telling="words" in tells, shared=rng.random() < TEXT_SHARED, rng=rng),
        face_intensity=intensity("face"),
        voice_intensity=intensity("voice"),
        seed=int(rng.integers(2**31)),
    )
