"""Who says what, when, with which emotion: what `emotion predict` finds in a recording.

recording   |-------------------------------------------------------------|  duration
turns         [Anna           ]  [Ben        ]    [Anna       ]
words          w  w   w  w  w     w  w  w  w       w   w   w
emotion        happy 0.62         sad 0.41, unsure

Times are in s from the beginning of the recording. Texts and names are tidied when an object is made: see
`emotion.timeline.names`.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from emotion.core.errors import EmotionError
from emotion.core.limits import MODALITIES
from emotion.core.text import printable, quoted
from emotion.corpus.sides import EXPECTED, tidy_side
from emotion.timeline.names import clean_name, one_line

LONGEST: Final = 360_000.0  # s; subtitles cannot tell later times
SHORTEST: Final = 0.001  # s of a turn; files hold times to 1 ms
UNKNOWN: Final = "speaker ?"
"""The speaker of a turn for whom nothing speaks."""
SPEAKER_FROM: Final = (
    "transcript",
    "sound channel",
    "only face",
    "talking face",
    "neighbouring turns",
    "mouth motion",
    "nothing",
)
"""By what the speaker of a turn is known, the most trusted first; the speaker is `UNKNOWN` where it is nothing."""
FLAGS: Final = ("speaker", "emotion")
"""What can be unsure in a turn."""
_SUM = 1e-3  # how far probabilities, which files round, may be from 1 together


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it is written, with its comma or full stop.

    Attributes:
        start: s.
        end: s, not before the start.
        text: without spaces around it.
        probability: that it was understood right, as the recogniser sees it; None = unknown.
    """

    start: float
    end: float
    text: str
    probability: float | None = None

    def __post_init__(self) -> None:
        _hold(self, start=float(self.start), end=float(self.end), text=one_line(self.text))
        check_times(self.start, self.end, f"word {quoted(self.text, most=40)}", shortest=0.0)
        if self.probability is not None:
            share = float(self.probability)
            _hold(self, probability=None if math.isnan(share) else share)
            _check_range(share, 1.0, f"word {quoted(self.text, most=40)}: probability")


