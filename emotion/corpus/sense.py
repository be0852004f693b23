"""Whether what a corpus says makes sense: values of the right form that cannot mean what they seem to.

Every function takes rows, or counts of them, and gives kinds of findings with their places; nothing is read or printed.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from emotion.core.text import is_printable, quoted
from emotion.corpus.identity import listed, people, spellings
from emotion.corpus.reading import Finding, Kind, findings
from emotion.corpus.traces import BROKEN, LOST
from emotion.corpus.utterance import NAMED, SPLITS, Utterance

SPEAKERS = Kind.warning("speaker{s} spelled in several ways", "write the name of a person in one way everywhere")
DIALOGUES = Kind.warning(
    "dialogue{s} spelled in several ways", "write the id in one way: each spelling is a dialogue of its own"
)
LABELS = Kind.warning(
    "label{s} spelled in several ways", "write the label in one way: each spelling is a class of its own"
)
MISSING = Kind.warning(
    "label{s} that {seems|seem} to mean that there is none",
    "leave the cell empty if they do: such rows are left out; as it is they are a class",
)
HIDDEN = Kind.error(
    "name{s} with hidden characters",
    "take control characters, line ends and direction marks out of ids, speakers and labels",
)
NUMBERS = Kind.error(
    "table{s} with numbers in column label",
    "expected names of emotions: write them into column label, or cut the scores into classes such as negative, "
    "neutral, positive",
)
CODES = Kind.warning(
    "table{s} with numbers for classes in column label",
    "write names such as glad and sad for them; are they scores, cut them into classes",
)
UNTRAINED = Kind.warning(
    "class{es} without an utterance in training",
    "their recall can only be 0: give training some of their utterances, or leave the class out",
)
UNCHOSEN = Kind.warning(
    "class{es} without an utterance in validation",
    "the best epoch is chosen without them: give validation some of their utterances",
)
UNTESTED = Kind.warning("class{es} without an utterance in the test set", "no score tells how well they are recognised")
ONE_CLASS = Kind.warning(
    "training set{s} of a single class", "nothing can be learned from it: give training other classes too"
)
FEW = Kind.warning(
    "class{es} with one or two utterances in a split",
    "what is scored or chosen by them is chance: collect more, or join classes",
)
ONE_SPEAKER = Kind.warning(
    "validation set{s} of a single speaker", "the best epoch is the best for this person: give validation more speakers"
)
ORDER = Kind.warning(
    "dialogue{s} not in the order of start times",
    "context follows the turns: sort the rows by start, or correct column turn",
)
SPANS = Kind.warning(
    "time{s} of a recording that several utterances have",
    "give each its own start and end, or its own file; the same sound under two labels teaches nothing",
)
TWICE_AT_ONCE = Kind.warning(
    "pair{s} of utterances of one speaker that {overlaps|overlap} in time",
    "correct start or end of one of them: nobody says two things at once",
)
GENDERS = Kind.warning("speaker{s} with several genders", "correct column gender, or give two people two names")
ABSENT = Kind.fact("modalit{y|ies} that no utterance has", "leave them out of modalities")

ERRORS = (HIDDEN, NUMBERS, BROKEN, LOST)  # nothing can be made of such a corpus
_NOTHING = {
    *("none", "nil", "null", "na", "n/a", "nan", "notavailable", "missing", "unlabeled", "unlabelled", "nolabel"),
    *("unknown", "unk", "undefined", "undetermined", "xxx", "-", "--", "?", "??", ".", "无", "未知", "不明", "なし"),
}
_CODES = 20  # whole numbers that may be codes of classes
_SHOWN = 5
_FEW = 2
_TOUCH = 0.01  # s by which times may overlap that were rounded


def name_findings(rows: Sequence[Utterance]) -> list[Finding]:
    """Spellings of speakers, dialogues and labels; labels that mean nothing or are numbers; hidden characters."""
    # Where a row has no speaker or no dialogue, its id stands for it: ids are compared as they are.
    speakers = spellings(row.speaker for row in rows if row.speaker != row.dialogue)
    dialogues = spellings(row.dialogue for row in rows if row.dialogue != row.utterance)
    labels = Counter(row.label for row in rows if row.label)
    bare = {label: "".join(label.casefold().split()).strip("()[]<>'\"") for label in labels}
    nothing = [listed(Counter({label: count})) for label, count in labels.items() if bare[label] in _NOTHING]
    names = dict.fromkeys((column, getattr(row, column)) for row in rows for column in NAMED)
    hidden = [f"{column} {quoted(name)}" for column, name in names if not is_printable(name)]
    return findings(
        (HIDDEN, hidden),
        (SPEAKERS, list(map(listed, speakers))),
        (DIALOGUES, list(map(listed, dialogues))),
        (LABELS, list(map(listed, spellings(row.label for row in rows if row.label)))),
        (MISSING, nothing),
        *_number_findings(labels),
    )


def class_findings(counts: Mapping[str, Mapping[str, int]]) -> list[Finding]:
    """What cannot be learned, chosen or scored, by split -> class -> utterances.

    All classes are in each split; splits whose labels are hidden are left out.
    """
    labels = list(dict.fromkeys(label for numbers in counts.values() for label in numbers))
    train = counts.get("train", {})
    trained = Counter({label: count for label, count in train.items() if count})
    found = [(UNTRAINED, [_where(label, counts) for label in train if label not in trained])]
    for split, kind in (("validation", UNCHOSEN), ("test", UNTESTED)):
        absent = [label for label, count in counts.get(split, {}).items() if not count]
        # A class that is nowhere is named once, above.
        found.append((kind, [_where(label, counts) for label in absent if _where(label, counts) != quoted(label)]))
    found.append((ONE_CLASS, [listed(trained)] if len(trained) == 1 else []))
    few = [(label, _where(label, counts, most=_FEW)) for label in labels]
    return findings(*found, (FEW, [place for label, place in few if place != quoted(label)]))


def split_findings(rows: Sequence[Utterance], labels: Sequence[str]) -> list[Finding]:
    """`class_findings` of rows that have splits and one of these labels, and who speaks in validation."""
    numbers = Counter((row.split, row.label) for row in rows)
    counts = {split: {label: numbers[split, label] for label in labels} for split in SPLITS}
    speaking = people(rows)
    chosen = {who: row.speaker for row, who in zip(rows, speaking, strict=True) if row.split == "validation"}
    alone = len(chosen) == 1 and len(set(speaking)) > 1
    return [*class_findings(counts), *findings((ONE_SPEAKER, list(map(quoted, chosen.values())) if alone else []))]


def order_findings(rows: Sequence[Utterance]) -> list[Finding]:
    """Dialogues whose turns run against the start times within a medium; the rows are in the order of the turns."""
    tracks: defaultdict[tuple[str, str, str], list[Utterance]] = defaultdict(list)
    for row in rows:
        tracks[row.dialogue, row.audio, row.video].append(row)
    back = [second.dialogue for turns in tracks.values() for one, second in pairwise(turns) if second.start < one.start]
    return findings((ORDER, [quoted(name) for name in dict.fromkeys(back)]))


def row_findings(rows: Sequence[Utterance]) -> list[Finding]:
    """Utterances with the same part of a recording, people who talk twice at once, people with several genders."""
    spans = Counter((row.audio or row.video, row.side, row.start, row.end) for row in rows if row.audio or row.video)
    genders: defaultdict[str, Counter[str]] = defaultdict(Counter)
    names: dict[str, str] = {}
    for row, who in zip(rows, people(rows), strict=True):
        names.setdefault(who, row.speaker)
        if row.gender:
            genders[who][row.gender.casefold()] += 1
    twice = [f"{name} {one:g} to {end:g} s ({n})" for (name, _, one, end), n in spans.items() if n > 1]
    several = [f"{quoted(names[who])}: {listed(counts)}" for who, counts in genders.items() if len(counts) > 1]
    return findings((SPANS, twice), (TWICE_AT_ONCE, overlaps(rows)), (GENDERS, several))


def overlaps(rows: Sequence[Utterance]) -> list[str]:
    """Pairs of utterances of one speaker in one dialogue and recording whose times overlap."""
    tracks: defaultdict[tuple[str, ...], list[Utterance]] = defaultdict(list)
    for row, who in zip(rows, people(rows), strict=True):
        if row.speaker != row.dialogue:  # else nobody says who speaks
            tracks[row.dialogue, who, row.audio, row.video].append(row)
    found = []
    for (*_, audio, video), turns in tracks.items():
        if not (audio or video) and len({row.start for row in turns}) == 1:
            continue  # a table of texts without times
        last, *others = sorted(turns, key=lambda row: row.start)
        for row in others:
            if row.start < last.end - _TOUCH:
                spans = (f"{one.utterance} ({one.start:g} to {one.end:g} s)" for one in (last, row))
                found.append(" and ".join(spans))
            last = max(last, row, key=lambda row: row.end)
    return found


def modality_findings(rows: Sequence[Utterance]) -> list[Finding]:
    """Columns that are empty in all rows."""
    return findings((ABSENT, [name for name in ("audio", "video", "text") if not _has(rows, name)]))


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


def _number_findings(labels: Counter[str]) -> list[Finding]:
    """Whole numbers may be codes of classes, if they are few and come again; others are scores."""
    numbers = Counter({label: count for label, count in labels.items() if _number(label) is not None})
    if 2 * numbers.total() < labels.total() or len(numbers) < 2:
        return []
    whole = all((_number(label) or 0.0).is_integer() for label in numbers)
    rare = len(numbers) > 6 and 2 * len(numbers) > numbers.total()
    kind = CODES if whole and not rare and len(numbers) <= _CODES else NUMBERS
    some = ", ".join([*map(quoted, list(numbers)[:_SHOWN]), *["..."][: len(numbers) - _SHOWN]])
    return [Finding(kind, [f"{len(numbers)} different ones in {numbers.total()} rows ({some})"])]


def _number(label: str) -> float | None:
    try:
        value = float(label.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _where(label: str, counts: Mapping[str, Mapping[str, int]], *, most: float = math.inf) -> str:
    """The class, and the splits that have some of it but no more than `most`, e.g. `'rare' (test 4)`."""
    numbers = {split: counts.get(split, {}).get(label, 0) for split in SPLITS}
    some = [f"{split} {count}" for split, count in numbers.items() if 0 < count <= most]
    return quoted(label) + (f" ({', '.join(some)})" if some else "")
