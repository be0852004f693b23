"""Reader of MELD (Poria et al., 2019): three CSV files and one clip per utterance.

train_sent_emo.csv  dev_sent_emo.csv     test_sent_emo.csv             what is said, by whom, with which emotion
train_splits/       dev_splits_complete/ output_repeated_splits_test/  dia<D>_utt<U>.mp4

Either lies in the corpus's folder itself or in its subfolder `train`, `dev` or `test`, as the archives unpack them.
A file dia<D>_utt<U>.wav beside a clip is taken as its sound, else the sound is the clip's own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from emotion.core.errors import EmotionError, MediaError
from emotion.core.text import is_printable, quoted
from emotion.corpus.cells import REPAIRED, seconds
from emotion.corpus.decoding import repair
from emotion.corpus.lengths import media_length
from emotion.corpus.reading import Kind, Notes, Reading
from emotion.corpus.rows import csv_rows
from emotion.corpus.utterance import Utterance

LABELS = ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger")  # the order of MELD's own code
# Our name of a split -> MELD's name, CSV file, folder of clips.
PARTS = {
    "train": ("train", "train_sent_emo.csv", "train_splits"),
    "validation": ("dev", "dev_sent_emo.csv", "dev_splits_complete"),
    "test": ("test", "test_sent_emo.csv", "output_repeated_splits_test"),
}
COLUMNS = ("Utterance", "Speaker", "Emotion", "Dialogue_ID", "Utterance_ID", "StartTime", "EndTime")
LONGEST = 60.0  # s; the clips that were cut wrongly last minutes, utterances well below one
# Clips of the release that are known to be unusable: broken, missing or minutes too long.
KNOWN_BAD = ("train_dia125_utt3", "train_dia309_utt0", "dev_dia110_utt7", "test_dia38_utt4", "test_dia220_utt0")

TWICE = Kind.warning("utterance{s} listed twice, the first is kept", "remove the second line")
NO_TEXT = Kind.warning("utterance{s} without text", "nothing to do: the text encoder gets an empty line")
TIMES = Kind.warning(
    "utterance{s} whose times make no sense",
    "nothing to do: the clip's own length counts; without a clip one second is taken",
)
NO_CLIPS = Kind.warning(
    "split{s} without a folder of clips", "unpack the clips beside the CSV file, or use modalities: text"
)
MISSING = Kind.error("clip{s} missing", "unpack the archive again; until then the utterance lacks face and audio")
BROKEN = Kind.error("clip{s} corrupt", "unpack the archive again; until then the utterance lacks face and audio")
OVERLONG = Kind.error(
    "clip{s} far longer than an utterance", "cut the clip by its times; until then face and audio are missing"
)
KNOWN = Kind.warning("clip{s} known to be bad in the release", "nothing to do: the utterance lacks face and audio")


def read_meld(root: Path) -> Reading:
    """Read all utterances of MELD, with its official splits.

    Ids are those of the clips with the split's name before them (`dev_dia110_utt7`), because MELD numbers the
    dialogues of each split from 0. Speakers are called by their names; they occur in all splits. Every utterance has
    media of its own: start is 0 and end is the length of its clip by the clip's header, or that of the wav where the
    clip cannot be used, or else EndTime - StartTime (at most `LONGEST`). A missing, corrupt or over-long clip leaves
    the utterance without it.

    Raises:
        EmotionError: a CSV file is missing or a line of it cannot be understood; names file, line and expectation.
    """
    notes = Notes()
    rows = [row for split in PARTS for row in _read_part(root, split, notes)]
    return Reading(rows, LABELS, notes)


def clips_folder(root: Path, split: str) -> Path | None:
    """Where the clips of a split lie, None if nowhere."""
    name, _, folder = PARTS[split]
    return next((path for path in (root / folder, root / name / folder) if path.is_dir()), None)


def _read_part(root: Path, split: str, notes: Notes) -> Iterator[Utterance]:
    name, table, _ = PARTS[split]
    path = next((path for path in (root / table, root / name / table) if path.is_file()), None)
    if path is None:
        raise EmotionError(
            f"{root}: no {table} there nor in {name}/, expected MELD's three CSV files; copy or link them there"
        )
    clips = clips_folder(root, split)
    if clips is None:
        notes.add(NO_CLIPS, name)
    found: dict[tuple[int, int], Utterance] = {}
    for place, row in csv_rows(path, required=COLUMNS):
        key = (_number(row, "Dialogue_ID", place), _number(row, "Utterance_ID", place))
        if key in found:
            notes.add(TWICE, f"{place}: {found[key].utterance}")
        else:
            found[key] = _utterance(row, key, place, split, notes)
    if not found:
        raise EmotionError(f"{path}: no utterances below its header; unpack the archive again")
    for key in sorted(found):
        yield _with_media(found[key], root, clips, notes)


def _utterance(row: Mapping[str, str], key: tuple[int, int], place: str, split: str, notes: Notes) -> Utterance:
    """The utterance without its media; end is its length by StartTime and EndTime."""
    dialogue = f"{PARTS[split][0]}_dia{key[0]}"
    label = row["Emotion"].lower()
    if label not in LABELS:
        raise EmotionError(f"{place}: Emotion is {quoted(row['Emotion'])}, expected one of {', '.join(LABELS)}")
    if not row["Speaker"]:
        raise EmotionError(f"{place}: Speaker is empty, expected a name")
    if not is_printable(row["Speaker"]):
        raise EmotionError(f"{place}: Speaker is {quoted(row['Speaker'])}, expected a name on one line")
    name = f"{dialogue}_utt{key[1]}"
    text = repair(row["Utterance"])
    if text != row["Utterance"]:
        notes.add(REPAIRED, f"{place}: {name}")
    if not text:
        notes.add(NO_TEXT, f"{place}: {name}")
    start, end = seconds(row["StartTime"]), seconds(row["EndTime"])
    length = 0.0 if start is None or end is None else round(min(end - start, LONGEST), 3)
    if length <= 0:
        notes.add(TIMES, f"{place}: {name}: {row['StartTime']} to {row['EndTime']}")
    return Utterance(
        utterance=name,
        dialogue=dialogue,
        turn=key[1],
        speaker=" ".join(repair(row["Speaker"]).split()),
        start=0.0,
        end=length if length > 0 else 1.0,
        label=label,
        split=split,
        text=" ".join(text.split()),
    )


def _with_media(row: Utterance, root: Path, clips: Path | None, notes: Notes) -> Utterance:
    if clips is None:
        return row
    clip = clips / f"{row.utterance.split('_', 1)[1]}.mp4"
    sound = clip.with_suffix(".wav")
    length = _length(clip, row.utterance, notes)
    own = _length(sound, row.utterance, notes) if sound.is_file() else 0.0
    audio = sound if own else clip
    return replace(
        row,
        end=round(length or own, 3) or row.end,
        audio=audio.relative_to(root).as_posix() if own or length else "",
        video=clip.relative_to(root).as_posix() if length else "",
    )


def _length(path: Path, name: str, notes: Notes) -> float:
    """Length of a usable clip in s, 0 where it cannot be used; why is noted."""
    try:
        length = media_length(path)
    except MediaError as error:
        bad, why = (MISSING, "missing") if str(error).startswith("missing") else (BROKEN, str(error))
    else:
        if length <= LONGEST:
            return length
        bad, why = OVERLONG, f"{length:.0f} s"
    notes.add(KNOWN if name in KNOWN_BAD else bad, f"{name}: {why}")
    return 0.0


def _number(row: Mapping[str, str], column: str, place: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", row[column]):
        raise EmotionError(f"{place}: {column} is {quoted(row[column])}, expected a whole number >= 0")
    return int(row[column])
