"""What a reader of a corpus gives back: its utterances, its labels, and every deviation by name."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from emotion.core.text import printable, shortened
from emotion.corpus.utterance import Utterance

LEVELS = ("error", "warning", "fact")
_SHOWN = 5  # places that a line names
_NUMBER = re.compile(r"\{(?:([^{}|]*)\|)?([^{}|]*)\}")  # of a form: {singular|plural}, or {what the plural has more}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of deviation; `Kind.error("dialogue{s} that {has|have} no wav", ...)` makes one with both numbers."""

    name: str  # in the plural, as in "3 dialogues without video"
    level: str  # `fact` (normal in this corpus), `warning` (the pipeline copes) or `error` (the corpus is damaged)
    remedy: str  # what to do about it
    one: str = ""  # the name in the singular, '' where there is no more than one

    @classmethod
    def error(cls, form: str, remedy: str) -> Self:
        """The corpus is damaged."""
        return cls(_NUMBER.sub(r"\2", form), "error", remedy, _NUMBER.sub(r"\1", form))

    @classmethod
    def warning(cls, form: str, remedy: str) -> Self:
        """The pipeline copes."""
        return cls(_NUMBER.sub(r"\2", form), "warning", remedy, _NUMBER.sub(r"\1", form))

    @classmethod
    def fact(cls, form: str, remedy: str = "nothing to do") -> Self:
        """That is normal in this corpus."""
        return cls(_NUMBER.sub(r"\2", form), "fact", remedy, _NUMBER.sub(r"\1", form))

    def counted(self, number: int) -> str:
        """How many and what, printable, e.g. `1 dialogue without video`; the name alone where it is there once only."""
        return printable(f"{number} {self.one if number == 1 else self.name}" if self.one else self.name)


class Finding(NamedTuple):
    """A kind of deviation, and the files, lines or utterances where it was met."""

    kind: Kind
    places: Sequence[str]

    def told(self) -> str:
        """In one printable line: how many, what, the first places, what to do."""
        shown = ", ".join(map(shortened, self.places[:_SHOWN]))
        more = f" and {len(self.places) - _SHOWN} more" if len(self.places) > _SHOWN else ""
        return f"{self.kind.counted(len(self.places))}: {shown}{more}; {self.kind.remedy}"


def findings(*found: tuple[Kind, Sequence[str]]) -> list[Finding]:
    """Those that have a place."""
    return [Finding(kind, places) for kind, places in found if places]


@dataclass(frozen=True, slots=True)
class Vote:
    """What one rater says about one utterance."""

    utterance: str  # id
    rater: str  # E1, E2, ... = outside raters; F1, M1 = the actor's self-report
    labels: tuple[str, ...]  # categories, one or several; () where the rater gave none
    # valence, activation and dominance, 1..5, as they stand in the file; '' where the rater gave none
    scales: tuple[str, str, str]


class Notes:
    """Deviations met while reading, each with its place (file and line, or the utterance)."""

    def __init__(self) -> None:
        self._places: defaultdict[Kind, list[str]] = defaultdict(list)

    def add(self, kind: Kind, place: str) -> None:
        """Note one deviation."""
        self._places[kind].append(place)

    def items(self) -> list[Finding]:
        """What was noted by the names of the kinds, places in the order they were met."""
        return sorted(findings(*self._places.items()), key=lambda found: found.kind.name)

    def without(self, utterances: Collection[str]) -> Self:
        """The same without what was noted of some utterances by their ids alone."""
        left = type(self)()
        for kind, places in self._places.items():
            for place in places:
                if place not in utterances:
                    left.add(kind, place)
        return left

    def counts(self) -> dict[str, int]:
        """Name of the kind -> how many, by name."""
        return {kind.name: len(places) for kind, places in self.items()}


@dataclass(frozen=True)
class Reading:
    """A corpus as it was read."""

    utterances: list[Utterance]  # in dialogue, then turn order; split '' where the corpus has none of its own
    labels: tuple[str, ...]  # names of the classes, in the order of their numbers
    notes: Notes = field(default_factory=Notes)  # everything that was skipped, repaired or is missing
    votes: tuple[Vote, ...] = ()  # of single raters, where the corpus has them; also of utterances that are left out
    # the utterances and, label '', those that raters gave classes to without a majority; [] where there are no raters
    rated: list[Utterance] = field(default_factory=list)
    # label as it stands in the corpus -> how many, before any are left out; {} where that is `labels`
    codes: Mapping[str, int] = field(default_factory=dict)
