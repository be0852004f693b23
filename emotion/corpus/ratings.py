"""Files of IEMOCAP's EmoEvaluation: what the raters say about the utterances of a dialogue.

[6.2901 - 8.2357]   Ses01F_impro01_F000   neu   [2.5000, 2.5000, 2.5000]     times, majority's label, mean scales
C-E2:   Neutral;    ()                                                       categories by rater E2, one or several
C-F1:   Neutral;    ()                                                       ... by the actor
A-E3:   val 3; act 2; dom  2;   ()                                           valence, activation, dominance by rater E3
"""

import re
from dataclasses import dataclass
from pathlib import Path

from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.corpus.reading import Kind, Notes, Vote
from emotion.corpus.text import read_lines

ODD = Kind("evaluation lines that are not understood", "warning", "fix them: what they say is not used")
TWICE = Kind("utterances rated twice, the first is kept", "warning", "remove the second rating")

_NUMBER = r"([0-9]{1,6}(?:\.[0-9]{1,9})?)"
_MAIN = re.compile(rf"\[\s*{_NUMBER}\s*-\s*{_NUMBER}\s*\]\s+(\S+)\s+(\w+)(?:\s+\[[^\]]*\])?\s*")
_CATEGORIES = re.compile(r"C-([EFM]\d*):([^(]*)(?:\(.*)?")
_SCALES = re.compile(r"A-([EFM]\d*):\s*val([^;(]*);\s*act([^;(]*);\s*dom([^;(]*);?\s*(?:\(.*)?")


@dataclass(frozen=True)
class Rating:
    """What EmoEvaluation says about an utterance.

    Attributes:
        start: s.
        end: s.
        label: the release's code: the raters' majority, or xxx.
        raters: what each rater says, in the order of the file.
    """

    start: float
    end: float
    label: str
    raters: tuple[Vote, ...] = ()

    @property
    def votes(self) -> tuple[str, ...]:
        """All categories of all raters, the self-report included; a rater may give several."""
        return tuple(label for vote in self.raters for label in vote.labels)

    @property
    def own(self) -> frozenset[str]:
        """Categories of the self-report."""
        return frozenset(label for vote in self.raters if vote.rater[0] != "E" for label in vote.labels)


def read_ratings(path: Path, notes: Notes) -> dict[str, Rating]:
    """Read a file of EmoEvaluation: utterance -> rating, in the order of the file.

    Args:
        path: the file.
        notes: gets ratings that are there twice, and lines that are not understood.

    Raises:
        EmotionError: a line begins like an utterance's first line and is none; names file and line.
    """
    blocks: dict[str, tuple[re.Match[str], dict[str, Vote]]] = {}
    raters: dict[str, Vote] | None = None  # of the utterance whose lines are being read
    for number, line in enumerate(read_lines(path), start=1):
        place = f"{path}: line {number}"
        if line.startswith("["):
            main = _main(line, place)
            raters = {}
            if main[3] in blocks:
                notes.add(TWICE, f"{place}: {main[3]}")
            else:
                blocks[main[3]] = (main, raters)
                name = main[3]
        elif line.strip() and not line.startswith("%") and (raters is None or not _rater(line, name, raters)):
            notes.add(ODD, f"{place}: {line[:60].strip()}")
    return {
        name: Rating(float(main[1]), float(main[2]), main[4], tuple(votes.values()))
        for name, (main, votes) in blocks.items()
    }


def _main(line: str, place: str) -> re.Match[str]:
    main = _MAIN.fullmatch(line)
    if main is None:
        raise EmotionError(
            f"{place} is {quoted(line[:60].strip())}, expected [start - end], utterance, label, [V, A, D]; "
            "fix the line, or copy the file from the release"
        )
    return main


def _rater(line: str, name: str, raters: dict[str, Vote]) -> bool:
    """Add a rater's line to the utterance; False if it is none."""
    categories, scales = _CATEGORIES.fullmatch(line), _SCALES.fullmatch(line)
    found = categories or scales
    if found is None:
        return False
    known = raters.get(found[1], Vote(name, found[1], (), ("", "", "")))
    if categories:
        labels = tuple(label.strip() for label in categories[2].split(";") if label.strip())
        raters[found[1]] = Vote(name, found[1], known.labels + labels, known.scales)
    if scales:
        raters[found[1]] = Vote(name, found[1], known.labels, (scales[2].strip(), scales[3].strip(), scales[4].strip()))
    return True
