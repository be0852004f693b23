"""What a corpus holds beside what its release is known to hold (counts that are published): the doctor's table."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from emotion.corpus.protocols import is_split
from emotion.corpus.reading import Reading
from emotion.corpus.utterance import SPLITS, Utterance

SIX = ("happy", "sad", "neutral", "angry", "excited", "frustrated")
SEVEN = ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger")


def _by(names: tuple[str, ...], *counts: int) -> dict[str, int]:
    return dict(zip(names, counts, strict=True))


# Utterances of IEMOCAP's EmoEvaluation by the label as it stands there (Busso et al., 2008).
IEMOCAP_CODES = _by(
    ("hap", "sad", "neu", "ang", "exc", "fru", "xxx", "sur", "fea", "oth", "dis"),
    *(595, 1084, 1708, 1103, 1041, 1849, 2507, 107, 40, 3, 2),
)
IEMOCAP_DIALOGUES = {"Session1": 28, "Session2": 30, "Session3": 32, "Session4": 30, "Session5": 31}
IEMOCAP_PROMOTED = 53  # labelled xxx, happy in the released feature files
_TRAIN_AND_VALIDATION = _by(SIX, 504, 839, 1324, 933, 742, 1468)
_TEST = _by(SIX, 144, 245, 384, 170, 299, 381)
# Split -> utterances per split, with the label rule `released`.
IEMOCAP_UTTERANCES = {
    "paper": {"train": 5320, "validation": 490, "test": 1623},
    "cosmic": {"train": 5163, "validation": 647, "test": 1623},
}
IEMOCAP_SPLIT_DIALOGUES = {split: {"train": 108, "validation": 12, "test": 31} for split in IEMOCAP_UTTERANCES}

MELD_UTTERANCES = {"train": 9989, "validation": 1109, "test": 2610}
MELD_DIALOGUES = {"train": (1038, 1039), "validation": (114,), "test": (280,)}  # counts differ with the copy
MELD_LABELS = {
    "train": _by(SEVEN, 4710, 1205, 268, 683, 1743, 271, 1109),
    "validation": _by(SEVEN, 470, 150, 40, 111, 163, 22, 153),
    "test": _by(SEVEN, 1256, 281, 50, 208, 402, 68, 345),
}

CREMA_D_LABELS = {  # clips by label rule
    "released": {"anger": 1271, "disgust": 1271, "fear": 1271, "happy": 1271, "neutral": 1087, "sad": 1271},
    "strict": {"anger": 1019, "disgust": 1139, "fear": 1084, "happy": 1219, "neutral": 1972, "sad": 589},
}
_SPEAKERS = {"iemocap": "10", "crema_d": "91"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; expected '' = nothing is known."""

    what: str
    found: str
    expected: str = ""

    @property
    def good(self) -> bool:
        """Whether found is one of what is expected."""
        return not self.expected or self.found in self.expected.split(" or ")


def tally(reading: Reading, rows: Sequence[Utterance], *, corpus: str, split: str, label_rule: str) -> Iterator[Line]:
    """The lines of the table for rows that have their splits, if they have any."""
    release = corpus == "iemocap"
    if reading.codes:
        codes = IEMOCAP_CODES if release else {}
        yield Line("rated utterances", str(sum(reading.codes.values())), str(sum(codes.values())) if release else "")
        for code in [*codes, *sorted(reading.codes.keys() - codes.keys())]:
            yield Line(f"  label {code}", str(reading.codes.get(code, 0)), str(codes.get(code, 0)) if release else "")
    if release:
        sessions = Counter(f"Session{int(name[3:5])}" for name in {row.dialogue for row in reading.utterances})
        for name, number in IEMOCAP_DIALOGUES.items():
            yield Line(f"dialogues of {name}", str(sessions[name]), str(number))
    yield from _split_lines(rows, _split_counts(corpus, split, label_rule))
    yield from _label_lines(reading, rows, _label_counts(corpus, split, label_rule))
    lengths = sorted(row.end - row.start for row in rows)
    yield Line("speakers", str(len({row.speaker for row in rows})), _SPEAKERS.get(corpus, ""))
    yield Line("hours of speech", f"{sum(lengths) / 3600:.2f}")
    yield Line("utterance length, s", f"{lengths[0]:.2f} to {lengths[-1]:.2f}, median {lengths[len(lengths) // 2]:.2f}")
    for column in ("text", "audio", "video"):
        has = sum(bool(getattr(row, column)) for row in rows)
        yield Line(f"utterances with {column}", f"{has} of {len(rows)}")


def _split_lines(rows: Sequence[Utterance], known: Mapping[str, tuple[int | None, tuple[int, ...]]]) -> Iterator[Line]:
    utterances = Counter(row.split for row in rows)
    dialogues = Counter(split for _, split in {(row.dialogue, row.split) for row in rows})
    for name in SPLITS if not utterances[""] else ("",):
        number, numbers = known.get(name, (None, ()))
        yield Line(f"{name or 'all'}: utterances", str(utterances[name]), "" if number is None else str(number))
        yield Line(f"{name or 'all'}: dialogues", str(dialogues[name]), " or ".join(map(str, numbers)))


def _label_lines(
    reading: Reading, rows: Sequence[Utterance], known: Mapping[tuple[str, ...], Mapping[str, int]]
) -> Iterator[Line]:
    """One line per label, with the counts of the groups of splits that publications give."""
    counts = Counter((row.split, row.label) for row in rows)
    groups = list(known) if not any(row.split == "" for row in rows) else [("",)]
    names = " / ".join("+".join(group) or "all" for group in groups)
    yield Line(f"labels: {names}", "")
    for label in reading.labels:
        found = " / ".join(str(sum(counts[split, label] for split in group)) for group in groups)
        wanted = [str(known[group][label]) for group in groups if label in known.get(group, {})]
        yield Line(f"  {label}", found, " / ".join(wanted) if len(wanted) == len(groups) else "")


def _label_counts(corpus: str, split: str, label_rule: str) -> Mapping[tuple[str, ...], Mapping[str, int]]:
    """Group of splits -> label -> utterances, as far as they are published for this corpus, split and label rule."""
    if corpus == "crema_d":
        return {tuple(SPLITS): CREMA_D_LABELS[label_rule]}
    if corpus != "iemocap":
        return {(name,): MELD_LABELS[name] if corpus == "meld" else {} for name in MELD_LABELS}
    if split in ("paper", "cosmic", "session5") and label_rule == "released":
        return {("train", "validation"): _TRAIN_AND_VALIDATION, ("test",): _TEST}
    if is_split(split):  # leaves utterances out
        return {SPLITS: {}}
    everything = {label: _TRAIN_AND_VALIDATION[label] + _TEST[label] for label in SIX}
    if label_rule == "strict":  # how the 53 fall on the sessions is in no publication
        everything["happy"] -= IEMOCAP_PROMOTED
    return {("train", "validation", "test"): everything}


def _split_counts(corpus: str, split: str, label_rule: str) -> dict[str, tuple[int | None, tuple[int, ...]]]:
    """Split -> (utterances, dialogues) of a published split, None where it is not published.

    Dialogues are a tuple of the counts that are known to be right.
    """
    if corpus == "meld":
        return {name: (MELD_UTTERANCES[name], MELD_DIALOGUES[name]) for name in MELD_UTTERANCES}
    if corpus != "iemocap" or split not in IEMOCAP_UTTERANCES:
        return {}
    counts = IEMOCAP_UTTERANCES[split] if label_rule == "released" else {}
    return {name: (counts.get(name), (number,)) for name, number in IEMOCAP_SPLIT_DIALOGUES[split].items()}
