"""Reader of a corpus of one's own: a folder with one table (CSV, TSV or Parquet) and the media it names.

| column | default | holds |
|---|---|---|
| utterance | (needed) | id, unique |
| label | (needed) | emotion; rows without one are left out |
| dialogue | the utterance | id of the conversation |
| turn | order of the rows | position in the conversation |
| speaker | the dialogue | who speaks, the same name for the same person everywhere |
| start, end | 0, the medium's length | s in the dialogue's media |
| text | '' | what is said |
| audio, video | '' | files, relative to the folder |
| side | full | half of the picture that shows the speaker: left, right or full |
| split | drawn | train, validation or test |
"""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from emotion.corpus.lengths import media_length
from emotion.corpus.reading import Kind, Notes, Reading
from emotion.corpus.rows import Row, csv_rows, parquet_rows
from emotion.corpus.text import repair
from emotion.corpus.utterance import COLUMNS, SIDES, SPLITS, Utterance
from emotion.errors import EmotionError, MediaError

SUFFIXES = (".csv", ".tsv", ".parquet")
NAMES = {"dev": "validation", "valid": "validation", "val": "validation", "training": "train", "testing": "test"}

UNLABELLED = Kind("rows without a label", "warning", "write their emotion into column label if they are to be used")
REPAIRED = Kind("texts with cp1252 leftovers, repaired", "fact", "nothing to do")
NO_FILE = Kind("media files missing", "error", "copy them or mend the paths; until then their utterances lack them")
BAD_FILE = Kind("media files corrupt", "error", "replace them; until then their utterances lack them")
UNKNOWN = Kind(
    "columns that mean nothing here", "warning", f"rename them, or nothing: columns are {', '.join(COLUMNS)}"
)
NO_SPEAKER = Kind("tables without column speaker", "warning", "add it: without it a person may be in training and test")


def read_table(root: Path) -> Reading:
    """Read the table of a folder.

    Args:
        root: folder with one table, or with several of which one is called `utterances.csv` (.tsv, .parquet).

    Returns:
        The corpus. Labels are sorted by name; split is '' everywhere where the table has none. Dialogues stand in the
        order of their first rows. A medium that is missing or corrupt is left out of its utterances, and noted.

    Raises:
        EmotionError: no table, or a value that cannot be used; names file, line, what was found and what was expected.
    """
    path = find_table(root)
    notes = Notes()
    read_rows = parquet_rows if path.suffix.lower() == ".parquet" else csv_rows
    rows = list(read_rows(path, required=("utterance", "label")))
    if not rows:
        raise EmotionError(f"{path}: no rows below its header")
    columns = set(rows[0][1])
    for name in sorted(columns - set(COLUMNS)):
        notes.add(UNKNOWN, name)
    if "speaker" not in columns:
        notes.add(NO_SPEAKER, str(path))
    media = _Media(root, notes)
    read = list(_utterances(rows, media, notes))
    media.check(path)
    labels = tuple(sorted({row.label for row in read}))
    if len(labels) < 2:
        raise EmotionError(f"{path}: column label has {len(labels)} different values, expected 2 or more")
    return Reading(_in_dialogues(read), labels, notes)


def find_table(root: Path) -> Path:
    """The table of a folder.

    Raises:
        EmotionError: there is none, or it is not clear which.
    """
    files = [path for path in sorted(root.iterdir()) if path.suffix.lower() in SUFFIXES and path.name[0] != "."]
    named = [path for path in files if path.stem == "utterances"]
    if len(files) != 1 and len(named) != 1:
        found = f"found {', '.join(path.name for path in files)}" if files else "found none"
        raise EmotionError(f"{root}: expected one table (utterances.csv, .tsv or .parquet), {found}")
    return named[0] if len(named) == 1 else files[0]


