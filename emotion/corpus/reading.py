"""What a reader of a corpus gives back: its utterances, its labels, and every deviation by name."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emotion.core.text import printable, shortened
from emotion.corpus.utterance import Utterance

LEVELS = ("fact", "warning", "error")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of deviation.

    Attributes:
        name: in the plural, as in "3 dialogues without video".
        level: `fact` (normal in this corpus), `warning` (the pipeline copes) or `error` (the corpus is damaged).
        remedy: what to do about it.
    """

    name: str
    level: str
    remedy: str


def told(kind: Kind, places: Sequence[str], *, most: int = 5) -> str:
    """A kind of deviation in one printable line: how many, what, the first `most` places, what to do."""
    shown = ", ".join(shortened(place) for place in places[:most])
    more = f" and {len(places) - most} more" if len(places) > most else ""
    return f"{len(places)} {printable(kind.name)}: {shown}{more}; {kind.remedy}"


@dataclass(frozen=True, slots=True)
class Vote:
    """What one rater says about one utterance.

    Attributes:
        utterance: id.
        rater: E1, E2, ... = outside raters; F1, M1 = the actor's self-report.
        labels: categories, one or several; () where the rater gave none.
        scales: valence, activation and dominance, 1..5, as they stand in the file; '' where the rater gave none.
    """

    utterance: str
    rater: str
    labels: tuple[str, ...]
    scales: tuple[str, str, str]


class Notes:
    """Deviations met while reading, each with its place (file and line, or the utterance)."""

    def __init__(self) -> None:
        self._places: defaultdict[Kind, list[str]] = defaultdict(list)

    def add(self, kind: Kind, place: str) -> None:
        """Note one deviation."""
        self._places[kind].append(place)

    def items(self) -> list[tuple[Kind, Sequence[str]]]:
        """Kinds by name, each with its places in the order they were met."""
        return sorted(self._places.items(), key=lambda item: item[0].name)

    def counts(self) -> dict[str, int]:
        """Name of the kind -> how many, by name."""
        return {kind.name: len(places) for kind, places in self.items()}


@dataclass(frozen=True)
class Reading:
    """A corpus as it was read.

    Attributes:
        utterances: in dialogue, then turn order; split '' where the corpus has none of its own.
        labels: names of the classes, in the order of their numbers.
        notes: everything that was skipped, repaired or is missing.
        votes: of single raters, where the corpus has them; also of utterances that are left out.
        codes: label as it stands in the corpus -> how many, before any are left out; {} where that is `labels`.
    """

    utterances: list[Utterance]
    labels: tuple[str, ...]
    notes: Notes = field(default_factory=Notes)
    votes: tuple[Vote, ...] = ()
    codes: Mapping[str, int] = field(default_factory=dict)
