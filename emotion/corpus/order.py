"""Utterances of a table in dialogue, then turn order."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from emotion.corpus.reading import Kind, Notes
from emotion.corpus.utterance import Utterance

SORTED = Kind(
    "dialogues whose rows were put in the order of their start times",
    "fact",
    "nothing to do; a column turn says another order",
)


def in_order(rows: Sequence[Utterance], *, told: Collection[str], notes: Notes) -> list[Utterance]:
    """Dialogues in the order of their first rows, each in the order of its turns.

    Where the table tells no turn of a dialogue, its order is that of the start times, if all of them count from the
    same zero: all of its utterances lie in the same media. Turns then keep their numbers and change their owners.

    Args:
        rows: in the table's order; turn is the number of the row where the table has none.
        told: utterances whose turn the table says, or whose start it does not say.
        notes: takes the dialogues whose order has changed.
    """
    dialogues: defaultdict[str, list[Utterance]] = defaultdict(list)
    for row in rows:
        dialogues[row.dialogue].append(row)
    found: list[Utterance] = []
    for name, turns in dialogues.items():
        first = turns[0]
        together = all((row.audio, row.video) == (first.audio, first.video) for row in turns)
        if together and not any(row.utterance in told for row in turns):
            by_time = sorted(turns, key=lambda row: row.start)  # stable: rows of the same start keep their order
            if by_time != turns:
                notes.add(SORTED, name)
            found += [replace(row, turn=slot.turn) for row, slot in zip(by_time, turns, strict=True)]
        else:
            found += sorted(turns, key=lambda row: row.turn)
    return found
