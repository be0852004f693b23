"""The script of the generated corpus: who says what in which emotion, and how well face, voice and words show it.

Emotions follow a chain in which a speaker's emotion persists and is caught from the other, so what was said before
helps; so do the scenario and the speaker's habits. Each turn draws which of face, voice and words tell its emotion:
each of the three alone is often uninformative, but never all of them.

A scripted scenario is written once for the whole corpus: in all sessions the same role says the same lines in the same
order. How an actor feels about a line is what the script says, in most turns.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from emotion.corpus.synthetic.emotions import CODES, EMOTIONS, SIMILAR, next_emotion, prone, settle
from emotion.corpus.synthetic.habits import MOOD, TAIL, Habits, habits
from emotion.corpus.synthetic.lines import draw_line, end_with
from emotion.corpus.synthetic.scenarios import SCENES, Scenario, scenario

TURN_OVER = 0.65  # the other one speaks next
PLAYED = 0.65  # share of scripted turns in which the actor feels what the script says

# How well a turn shows its emotion.
TELLS = {  # which of face, voice and words tell it: probability. Each is silent in every other turn, never all three.
    ("words",): 0.22,
    ("voice",): 0.18,
    ("face",): 0.16,
    ("voice", "words"): 0.14,
    ("face", "words"): 0.15,
    ("face", "voice"): 0.10,
    ("face", "voice", "words"): 0.05,
}
WORDS = sum(odds for channels, odds in TELLS.items() if "words" in channels)
TEXT_SHARED = 0.25  # share of telling lines that a similar emotion shares
STRONG = (0.8, 1.0)  # intensity of a telling face or voice
WEAK = (0.0, 0.05)  # intensity of the others

RATED = (13, 14)  # turns with one of the six emotions, per dialogue
UNDECIDED = (0, 2)  # turns on which the raters do not agree (xxx)
UNRATED = (0, 1)  # turns that nobody rated
FEWEST = 8  # turns of each emotion, per session
LONGEST = RATED[1] + UNDECIDED[1] + UNRATED[1]


@dataclass(frozen=True)
class Actor:
    """One of the ten actors."""

    session: int  # 1..5
    gender: str  # F or M


@dataclass(frozen=True)
class Turn:
    """One turn of a dialogue."""

    utterance: str  # id, e.g. Ses01F_impro01_F000; Ses01F_impro01_FXX0 if nobody rated it
    actor: Actor  # who speaks
    emotion: str  # what the actor feels, one of the six words
    label: str  # the release's code, xxx if the raters do not agree, '' if nobody rated it
    text: str  # what is said
    face_intensity: float  # how much of the emotion the face shows, 0..1
    voice_intensity: float  # how much of the emotion the voice shows, 0..1
    seed: int  # of everything else that is drawn for this turn


@dataclass(frozen=True)
class Dialogue:
    """One dialogue."""

    name: str  # e.g. Ses01F_impro01
    left: Actor  # the actor in the left half of the picture, whose letter is in the name
    right: Actor  # the other one
    turns: tuple[Turn, ...]  # in the order of the conversation
    seed: int  # of what no turn fixes


@dataclass(frozen=True)
class Line:
    """One line of a scripted scenario."""

    lead: bool  # whether the actor in the lead says it
    emotion: str  # the emotion it is meant in
    tells: tuple[str, ...]  # the emotions that it fits, none if it fits any
    text: str  # what is said


class _Role:
    """One side of a conversation, while it is written: what was felt last, and what is due."""

    def __init__(self, mix: Mapping[str, float], who: Habits | None = None) -> None:
        self.mix = prone(mix, who.mood, factor=MOOD) if who else mix
        self.who, self.last = who, ""
        self.due = dict.fromkeys(EMOTIONS, 0.0)

    def feel(self, other: "_Role", rng: np.random.Generator, *, fixed: str = "") -> str:
        """The emotion of the next turn: `fixed`, or drawn."""
        chances = {"stay": self.who.stay, "catch": self.who.catch} if self.who else {}
        drawn = next_emotion(self.last, other.last, due=self.due, rng=rng, **chances)
        self.last = fixed or drawn
        settle(self.due, self.mix, self.last)
        return self.last


def write_script(seed: int) -> tuple[Dialogue, ...]:
    """Write all dialogues: five sessions of two actors, six dialogues each.

    The names are chosen so that one dialogue of each of the sessions 1-4 is in the `paper` validation list.
    """
    plays = {
        scene: write_play(scenario(scene), np.random.default_rng([seed, 0, number]))
        for number, scene in enumerate(SCENES)
        if scenario(scene).scripted
    }
    return tuple(dialogue for session in range(1, 6) for dialogue in _session(seed, session, plays))


def _session(seed: int, session: int, plays: Mapping[str, Sequence[Line]]) -> list[Dialogue]:
    """Write a session, again and again until each emotion has come often enough to be learned and scored."""
    for attempt in count():
        dialogues = [
            _dialogue(session, scene, plays.get(scene, ()), np.random.default_rng([seed, session, number, attempt]))
            for number, scene in enumerate(SCENES)
        ]
        labels = Counter(turn.label for dialogue in dialogues for turn in dialogue.turns)
        if min(labels[code] for code in CODES.values()) >= FEWEST:
            break
    return dialogues


def write_play(about: Scenario, rng: np.random.Generator) -> tuple[Line, ...]:
    """Write the lines that all sessions share, as many as a dialogue has at most."""
    here, there = _Role(about.lead), _Role(about.other)
    lead, lines = bool(rng.random() < 0.5), []
    for _ in range(LONGEST):
        speaker, other = (here, there) if lead else (there, here)
        emotion = speaker.feel(other, rng)
        telling, shared = rng.random() < WORDS, rng.random() < TEXT_SHARED
        text = draw_line(emotion, telling=telling, shared=shared, slots=about.slots, rng=rng)
        tells = (emotion, SIMILAR[emotion])[: 2 if shared else 1] if telling else ()
        lines.append(Line(lead, emotion, tells, text))
        lead = lead != (rng.random() < TURN_OVER)
    return tuple(lines)


def _dialogue(session: int, scene: str, play: Sequence[Line], rng: np.random.Generator) -> Dialogue:
    """Write one dialogue; `play` holds its lines if it is scripted."""
    about = scenario(scene)
    left = Actor(session, scene[0])
    right = Actor(session, "M" if scene[0] == "F" else "F")
    roles = {
        actor: _Role(mix, habits(session, actor.gender)) for actor, mix in ((left, about.lead), (right, about.other))
    }
    kinds = np.repeat(["rated", "xxx", ""], [rng.integers(low, high + 1) for low, high in (RATED, UNDECIDED, UNRATED)])
    rng.shuffle(kinds)
    name = f"Ses{session:02d}{scene}"
    speaker = left if rng.random() < 0.5 else right
    numbers: Counter[str] = Counter()
    turns = []
    for place, kind in enumerate(kinds.tolist()):
        line = play[place] if play else None
        if line:
            speaker = left if line.lead else right
        other = right if speaker == left else left
        played = line.emotion if line and rng.random() < PLAYED else ""
        emotion = roles[speaker].feel(roles[other], rng, fixed=played)
        prefix = f"{name}_{speaker.gender}" + ("" if kind else "XX")
        utterance = f"{prefix}{numbers[prefix]:0{3 if kind else 1}d}"
        numbers[prefix] += 1
        turn = Turn(utterance, speaker, emotion, CODES[emotion] if kind == "rated" else kind, "", 0.0, 0.0, 0)
        turns.append(_shown(turn, line, about, rng))
        speaker = other if rng.random() < TURN_OVER else speaker
    return Dialogue(name, left, right, tuple(turns), int(rng.integers(2**31)))


def tell(who: Habits, rng: np.random.Generator, *, words: bool | None = None) -> tuple[str, ...]:
    """Draw which of face, voice and words tell an emotion; `words` says whether the words do, where that is known."""
    odds = {
        channels: chance * float(np.prod([getattr(who, channel) for channel in channels]))
        for channels, chance in TELLS.items()
        if words is None or words == ("words" in channels)
    }
    chances = np.array(list(odds.values())) / sum(odds.values())
    return list(odds)[rng.choice(len(odds), p=chances)]


def _shown(turn: Turn, line: Line | None, about: Scenario, rng: np.random.Generator) -> Turn:
    """The turn with its words, and with how much face and voice show."""
    who = habits(turn.actor.session, turn.actor.gender)
    tells = tell(who, rng, words=turn.emotion in line.tells if line else None)

    def intensity(channel: str) -> float:
        return round(float(rng.uniform(*(STRONG if channel in tells else WEAK))), 3)

    if line:
        text = line.text
    else:
        shared = rng.random() < TEXT_SHARED
        text = draw_line(turn.emotion, telling="words" in tells, shared=shared, slots=about.slots, rng=rng)
        text = end_with(text, who.tail) if rng.random() < TAIL else text
    return replace(
        turn,
        text=text,
        face_intensity=intensity("face"),
        voice_intensity=intensity("voice"),
        seed=int(rng.integers(2**31)),
    )
