"""What the published corpora hold: counts of the releases, for the doctor to compare with."""

from collections.abc import Mapping

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


def iemocap_labels(split: str, label_rule: str) -> Mapping[tuple[str, ...], Mapping[str, int]]:
    """Group of splits -> label -> utterances, as far as they are published for this split and label rule."""
    everything = {label: _TRAIN_AND_VALIDATION[label] + _TEST[label] for label in SIX}
    if label_rule == "strict":  # how the 53 fall on the sessions is in no publication
        return {("train", "validation", "test"): {**everything, "happy": everything["happy"] - IEMOCAP_PROMOTED}}
    if split in ("paper", "cosmic", "session5"):
        return {("train", "validation"): _TRAIN_AND_VALIDATION, ("test",): _TEST}
    return {("train", "validation", "test"): everything}


def split_counts(corpus: str, split: str, label_rule: str) -> dict[str, tuple[int | None, tuple[int, ...]]]:
    """Split -> (utterances, dialogues) of a published split, None where it is not published.

    Dialogues are a tuple of the counts that are known to be right.
    """
    if corpus == "meld":
        return {name: (MELD_UTTERANCES[name], MELD_DIALOGUES[name]) for name in MELD_UTTERANCES}
    if corpus != "iemocap" or split not in IEMOCAP_UTTERANCES:
        return {}
    counts = IEMOCAP_UTTERANCES[split] if label_rule == "released" else {}
    return {name: (counts.get(name), (number,)) for name, number in IEMOCAP_SPLIT_DIALOGUES[split].items()}
