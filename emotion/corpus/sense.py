"""Whether what a corpus says makes sense: values of the right form that cannot mean what they seem to.

Every function takes rows, or counts of them, and gives kinds of findings with their places; nothing is read or printed.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from emotion.core.text import is_printable, quoted
from emotion.corpus.identity import listed, people, spellings
from emotion.corpus.reading import Kind
from emotion.corpus.traces import BROKEN, LOST
from emotion.corpus.utterance import NAMED, SPLITS, Utterance

Found = tuple[Kind, Sequence[str]]

SPEAKERS = Kind("speakers spelled in several ways", "warning", "write the name of a person in one way everywhere")
DIALOGUES = Kind(
    "dialogues spelled in several ways", "warning", "write the id in one way: each spelling is a dialogue of its own"
)
LABELS = Kind(
    "labels spelled in several ways", "warning", "write the label in one way: each spelling is a class of its own"
)
MISSING = Kind(
    "labels that seem to mean that there is none",
    "warning",
    "leave the cell empty if they do: such rows are left out; as it is they are a class",
)
HIDDEN = Kind(
    "names with hidden characters",
    "error",
    "take control characters, line ends and direction marks out of ids, speakers and labels",
)
NUMBERS = Kind(
    "tables with numbers in column label",
    "error",
    "expected names of emotions: write them into column label, or cut the scores into classes such as negative, "
    "neutral, positive",
)
CODES = Kind(
    "tables with numbers for classes in column label",
    "warning",
    "write names such as glad and sad for them; are they scores, cut them into classes",
)
UNTRAINED = Kind(
    "classes without an utterance in training",
    "warning",
    "their recall can only be 0: give training some of their utterances, or leave the class out",
)
UNCHOSEN = Kind(
    "classes without an utterance in validation",
    "warning",
    "the best epoch is chosen without them: give validation some of their utterances",
)
UNTESTED = Kind(
    "classes without an utterance in the test set", "warning", "no score tells how well they are recognised"
)
ONE_CLASS = Kind(
    "training sets of a single class", "warning", "nothing can be learned from it: give training other classes too"
)
FEW = Kind(
    "classes with one or two utterances in a split",
    "warning",
    "what is scored or chosen by them is chance: collect more, or join classes",
)
ONE_SPEAKER = Kind(
    "validation sets of a single speaker",
    "warning",
    "the best epoch is the best for this person: give validation more speakers",
)
ORDER = Kind(
    "dialogues not in the order of start times",
    "warning",
    "context follows the turns: sort the rows by start, or correct column turn",
)
SPANS = Kind(
    "times of a recording that several utterances have",
    "warning",
    "give each its own start and end, or its own file; the same sound under two labels teaches nothing",
)
GENDERS = Kind("speakers with several genders", "warning", "correct column gender, or give two people two names")
ABSENT = Kind("modalities that no utterance has", "fact", "leave them out of modalities")

ERRORS = (HIDDEN, NUMBERS, BROKEN, LOST)  # nothing can be made of such a corpus
_NOTHING = {
    *("none", "nil", "null", "na", "n/a", "nan", "notavailable", "missing", "unlabeled", "unlabelled", "nolabel"),
    *("unknown", "unk", "undefined", "undetermined", "xxx", "-", "--", "?", "??", ".", "无", "未知", "不明", "なし"),
}
_CODES = 20  # whole numbers that may be codes of classes
_SHOWN = 5
_FEW = 2


def name_findings(rows: Sequence[Utterance]) -> list[Found]:
    """Spellings of speakers, dialogues and labels; labels that mean nothing or are numbers; hidden characters."""
    # Where a row has no speaker or no dialogue, its id stands for it: ids are compared as they are.
    speakers = spellings(row.speaker for row in rows if row.speaker != row.dialogue)
    dialogues = spellings(row.dialogue for row in rows if row.dialogue != row.utterance)
    labels = Counter(row.label for row in rows)
    nothing = Counter({label: count for label, count in labels.items() if _means_nothing(label)})
    names = dict.fromkeys((column, getattr(row, column)) for row in rows for column in NAMED)
    hidden = [f"{column} {quoted(name)}" for column, name in names if not is_printable(name)]
    found: list[Found] = [
        (HIDDEN, hidden),
        (SPEAKERS, list(map(listed, speakers))),
        (DIALOGUES, list(map(listed, dialogues))),
        (LABELS, list(map(listed, spellings(row.label for row in rows)))),
        (MISSING, [listed(Counter({label: count})) for label, count in nothing.items()]),
        *_number_findings(labels),
    ]
    return _some(found)


def class_findings(counts: Mapping[str, Mapping[str, int]]) -> list[Found]:
    """What cannot be learned, chosen or scored.

    Args:
        counts: split -> class -> utterances, all classes in each; splits whose labels are hidden are left out.
    """
    labels = list(dict.fromkeys(label for numbers in counts.values() for label in numbers))
    train = counts.get("train", {})
    trained = Counter({label: count for label, count in train.items() if count})
    found: list[Found] = [(UNTRAINED, [_where(label, counts) for label in train if label not in trained])]
    for split, kind in (("validation", UNCHOSEN), ("test", UNTESTED)):
        absent = [label for label, count in counts.get(split, {}).items() if not count]
        # A class that is nowhere is named once, above.
        found.append((kind, [_where(label, counts) for label in absent if _where(label, counts) != quoted(label)]))
    few = [(label, _where(label, counts, most=_FEW)) for label in labels]
    return _some(
        [
            *found,
            (ONE_CLASS, [listed(trained)] if len(trained) == 1 else []),
            (FEW, [place for label, place in few if place != quoted(label)]),
        ]
    )


def split_findings(rows: Sequence[Utterance], labels: Sequence[str]) -> list[Found]:
    """`class_findings` of rows that have splits and one of these labels, and who speaks in validation."""
    numbers = Counter((row.split, row.label) for row in rows)
    counts = {split: {label: numbers[split, label] for label in labels} for split in SPLITS}
    speaking = people(rows)
    chosen = {who: row.speaker for row, who in zip(rows, speaking, strict=True) if row.split == "validation"}
    alone = len(chosen) == 1 and len(set(speaking)) > 1
    return [*class_findings(counts), *_some([(ONE_SPEAKER, list(map(quoted, chosen.values())) if alone else [])])]


def order_findings(rows: Sequence[Utterance]) -> list[Found]:
    """Dialogues whose turns run against the start times within a medium; the rows are in the order of the turns."""
    tracks: defaultdict[tuple[str, str, str], list[Utterance]] = defaultdict(list)
    for row in rows:
        tracks[row.dialogue, row.audio, row.video].append(row)
    back = [second.dialogue for turns in tracks.values() for one, second in pairwise(turns) if second.start < one.start]
    return _some([(ORDER, [quoted(name) for name in dict.fromkeys(back)])])


def row_findings(rows: Sequence[Utterance]) -> list[Found]:
    """Utterances with the same part of a recording, and people with several genders."""
    spans = Counter((row.audio or row.video, row.side, row.start, row.end) for row in rows if row.audio or row.video)
    genders: defaultdict[str, Counter[str]] = defaultdict(Counter)
    names: dict[str, str] = {}
    for row, who in zip(rows, people(rows), strict=True):
        names.setdefault(who, row.speaker)
        if row.gender:
            genders[who][row.gender.casefold()] += 1
    twice = [f"{name} {one:g} to {end:g} s ({n})" for (name, _, one, end), n in spans.items() if n > 1]
    several = [f"{quoted(names[who])}: {listed(counts)}" for who, counts in genders.items() if len(counts) > 1]
    return _some([(SPANS, twice), (GENDERS, several)])


def modality_findings(rows: Sequence[Utterance]) -> list[Found]:
    """Columns that are empty in all rows."""
    return _some([(ABSENT, [name for name in ("audio", "video", "text") if not _has(rows, name)])])


def made_of(rows: Sequence[Utterance]) -> str:
    """In one line, how many utterances have which modality, and where the sound comes from."""
    has = {name: _has(rows, name) for name in ("audio", "video", "text")}
    parts = [f"{', '.join(f'{name} {count}' for name, count in has.items())} of {len(rows)} utterances"]
    shared = sum(bool(row.audio) and row.audio == row.video for row in rows)
    if shared:
        parts.append(f"the video's sound is used as audio{'' if shared == has['audio'] else f' of {shared}'}")
    parts += [f"no utterance has {name}" for name, count in has.items() if not count]
    return "; ".join(parts)


def _has(rows: Iterable[Utterance], column: str) -> int:
    return sum(bool(getattr(row, column)) for row in rows)


def _number_findings(labels: Counter[str]) -> list[Found]:
    """Whole numbers may be codes of classes, if they are few and come again; others are scores."""
    numbers = Counter({label: count for label, count in labels.items() if _number(label) is not None})
    if 2 * numbers.total() < labels.total() or len(numbers) < 2:
        return []
    whole = all((_number(label) or 0.0).is_integer() for label in numbers)
    rare = len(numbers) > 6 and 2 * len(numbers) > numbers.total()
    kind = CODES if whole and not rare and len(numbers) <= _CODES else NUMBERS
    some = ", ".join(map(quoted, list(numbers)[:_SHOWN]))
    more = ", ..." if len(numbers) > _SHOWN else ""
    return [(kind, [f"{len(numbers)} different ones in {numbers.total()} rows ({some}{more})"])]


def _number(label: str) -> float | None:
    try:
        value = float(label.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _means_nothing(label: str) -> bool:
    return "".join(label.casefold().split()).strip("()[]<>'\"") in _NOTHING


def _where(label: str, counts: Mapping[str, Mapping[str, int]], *, most: float = math.inf) -> str:
    """The class, and the splits that have some of it but no more than `most`, e.g. `'rare' (test 4)`."""
    numbers = {split: counts.get(split, {}).get(label, 0) for split in SPLITS}
    some = [f"{split} {count}" for split, count in numbers.items() if 0 < count <= most]
    return quoted(label) + (f" ({', '.join(some)})" if some else "")


def _some(found: Iterable[Found]) -> list[Found]:
    return [(kind, places) for kind, places in found if places]
