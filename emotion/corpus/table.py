"""Reader of a corpus of one's own: a folder with one table (CSV, TSV, Excel or Parquet) and the media it names.

| column | default | holds |
|---|---|---|
| utterance | (needed) | id, unique |
| label | (needed) | emotion; rows without one are left out, see `index.ambiguous` |
| dialogue | the utterance | id of the conversation |
| turn | order of start times, or of the rows | position in the conversation |
| speaker | the dialogue | who speaks, the same name for the same person everywhere |
| start, end | 0, the medium's length | s in the dialogue's media |
| text | '' | what is said |
| audio, video | the video's sound, '' | files, relative to the folder |
| side | full | part of the picture that shows the speaker: left, right, full, or `box l t r b`, see `corpus.sides` |
| split | drawn | train, validation or test |
| scenario | '' | what is played or talked about |
| gender | '' | of the speaker: F, M or another word |

Other names of columns: see `emotion.corpus.columns`. What raters say: see `emotion.corpus.table_votes`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from emotion.core.errors import EmotionError, cannot
from emotion.core.text import counted, quoted, shortened
from emotion.corpus import cells, sides
from emotion.corpus.cells import REPAIRED, tidy
from emotion.corpus.columns import own_names
from emotion.corpus.decoding import AUTO
from emotion.corpus.material import Material
from emotion.corpus.reading import Kind, Notes, Reading, Vote
from emotion.corpus.rows import Row, Table, own_table
from emotion.corpus.table_votes import FILE as VOTES
from emotion.corpus.table_votes import named, note_strangers, read_table_votes
from emotion.corpus.utterance import COLUMNS, SPLITS, Utterance

SUFFIXES = (".csv", ".tsv", ".xlsx", ".parquet")
OTHERS = (".xls", ".xlsb", ".xlsm", ".ods", ".numbers", ".json", ".jsonl", ".txt")  # tables that are not read

UNLABELLED = Kind.warning(
    "row{s} without a label", "write their emotion into column label, or let raters say it (docs/own_corpus.md)"
)
DROPPED = Kind.fact("text{s} with control characters, which were dropped")
UNKNOWN = Kind.warning(
    "column{s} that {means|mean} nothing here",
    f"nothing, or give them one of the names {', '.join(COLUMNS)} (there or in columns.yaml)",
)
SORTED = Kind.fact(
    "dialogue{s} whose rows were put in the order of their start times",
    "nothing to do; a column turn says another order",
)
NO_SPEAKER = Kind.warning("table{s} without column speaker", "add it: without it a person may be in training and test")
EMPTY_DIALOGUE = Kind.warning(
    "empty cell{s} of column dialogue", "write the conversation's id: until then each is a conversation alone"
)
NO_END = Kind.warning(
    "utterance{s} with a start and no end",
    "write column end: until then they last to the end of their media, over all that follows",
)
EMPTY_SPEAKER = Kind.warning(
    "empty cell{s} of column speaker",
    "write who speaks: until then every such dialogue counts as a person of its own, who may be in training and test",
)


def read_table(root: Path, *, encoding: str = AUTO) -> Reading:
    """Read the table of a folder, of several the one called `utterances`; for its encoding see `table_text`.

    Returns:
        The corpus. Names are in Unicode's composed form with single blanks; labels are sorted by name; split is ''
        everywhere where the table has none. Dialogues stand in the order of their first rows. A medium that is missing
        or corrupt is left out of its utterances, and noted.

    Raises:
        EmotionError: no table, or a value that cannot be used; names file, line, what was found and what was expected.
    """
    path = find_table(root)
    notes = Notes()
    table = own_table(path, encoding=encoding, names=own_names(root))
    if not table.rows:
        raise EmotionError(f"{path}: no rows below its header")
    for name in sorted(table.others):
        notes.add(UNKNOWN, shortened(name, most=40))
    return read_rows(table, root, path=path, notes=notes, votes=read_table_votes(root))


def read_rows(table: Table, root: Path, *, path: Path, notes: Notes, votes: Sequence[Vote] = ()) -> Reading:
    """The corpus that a table's rows describe, see `read_table`; for messages they come from `path`."""
    if "speaker" not in table.columns:
        notes.add(NO_SPEAKER, str(path))
    rows = [(place, dict.fromkeys(COLUMNS, "") | row) for place, row in table.rows]
    for column in ("start", "end"):
        cells.check_commas(rows, column)
    material = Material(root, notes)
    rated = named(votes, {tidy(row["label"]) for _, row in rows} - {""})
    read = list(_utterances(rows, table.columns, material, notes, rated=rated))
    material.check(path)
    labels = tuple(sorted({row.label for row in read} - {""}))
    if len(labels) < 2:
        raise EmotionError(f"{path}: column label has {counted(len(labels), 'different values')}, expected 2 or more")
    told = {row["utterance"] for _, row in rows if row["turn"] or not row["start"]}
    note_strangers(votes, {row["utterance"] for _, row in rows}, notes)
    ordered = _in_order(read, told=told, notes=notes)
    return Reading([row for row in ordered if row.label], labels, notes, tuple(votes), ordered if votes else [])


