"""Reader of a corpus of one's own: a folder with one table (CSV, TSV, Excel or Parquet) and the media it names.

| column | default | holds |
|---|---|---|
| utterance | (needed) | id, unique |
| label | (needed) | emotion; rows without one are left out |
| dialogue | the utterance | id of the conversation |
| turn | order of start times, or of the rows | position in the conversation |
| speaker | the dialogue | who speaks, the same name for the same person everywhere |
| start, end | 0, the medium's length | s in the dialogue's media |
| text | '' | what is said |
| audio, video | the video's sound, '' | files, relative to the folder |
| side | full | half of the picture that shows the speaker: left, right or full |
| split | drawn | train, validation or test |
| scenario | '' | what is played or talked about |
| gender | '' | of the speaker: F, M or another word |

Other names of columns: see `emotion.corpus.columns`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from emotion.core.errors import EmotionError, cannot
from emotion.core.text import quoted, shortened
from emotion.corpus import cells
from emotion.corpus.columns import own_names
from emotion.corpus.decoding import AUTO
from emotion.corpus.material import Material
from emotion.corpus.names import checked_name, tidy_text
from emotion.corpus.order import in_order
from emotion.corpus.reading import Kind, Notes, Reading
from emotion.corpus.rows import Row, Table, own_table
from emotion.corpus.utterance import COLUMNS, SIDES, SPLITS, Utterance

SUFFIXES = (".csv", ".tsv", ".xlsx", ".parquet")
OTHERS = (".xls", ".xlsb", ".xlsm", ".ods", ".numbers", ".json", ".jsonl", ".txt")  # tables that are not read
NAMES = {"dev": "validation", "valid": "validation", "val": "validation", "training": "train", "testing": "test"}

UNLABELLED = Kind("rows without a label", "warning", "write their emotion into column label if they are to be used")
REPAIRED = Kind("texts with cp1252 leftovers, repaired", "fact", "nothing to do")
DROPPED = Kind("texts with control characters, which were dropped", "fact", "nothing to do")
UNKNOWN = Kind(
    "columns that mean nothing here",
    "warning",
    f"nothing, or give them one of the names {', '.join(COLUMNS)} (there or in columns.yaml)",
)
NO_SPEAKER = Kind("tables without column speaker", "warning", "add it: without it a person may be in training and test")
EMPTY_DIALOGUE = Kind(
    "empty cells of column dialogue", "warning", "write the conversation's id: until then each is a conversation alone"
)
NO_END = Kind(
    "utterances with a start and no end",
    "warning",
    "write column end: until then they last to the end of their media, over all that follows",
)
EMPTY_SPEAKER = Kind(
    "empty cells of column speaker",
    "warning",
    "write who speaks: until then every such dialogue counts as a person of its own, who may be in training and test",
)


def read_table(root: Path, *, encoding: str = AUTO) -> Reading:
    """Read the table of a folder.

    Args:
        root: folder with one table, or with several of which one is called `utterances.csv` (.tsv, .xlsx, .parquet).
        encoding: of a table that is text, see `emotion.corpus.decoding.table_text`.

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
    return read_rows(table, root, path=path, notes=notes)


def read_rows(table: Table, root: Path, *, path: Path, notes: Notes) -> Reading:
    """The corpus that a table's rows describe; see `read_table`.

    Args:
        table: the rows.
        root: the corpus's folder.
        path: where the rows come from, for messages.
        notes: what was noted so far.
    """
    if "speaker" not in table.columns:
        notes.add(NO_SPEAKER, str(path))
    for column in ("start", "end"):
        cells.check_commas(table.rows, column)
    material = Material(root, notes)
    read = list(_utterances(table, material, notes))
    material.check(path)
    labels = tuple(sorted({row.label for row in read}))
    if len(labels) < 2:
        raise EmotionError(f"{path}: column label has {len(labels)} different values, expected 2 or more")
    told = {row["utterance"] for _, row in table.rows if row.get("turn") or not row.get("start")}
    return Reading(in_order(read, told=told, notes=notes), labels, notes)


def find_table(root: Path) -> Path:
    """The table of a folder.

    Raises:
        EmotionError: there is none, or it is not clear which.
    """
    try:
        there = [path for path in sorted(root.iterdir()) if not path.name.startswith((".", "~$"))]
    except OSError as error:
        raise cannot("be read", root, error) from None
    files = [path for path in there if path.suffix.lower() in SUFFIXES]
    named = [path for path in files if path.stem == "utterances"]
    if len(files) != 1 and len(named) != 1:
        others = files or [path for path in there if path.suffix.lower() in OTHERS]
        found = f"found {shortened(', '.join(path.name for path in others))}" if others else "found none"
        remedy = "" if files or not others else "; save it as .csv or .xlsx"
        raise EmotionError(f"{root}: expected one table (utterances.csv, .tsv, .xlsx or .parquet), {found}{remedy}")
    return named[0] if len(named) == 1 else files[0]


def _utterances(table: Table, material: Material, notes: Notes) -> Iterator[Utterance]:
    first: dict[str, str] = {}
    turns: dict[tuple[str, int], str] = {}
    turned: dict[str, bool] = {}  # whether the rows of a dialogue have a turn
    split = any(row.get("split") for _, row in table.rows)
    for number, (place, row) in enumerate(table.rows):
        name = row["utterance"] = checked_name(row["utterance"], "utterance", place)
        if not name:
            raise EmotionError(f"{place}: utterance is empty, expected an id")
        if name in first:
            raise EmotionError(
                f"{place}: utterance {quoted(name)} is there already ({first[name]}); ids must be unique"
            )
        first[name] = place
        if split and not row["split"]:
            raise EmotionError(f"{place}: split is empty, expected {', '.join(SPLITS)} (in all rows or in none)")
        label = checked_name(row["label"], "label", place)
        if not label:
            notes.add(UNLABELLED, f"{place}: {name}")
            continue
        read = _utterance((place, row), label, number, material, notes)
        told = bool(row.get("turn"))
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


def _utterance(found: Row, label: str, number: int, material: Material, notes: Notes) -> Utterance:
    place, row = found
    dialogue = checked_name(row.get("dialogue", ""), "dialogue", place) or row["utterance"]
    if "dialogue" in row and not row["dialogue"]:
        notes.add(EMPTY_DIALOGUE, place)
    speaker = checked_name(row.get("speaker", ""), "speaker", place)
    if not speaker and "speaker" in row:
        notes.add(EMPTY_SPEAKER, place)
    audio, video = material.paths(row, place)
    start, end = _times(row, place, material, audio, video)
    if start and not row.get("end") and (audio or video):
        notes.add(NO_END, f"{place}: {row['utterance']}")
    turn = cells.turn(row, place)
    return Utterance(
        utterance=row["utterance"],
        dialogue=dialogue,
        turn=number if turn is None else turn,
        speaker=speaker or dialogue,
        start=start,
        end=end,
        label=label,
        split=cells.choice(row, "split", SPLITS, place, synonyms=NAMES),
        text=_text(row, place, notes),
        audio=audio,
        video=video,
        side=cells.choice(row, "side", SIDES, place, synonyms={}) or "full",
        scenario=checked_name(row.get("scenario", ""), "scenario", place),
        gender=cells.gender(checked_name(row.get("gender", ""), "gender", place)),
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


def _text(row: Mapping[str, str], place: str, notes: Notes) -> str:
    text, repaired, dropped = tidy_text(row.get("text", ""))
    if repaired:
        notes.add(REPAIRED, f"{place}: {row['utterance']}")
    if dropped:
        notes.add(DROPPED, f"{place}: {row['utterance']}")
    return text
