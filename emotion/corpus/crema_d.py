"""Reader of CREMA-D (Cao et al., 2014): 91 actors, each says 12 sentences with six emotions; crowd raters voted.

AudioWAV/1001_DFA_ANG_XX.wav          sound: ACTOR_SENTENCE_EMOTION_LEVEL, 16 kHz
VideoFlash/1001_DFA_ANG_XX.flv        picture (and sound) of the same clip
processedResults/tabulatedVotes.csv   how many raters heard (1...), saw (2...), saw and heard (3...) which emotion
VideoDemographics.csv                 actors: ActorID, Age, Sex, Race, Ethnicity

That is the folder of its git repository, github.com/CheyneyComputerScience/CREMA-D. The media are in Git LFS: without
it they are pointers, small files of text, and are left out with the command that gets them. Either table may be absent.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from emotion.core.errors import EmotionError, MediaError
from emotion.core.text import quoted
from emotion.corpus.lengths import media_length
from emotion.corpus.reading import Kind, Notes, Reading, Vote
from emotion.corpus.rows import csv_rows
from emotion.corpus.utterance import Utterance

EMOTIONS: Final = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
LABELS: Final = tuple(EMOTIONS.values())
SENTENCES: Final = {
    "DFA": "Don't forget a jacket.",
    "IEO": "It's eleven o'clock.",
    "IOM": "I'm on my way to the meeting.",
    "ITH": "I think I have a doctor's appointment.",
    "ITS": "I think I've seen this before.",
    "IWL": "I would like a new alarm clock.",
    "IWW": "I wonder what this is about.",
    "MTI": "Maybe tomorrow it will be cold.",
    "TAI": "The airplane is almost full.",
    "TIE": "That is exactly what happened.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}
SOUND, PICTURE = "AudioWAV", "VideoFlash"
VOTES, ACTORS = "processedResults/tabulatedVotes.csv", "VideoDemographics.csv"
LONGEST = 20.0  # s; a sentence lasts 1 to 5
# Its README says of these that they do not show, or do not sound, what their names say.
KNOWN_BAD = {
    PICTURE: ("1064_IEO_DIS_MD", "1064_TIE_SAD_XX", "1076_MTI_NEU_XX", "1076_MTI_SAD_XX"),
    SOUND: ("1076_MTI_SAD_XX",),
}

_PULL = 'in the folder of the corpus, with git-lfs installed: git lfs pull --include="AudioWAV,VideoFlash"'
POINTER = Kind.error("media file{s} that {is only a pointer|are only pointers} of Git LFS", _PULL)
MISSING = Kind.error("media file{s} missing", f"{_PULL}; until then the utterances lack them")
BROKEN = Kind.error("media file{s} corrupt", "get them again; until then the utterances lack them")
OVERLONG = Kind.error("media file{s} far longer than a sentence", "get them again; until then the utterances lack them")
KNOWN = Kind.warning("media file{s} known to be bad in the release", "nothing to do: the utterance lacks it")
STRANGE = Kind.warning("file{s} whose name is none of the release", "nothing to do: they are left out")
NO_VOTES = Kind.warning("table of the raters' votes missing", f"copy {VOTES} of the release; it is for --annotators")
NO_ACTORS = Kind.warning("table of the actors missing", f"copy {ACTORS} of the release; until then gender is not known")
UNRATED = Kind.warning("clip{s} without votes", f"copy {VOTES} again")
TIED = Kind.fact("clip{s} whose raters are of several minds", "nothing to do, or take label rule released")
UNKNOWN_ACTOR = Kind.warning("actor{s} without a row", f"copy {ACTORS} again; until then their gender is not known")

_NAME = re.compile(rf"(\d{{4}})_({'|'.join(SENTENCES)})_({'|'.join(EMOTIONS)})_(?:LO|MD|HI|XX)")
_LETTERS = dict(zip("ADFHNS", LABELS, strict=True))
_RATERS = {"1": "voice", "2": "face", "3": "E"}  # by the first digit of a row's number; E: what a rater of IEMOCAP is
_SEXES = {"male": "M", "female": "F"}
_MOST = 1000  # votes of one kind for a clip; the release has 12
_POINTER = b"version https://git-lfs"

Counts = Mapping[str, int]  # emotion -> raters


@dataclass(frozen=True)
class _Tables:
    """What the tables say: clip -> kind of rater -> counts, actor -> gender."""

    votes: dict[str, dict[str, Counts]]
    genders: dict[str, str]


def read_crema_d(root: Path, *, label_rule: str) -> Reading:
    """Read all clips, the split '', by name; each is a dialogue of its own, its scenario is the sentence.

    The label is what the actor was asked to show (`released`), or what most raters who saw and heard the clip say
    (`strict`); then clips whose raters are of several minds are left out. Votes are counts: `E1`, `E2`, ... are raters
    who saw and heard, `voice1`, ... who heard, `face1`, ... who saw; the same name is not the same person in two clips.

    Raises:
        EmotionError: there is no clip whose sound or picture can be used, a table cannot be read, or the label rule
            needs one that is missing.
    """
    notes = Notes()
    tables = _Tables(_votes(root, notes), _genders(root, notes))
    names = _names(root, tables, notes)
    labels = {name: _label(name, tables, label_rule, notes) for name in names}
    rated = [
        _utterance(root, name, label, tables, notes)
        for name, label in labels.items()
        if label or (label_rule == "strict" and tables.votes.get(name, {}).get(_RATERS["3"]))
    ]
    rows = [row for row in rated if row.label]
    if not any(row.audio or row.video for row in rows):
        raise EmotionError(
            f"{root}: no sound or picture of a clip can be used, expected {SOUND}/1001_DFA_ANG_XX.wav and so on; "
            f"clone github.com/CheyneyComputerScience/CREMA-D there, then, {_PULL}"
        )
    return Reading(rows, LABELS, notes, tuple(_single(tables.votes)), rated if tables.votes else [])


def _names(root: Path, tables: _Tables, notes: Notes) -> list[str]:
    """Of all clips that a table or a folder has."""
    found = set(tables.votes)
    for folder, suffix in ((SOUND, ".wav"), (PICTURE, ".flv")):
        for path in sorted((root / folder).glob("*")):
            if path.name.startswith("."):
                continue
            if path.suffix == suffix and _NAME.fullmatch(path.stem):
                found.add(path.stem)
            else:
                notes.add(STRANGE, f"{folder}/{path.name}")
    if not found:
        raise EmotionError(f"{root}: no clips found, expected {SOUND}/1001_DFA_ANG_XX.wav and so on; copy or link it")
    return sorted(found)


def _label(name: str, tables: _Tables, label_rule: str, notes: Notes) -> str:
    """'' where there is none."""
    if label_rule == "released":
        return EMOTIONS[_parts(name)[2]]
    if not tables.votes:
        raise EmotionError(f"label rule strict needs the raters' votes; copy {VOTES} of the release, or take released")
    counts = tables.votes.get(name, {}).get(_RATERS["3"], {})
    if not counts:
        notes.add(UNRATED, name)
        return ""
    most = [label for label, count in counts.items() if count == max(counts.values())]
    if len(most) > 1:
        notes.add(TIED, name)
        return ""
    return most[0]


def _utterance(root: Path, name: str, label: str, tables: _Tables, notes: Notes) -> Utterance:
    actor, sentence, _ = _parts(name)
    if tables.genders and actor not in tables.genders:
        notes.add(UNKNOWN_ACTOR, actor)
    sound, picture = f"{SOUND}/{name}.wav", f"{PICTURE}/{name}.flv"
    heard, seen = (_length(root, place, notes) for place in (sound, picture))
    return Utterance(
        utterance=name,
        dialogue=name,
        turn=0,
        speaker=actor,
        start=0.0,
        end=round(heard or seen, 3) or 1.0,
        label=label,
        text=SENTENCES[sentence],
        audio=sound if heard else "",
        video=picture if seen else "",
        scenario=sentence,
        gender=tables.genders.get(actor, ""),
    )


def _length(root: Path, place: str, notes: Notes) -> float:
    """Length of a usable file in s, 0 where it cannot be used; why is noted."""
    folder, name = place.split("/")
    path = root / place
    try:
        with path.open("rb") as file:
            pointer = file.read(len(_POINTER)) == _POINTER
    except OSError:
        notes.add(MISSING, place)
        return 0.0
    if pointer:
        notes.add(POINTER, place)
        return 0.0
    if Path(name).stem in KNOWN_BAD[folder]:
        notes.add(KNOWN, place)
        return 0.0
    try:
        length = media_length(path)
    except MediaError as error:
        notes.add(BROKEN, f"{place}: {error}")
        return 0.0
    if length > LONGEST:
        notes.add(OVERLONG, f"{place}: {length:.0f} s")
        return 0.0
    return length


def _votes(root: Path, notes: Notes) -> dict[str, dict[str, Counts]]:
    """Clip -> kind of rater -> emotion -> how many."""
    path = root / VOTES
    if not path.is_file():
        notes.add(NO_VOTES, VOTES)
        return {}
    found: dict[str, dict[str, Counts]] = {}
    for place, row in csv_rows(path, required=("", *_LETTERS, "fileName")):
        kind = _RATERS.get(row[""][:1], "")
        if not _NAME.fullmatch(row["fileName"]) or not kind:
            told = f"{quoted(row[''])}, {quoted(row['fileName'])}"
            raise EmotionError(f"{place}: row {told}, expected a number that begins with 1, 2 or 3 and a clip's name")
        counts = {label: _count(row, letter, place) for letter, label in _LETTERS.items()}
        if found.setdefault(row["fileName"], {}).setdefault(kind, counts) is not counts:
            raise EmotionError(f"{place}: the votes of {row['fileName']} are there already; remove one of the rows")
    return found


def _count(row: Mapping[str, str], column: str, place: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", row[column]) or int(row[column]) > _MOST:
        raise EmotionError(f"{place}: {column} is {quoted(row[column])}, expected a number of raters, 0 to {_MOST}")
    return int(row[column])


def _genders(root: Path, notes: Notes) -> dict[str, str]:
    """Actor -> F or M."""
    path = root / ACTORS
    if not path.is_file():
        notes.add(NO_ACTORS, ACTORS)
        return {}
    found = {}
    for place, row in csv_rows(path, required=("ActorID", "Sex")):
        sex = _SEXES.get(row["Sex"].lower())
        if sex is None or not re.fullmatch(r"\d{4}", row["ActorID"]):
            told = f"{quoted(row['ActorID'])}, {quoted(row['Sex'])}"
            raise EmotionError(f"{place}: {told}, expected the four digits of an actor, and Male or Female")
        found[row["ActorID"]] = sex
    return found


def _single(votes: Mapping[str, Mapping[str, Counts]]) -> Iterator[Vote]:
    """One vote per rater."""
    for name in sorted(votes):
        for kind in sorted(votes[name]):
            labels = [label for label, count in votes[name][kind].items() for _ in range(count)]
            for number, label in enumerate(labels, start=1):
                yield Vote(name, f"{kind}{number}", (label,), ("", "", ""))


def _parts(name: str) -> Sequence[str]:
    """Actor, sentence and emotion of a clip's name."""
    found = _NAME.fullmatch(name)
    assert found is not None
    return found.groups()