def find_table(root: Path) -> Path:
    """The table of a folder.

    Raises:
        EmotionError: there is none, or it is not clear which.
    """
    try:
        there = [path for path in sorted(root.iterdir()) if not path.name.startswith((".", "~$"))]
    except OSError as error:
        raise cannot("be read", root, error) from None
    files = [path for path in there if path.suffix.lower() in SUFFIXES and path.name != VOTES]
    named = [path for path in files if path.stem == "utterances"]
    if len(files) != 1 and len(named) != 1:
        others = files or [path for path in there if path.suffix.lower() in OTHERS]
        found = f"found {shortened(', '.join(path.name for path in others))}" if others else "found none"
        remedy = "" if files or not others else "; save it as .csv or .xlsx"
        raise EmotionError(f"{root}: expected one table (utterances.csv, .tsv, .xlsx or .parquet), {found}{remedy}")
    return named[0] if len(named) == 1 else files[0]


def _utterances(
    rows: Sequence[Row], columns: Sequence[str], material: Material, notes: Notes, *, rated: Collection[str]
) -> Iterator[Utterance]:
    """The rows that have a label, and of the others those that are rated."""
    first: dict[str, str] = {}
    turns: dict[tuple[str, int], str] = {}
    turned: dict[str, bool] = {}  # whether the rows of a dialogue have a turn
    split = any(row["split"] for _, row in rows)
    for number, (place, row) in enumerate(rows):
        name = row["utterance"] = cells.checked_name(row, "utterance", place)
        if not name:
            raise EmotionError(f"{place}: utterance is empty, expected an id")
        if name in first:
            raise EmotionError(
                f"{place}: utterance {quoted(name)} is there already ({first[name]}); ids must be unique"
            )
        first[name] = place
        if split and not row["split"]:
            raise EmotionError(f"{place}: split is empty, expected {', '.join(SPLITS)} (in all rows or in none)")
        row["label"] = cells.checked_name(row, "label", place)
        if not row["label"]:
            notes.add(UNLABELLED, f"{place}: {name}" if name not in rated else name)
            if name not in rated:
                continue
        read = _utterance((place, row), number, material, notes)
        for column, kind in (("dialogue", EMPTY_DIALOGUE), ("speaker", EMPTY_SPEAKER)):
            if column in columns and not row[column]:
                notes.add(kind, place)
        told = bool(row["turn"])
        if turned.setdefault(read.dialogue, told) != told:
            raise EmotionError(
                f"{place}: turn is {quoted(row['turn'])}, but other rows of dialogue {read.dialogue} have "
                f"{'none' if told else 'one'}; write it in all rows of a dialogue or in none"
            )
        turn = (read.dialogue, read.turn)
        if turn in turns:
            raise EmotionError(
                f"{place}: turn {read.turn} of dialogue {read.dialogue} is there already ({turns[turn]})"
            )
        turns[turn] = place
        yield read


def _utterance(found: Row, number: int, material: Material, notes: Notes) -> Utterance:
    place, row = found
    dialogue = cells.checked_name(row, "dialogue", place) or row["utterance"]
    row["speaker"] = cells.checked_name(row, "speaker", place)
    audio, video = material.paths(row, place)
    start, end = _times(row, place, material, audio, video)
    if start and not row["end"] and (audio or video):
        notes.add(NO_END, f"{place}: {row['utterance']}")
    turn = cells.turn(row, place)
    text, repaired, dropped = cells.tidy_text(row["text"])
    for kind, met in ((REPAIRED, repaired), (DROPPED, dropped)):
        if met:
            notes.add(kind, f"{place}: {row['utterance']}")
    return Utterance(
        utterance=row["utterance"],
        dialogue=dialogue,
        turn=number if turn is None else turn,
        speaker=row["speaker"] or dialogue,
        start=start,
        end=end,
        label=row["label"],
        split=cells.choice(row, "split", SPLITS, place),
        text=text,
        audio=audio,
        video=video,
        side=sides.side(row, place),
        scenario=cells.checked_name(row, "scenario", place),
        gender=cells.gender(row, place),
    )


def _times(row: Mapping[str, str], place: str, material: Material, audio: str, video: str) -> tuple[float, float]:
    start, end = cells.time(row, "start", place) or 0.0, cells.time(row, "end", place)
    length = material.length(audio, video)
    if end is None:
        end = max(round(length, 3), 0.001) if length else start + 1.0  # s; without media nothing is cut by it
    elif length:
        material.compare(row["utterance"], start, end, length)
    if end <= start:
        raise EmotionError(f"{place}: end is {end:g} s, expected more than start = {start:g} s")
    return start, end


def _in_order(rows: Sequence[Utterance], *, told: Collection[str], notes: Notes) -> list[Utterance]:
    """Dialogues in the order of their first rows, each in the order of its turns.

    Where the table tells no turn of a dialogue, its order is that of the start times, if all of them count from the
    same zero: all of its utterances lie in the same media. Turns then keep their numbers and change their owners.
    `told` are the utterances whose turn the table says, or whose start it does not say.
    """
    dialogues: defaultdict[str, list[Utterance]] = defaultdict(list)
    for row in rows:
        dialogues[row.dialogue].append(row)
    found: list[Utterance] = []
    for name, turns in dialogues.items():
        together = len({(row.audio, row.video) for row in turns}) == 1
        if not together or any(row.utterance in told for row in turns):
            found += sorted(turns, key=lambda row: row.turn)
            continue
        by_time = sorted(turns, key=lambda row: row.start)  # stable: rows of the same start keep their order
        if by_time != turns:
            notes.add(SORTED, name)
        found += [replace(row, turn=slot.turn) for row, slot in zip(by_time, turns, strict=True)]
    return found
