"""What the raters of one's own corpus say: annotators.csv beside the table.

One line for each utterance and rater: `utterance`, `rater`, `labels` (classes of the table, several with ; between
them). It may have `valence`, `activation` and `dominance` too, and comes from `emotion index --annotators` as well.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.corpus.cells import checked_name, tidy
from emotion.corpus.raters import is_outside
from emotion.corpus.reading import Kind, Notes, Vote
from emotion.corpus.rows import csv_rows

FILE = "annotators.csv"
_COLUMNS = ("utterance", "rater", "labels")
_SCALES = ("valence", "activation", "dominance")
STRANGER = Kind.warning(
    "line{s} of annotators.csv about an utterance that the table has not", "correct the id, or remove them"
)


def read_table_votes(root: Path) -> tuple[Vote, ...]:
    """Every rater's labels, in the order of the file; () where there is no such file.

    Raises:
        EmotionError: it cannot be read, or a rater speaks of an utterance twice; names file and line.
    """
    path = root / FILE
    if not path.exists():
        return ()
    found: dict[tuple[str, str], Vote] = {}
    for place, row in csv_rows(path, required=_COLUMNS):
        name, rater = (checked_name(row, column, place) for column in ("utterance", "rater"))
        if not name or not rater:
            raise EmotionError(f"{place}: {'rater' if name else 'utterance'} is empty, expected an id")
        if (name, rater) in found:
            raise EmotionError(
                f"{place}: rater {quoted(rater)} has said something of {quoted(name)} already; write all labels into "
                "one line, with ; between them"
            )
        labels = tuple(label for label in map(tidy, row["labels"].split(";")) if label)
        valence, activation, dominance = (row.get(scale, "") for scale in _SCALES)
        found[name, rater] = Vote(name, rater, labels, (valence, activation, dominance))
    return tuple(found.values())


def named(votes: Sequence[Vote], labels: Collection[str]) -> set[str]:
    """Utterances to which an outside rater (`raters.is_outside`; any, where there is none) gives one of the classes."""
    outside = [vote for vote in votes if is_outside(vote.rater)] or votes
    return {vote.utterance for vote in outside if not set(vote.labels).isdisjoint(labels)}


def note_strangers(votes: Sequence[Vote], utterances: Collection[str], notes: Notes) -> None:
    """Note votes of utterances that the table has not."""
    for vote in votes:
        if vote.utterance not in utterances:
            notes.add(STRANGER, f"{vote.utterance}, {vote.rater}")