@dataclass(frozen=True, slots=True)
class Emotion:
    """What a turn looks and sounds most like.

    Attributes:
        label: one of the labels, of the highest probability.
        probabilities: label -> probability; they are 1 together.
    """

    label: str
    probabilities: Mapping[str, float]

    def __post_init__(self) -> None:
        chances = {one_line(label): float(chance) for label, chance in self.probabilities.items()}
        _hold(self, label=one_line(self.label), probabilities=chances)
        for label, chance in chances.items():
            _check_range(chance, 1.0, f"probability of {quoted(label)}", nan=False)
        if abs(sum(chances.values()) - 1) > _SUM:
            raise EmotionError(f"probabilities are {sum(chances.values()):g} together, expected 1")
        if chances.get(self.label) != max(chances.values()):
            raise EmotionError(f"label is {quoted(self.label)}, expected that of the highest probability in {chances}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One person speaks, without another in between.

    Attributes:
        start: s.
        end: s, `SHORTEST` or more after the start.
        speaker: the same name for the same person; `UNKNOWN`, or '' where nobody has decided yet.
        speaker_from: one of `SPEAKER_FROM`, '' where nobody has decided yet.
        text: what is said, on one line.
        words: the words with their times, where they are known.
        emotion: None where it was not predicted.
        unsure: some of `FLAGS`.
        absent: modality that could not be used -> why.
        side: which part of the picture shows the speaker, see `corpus.sides`; '' = not known. No file holds it yet but
            a transcript's CSV.
        novelty: modality -> percentile 0..100: at 99 the turn is less like the training data than 99 % of the
            utterances by which the model was chosen.
    """

    start: float
    end: float
    speaker: str = ""
    speaker_from: str = ""
    text: str = ""
    words: tuple[Word, ...] = ()
    emotion: Emotion | None = None
    unsure: tuple[str, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    novelty: Mapping[str, float] = field(default_factory=dict)
    side: str = ""

    def __post_init__(self) -> None:
        _hold(self, start=float(self.start), end=float(self.end), words=tuple(self.words))
        _hold(self, speaker=clean_name(self.speaker), text=one_line(self.text))
        where = f"turn at {self.start:g} s"
        check_times(self.start, self.end, where)
        _check_among([self.speaker_from] if self.speaker_from else [], SPEAKER_FROM, f"{where}: speaker_from")
        _check_among(self.unsure, FLAGS, f"{where}: unsure")
        _check_among([*self.absent, *self.novelty], MODALITIES, f"{where}: absent or novelty")
        if self.side and tidy_side(self.side) != self.side:
            raise EmotionError(f"{where}: side is {quoted(self.side)}, expected {EXPECTED}")
        for modality, percentile in self.novelty.items():
            _check_range(percentile, 100.0, f"{where}: novelty of {modality}", nan=False)
        _hold(
            self,
            unsure=tuple(name for name in FLAGS if name in self.unsure),
            absent={name: one_line(self.absent[name]) for name in MODALITIES if name in self.absent},
            novelty={name: float(self.novelty[name]) for name in MODALITIES if name in self.novelty},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The turns of a recording.

    Attributes:
        media: name of the file, without its folder.
        duration: s.
        labels: names of the emotions, in the order of the model.
        turns: rising by start, then end; each has a speaker.
        speakers: everybody who speaks, each once; () = in the order of their first turns.
        warnings: what everybody must know who sees a part of it, e.g. that the model was trained on drawn faces.
        model: name of the model.
        version: of the model, or of the code that predicted.
    """

    media: str
    duration: float
    labels: tuple[str, ...]
    turns: tuple[Turn, ...] = ()
    speakers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    model: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        turns = tuple(self.turns)
        named = tuple(map(clean_name, self.speakers)) or tuple(dict.fromkeys(turn.speaker for turn in turns))
        _hold(self, media=printable(self.media), duration=float(self.duration), turns=turns, speakers=named)
        _hold(self, labels=tuple(map(one_line, self.labels)), warnings=tuple(map(one_line, self.warnings)))
        _hold(self, model=one_line(self.model), version=one_line(self.version))
        check_times(0.0, self.duration, f"duration of {self.media}")
        for what, names in (("labels", self.labels), ("speakers", self.speakers)):
            if len(set(names)) < len(names) or "" in names:
                raise EmotionError(f"{what} are {quoted(names)}, expected different names, none of them empty")
        speaking = set(self.speakers)
        for turn in turns:
            self._check(turn, speaking)
        for one, two in pairwise(turns):
            if (two.start, two.end) < (one.start, one.end):
                raise EmotionError(
                    f"turn at {two.start:g} s comes after that at {one.start:g} s, expected rising times"
                )

    def _check(self, turn: Turn, speakers: set[str]) -> None:
        where = f"turn at {turn.start:g} s"
        if turn.end > self.duration + SHORTEST:
            raise EmotionError(f"{where} ends at {turn.end:g} s, expected an end within the {self.duration:g} s")
        if turn.speaker not in speakers:
            raise EmotionError(f"{where}: speaker is {quoted(turn.speaker)}, expected one of {quoted(self.speakers)}")
        if turn.emotion is not None and set(turn.emotion.probabilities) != set(self.labels):
            found = quoted(tuple(turn.emotion.probabilities))
            raise EmotionError(f"{where}: probabilities are of {found}, expected those of {quoted(self.labels)}")


def check_times(start: float, end: float, where: str, *, shortest: float = SHORTEST) -> None:
    """Refuse times that cannot be those of a part of a recording.

    Args:
        start: s.
        end: s.
        where: what has them, for messages.
        shortest: s that are between them at least.

    Raises:
        EmotionError: one is not finite, below 0 or absurd, or the end is not after the start.
    """
    for name, value in (("start", start), ("end", end)):
        if not 0 <= value < LONGEST:
            raise EmotionError(
                f"{where}: {name} is {value:g} s, expected 0 or more and less than {LONGEST:g} s (100 h)"
            )
    if end - start < shortest - 1e-9:
        least = "more than" if shortest else "no less than"
        raise EmotionError(f"{where}: end is {end:.10g} s, expected {least} start = {start:.10g} s")


def _hold(held: object, **values: object) -> None:
    """Set fields of a frozen object while it is made."""
    for name, value in values.items():
        object.__setattr__(held, name, value)


def _check_range(value: float, most: float, where: str, *, nan: bool = True) -> None:
    if not (0 <= value <= most or (nan and math.isnan(value))):
        raise EmotionError(f"{where} is {value:g}, expected 0 to {most:g}")


def _check_among(found: Iterable[str], allowed: tuple[str, ...], where: str) -> None:
    for name in found:
        if name not in allowed:
            raise EmotionError(f"{where} is {quoted(name)}, expected some of {', '.join(map(repr, allowed))}")