class _Media:
    """Files that the table names: checked once each."""

    def __init__(self, root: Path, notes: Notes) -> None:
        self.root, self.notes = root, notes
        self.lengths: dict[str, float | None] = {}  # None = cannot be used
        self.places: dict[str, str] = {}

    def path(self, row: Mapping[str, str], column: str, place: str) -> str:
        """The value of a column as a path inside the corpus, '' where the file cannot be used."""
        name = row.get(column, "").replace("\\", "/")
        if not name:
            return ""
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or re.match(r"[A-Za-z]:/", name):
            raise EmotionError(f"{place}: {column} is {name!r}, expected a path relative to the table's folder")
        name = inside.as_posix()
        if name not in self.lengths:
            self.places[name] = place
            self.lengths[name] = self._length(name, place)
        return name if self.lengths[name] is not None else ""

    def check(self, table: Path) -> None:
        """Raise where not a single file could be used: a wrong folder, most likely."""
        if self.lengths and all(length is None for length in self.lengths.values()):
            name, place = next(iter(self.places.items()))
            raise EmotionError(
                f"{place}: {self.root / name} cannot be used, nor any other of {len(self.lengths)} media files; "
                f"paths in {table.name} are relative to {self.root}"
            )

    def _length(self, name: str, place: str) -> float | None:
        try:
            return media_length(self.root / name)
        except MediaError as error:
            missing = str(error).startswith("missing")
            self.notes.add(NO_FILE if missing else BAD_FILE, f"{place}: {name if missing else error}")
            return None


def _utterances(rows: list[Row], media: _Media, notes: Notes) -> Iterator[Utterance]:
    first: dict[str, str] = {}
    turns: dict[tuple[str, int], str] = {}
    splits = [bool(row.get("split")) for _, row in rows]
    for number, (place, row) in enumerate(rows):
        name = row["utterance"]
        if not name:
            raise EmotionError(f"{place}: utterance is empty, expected an id")
        if name in first:
            raise EmotionError(f"{place}: utterance {name!r} is there already ({first[name]}); ids must be unique")
        first[name] = place
        if any(splits) and not splits[number]:
            raise EmotionError(f"{place}: split is empty, expected {', '.join(SPLITS)} (in all rows or in none)")
        if not row["label"]:
            notes.add(UNLABELLED, f"{place}: {name}")
            continue
        read = _utterance(row, place, number, media, notes)
        turn = (read.dialogue, read.turn)
        if turn in turns:
            raise EmotionError(
                f"{place}: turn {read.turn} of dialogue {read.dialogue} is there already ({turns[turn]})"
            )
        turns[turn] = place
        yield read


def _utterance(row: Mapping[str, str], place: str, number: int, media: _Media, notes: Notes) -> Utterance:
    dialogue = row.get("dialogue") or row["utterance"]
    text = repair(row.get("text", ""))
    if text != row.get("text", ""):
        notes.add(REPAIRED, f"{place}: {row['utterance']}")
    audio, video = media.path(row, "audio", place), media.path(row, "video", place)
    start = _seconds(row, "start", place) or 0.0
    end = _seconds(row, "end", place)
    if end is None:
        known = [length for length in (media.lengths.get(audio), media.lengths.get(video)) if length]
        end = round(max(known), 3) if known else start + 1.0  # s; without media nothing is cut by it
    if end <= start:
        raise EmotionError(f"{place}: end is {end:g} s, expected more than start = {start:g} s")
    return Utterance(
        utterance=row["utterance"],
        dialogue=dialogue,
        turn=_turn(row, place, number),
        speaker=row.get("speaker") or dialogue,
        start=start,
        end=end,
        label=row["label"],
        split=_choice(row, "split", SPLITS, place) if row.get("split") else "",
        text=" ".join(text.split()),
        audio=audio,
        video=video,
        side=_choice(row, "side", SIDES, place) if row.get("side") else "full",
    )


def _in_dialogues(rows: list[Utterance]) -> list[Utterance]:
    order = {name: number for number, name in enumerate(dict.fromkeys(row.dialogue for row in rows))}
    return sorted(rows, key=lambda row: (order[row.dialogue], row.turn))


def _seconds(row: Mapping[str, str], column: str, place: str) -> float | None:
    text = row.get(column, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise EmotionError(f"{place}: {column} is {text!r}, expected seconds >= 0 such as 12.5")
    return value


def _turn(row: Mapping[str, str], place: str, number: int) -> int:
    text = row.get("turn", "")
    if text and not re.fullmatch(r"[0-9]{1,9}", text):
        raise EmotionError(f"{place}: turn is {text!r}, expected a whole number >= 0")
    return int(text) if text else number


def _choice(row: Mapping[str, str], column: str, names: tuple[str, ...], place: str) -> str:
    value = row[column].lower()
    value = NAMES.get(value, value)
    if value not in names:
        raise EmotionError(f"{place}: {column} is {row[column]!r}, expected one of {', '.join(names)}")
    return value
