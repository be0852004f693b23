"""CSV, in and out: one row a turn, for spreadsheets, pandas and R.

| column | in | out |
|---|---|---|
| utterance | | id: the recording's name and a number |
| start, end | needed: seconds such as 12.5, or h:mm:ss.f | s with three digits |
| speaker, text | used | as they are |
| label | | the emotion, empty where none was predicted |
| unsure | | `speaker`, `emotion` or both, with `; ` between them |
| speaker_from | | by what the speaker is known |
| absent | | modalities that could not be used, and why |
| novelty_audio, ... | | percentile among the training features |
| p_LABEL | | probability of each emotion |
| warning | | the warnings, in each row |
| side | which part of the picture shows the speaker, see `corpus.sides` | |
| dialogue, video, audio | where they name several recordings, the rows of this one are read | |
"""

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from emotion.core.errors import EmotionError
from emotion.core.limits import MODALITIES
from emotion.core.tables import csv_text
from emotion.core.text import shortened
from emotion.corpus import cells, rows, sides
from emotion.corpus.cells import folded
from emotion.corpus.columns import listed
from emotion.timeline.segments import Segment, Source, note
from emotion.timeline.ticks import decimal, span
from emotion.timeline.timeline import Timeline, Turn

NEEDED: Final = ("start", "end")
_RECORDING = ("video", "audio", "dialogue")  # columns that say which, the most exact first
_SHIELDED = re.compile(r"'(?='*[=+\-@\t\r])(?![+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$)")  # of tables.csv_text


def read(source: Source) -> Iterator[Segment]:
    """The segments of a file.

    Raises:
        EmotionError: a column is missing or there twice, or a time cannot be read.
    """
    table = [(place, _ours(row, source)) for place, row in rows.csv_rows(source.path, required=())]
    for column in NEEDED:
        cells.check_commas(table, column)
    which = next((name for name in _RECORDING if len({row.get(name, "") for _, row in table}) > 1), "")
    empty = []
    for place, row in table:
        if not any(row.values()):
            continue
        start, end = (cells.time(row, column, place) for column in NEEDED)
        if start is None or end is None:
            raise EmotionError(f"{place}: {'end' if end is None else 'start'} is empty, expected {cells.TIMES}")
        if not row.get("text"):
            empty.append(place)
        side = sides.side(row, place) if row.get("side") else ""
        said, recording = (row.get("speaker", ""), row.get("text", "")), row.get(which, "")
        yield Segment(place, start, end, *said, recording=recording, side=side)
    if table and len(empty) < len(table):
        note(source, empty, "no text", "nothing is said there")


def _ours(row: dict[str, str], source: Source) -> dict[str, str]:
    """A row by our names of columns, without what keeps spreadsheets from running its cells."""
    ours: dict[str, str] = {}
    for name, cell in row.items():
        if (key := folded(name)) in ours:
            raise EmotionError(f"{source.path}: column {shortened(key, most=40)} is there twice; rename one")
        ours[key] = cell[1:] if _SHIELDED.match(cell) else cell
    missing = [name for name in NEEDED if name not in ours]
    if missing:
        raise EmotionError(
            f"{source.path}: no column {', '.join(missing)}; its columns are {listed(list(row))}; rename or add it"
        )
    return ours


def write(timeline: Timeline) -> str:
    """The text of a file."""
    header = [
        *("utterance", "start", "end", "speaker", "text", "label", "unsure", "speaker_from", "absent"),
        *(f"novelty_{name}" for name in MODALITIES),
        *(f"p_{label}" for label in timeline.labels),
        "warning",
    ]
    stem = PurePath(timeline.media).stem
    return csv_text(
        header,
        ([f"{stem}_{number:04d}", *_row(turn, timeline)] for number, turn in enumerate(timeline.turns, start=1)),
    )


def _row(turn: Turn, timeline: Timeline) -> list[str]:
    start, end = map(decimal, span(turn))
    chances = turn.emotion.probabilities if turn.emotion else {}
    return [
        *(start, end, turn.speaker, turn.text),
        turn.emotion.label if turn.emotion else "",
        "; ".join(turn.unsure),
        turn.speaker_from,
        "; ".join(f"{modality}: {why}" for modality, why in turn.absent.items()),
        *(f"{turn.novelty[name]:.2f}" if name in turn.novelty else "" for name in MODALITIES),
        *(f"{chances[label]:.6f}" if chances else "" for label in timeline.labels),
        "; ".join(timeline.warnings),
    ]
