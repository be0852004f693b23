"""What a corpus holds beside what its release is known to hold: the lines of the doctor's table."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from emotion.corpus import expected
from emotion.corpus.reading import Reading
from emotion.corpus.utterance import SPLITS, Utterance


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
    """The lines of the table.

    Args:
        reading: the corpus.
        rows: its utterances, with their splits where it has any.
        corpus: its name.
        split: name of the split, for what is known of it.
        label_rule: of IEMOCAP.
    """
    release = corpus == "iemocap"
    if reading.codes:
        yield Line("rated utterances", _n(sum(reading.codes.values())), _n(_total(expected.IEMOCAP_CODES), release))
        codes = expected.IEMOCAP_CODES if release else {}
        for code in [*codes, *sorted(reading.codes.keys() - codes.keys())]:
            yield Line(f"  label {code}", _n(reading.codes.get(code, 0)), _n(codes.get(code, 0), release))
    if release:
        sessions = Counter(f"Session{int(name[3:5])}" for name in {row.dialogue for row in rows})
        for name, number in expected.IEMOCAP_DIALOGUES.items():
            yield Line(f"dialogues of {name}", _n(sessions[name]), _n(number))
    yield from _split_lines(rows, expected.split_counts(corpus, split, label_rule))
    yield from _label_lines(reading, rows, _label_counts(corpus, split, label_rule))
    lengths = sorted(row.end - row.start for row in rows)
    yield Line("speakers", _n(len({row.speaker for row in rows})), _n(10, release))
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
        yield Line(f"{name or 'all'}: utterances", _n(utterances[name]), "" if number is None else _n(number))
        yield Line(f"{name or 'all'}: dialogues", _n(dialogues[name]), " or ".join(map(_n, numbers)))


def _label_counts(corpus: str, split: str, label_rule: str) -> Mapping[tuple[str, ...], Mapping[str, int]]:
    if corpus == "meld":
        return {(name,): counts for name, counts in expected.MELD_LABELS.items()}
    if corpus == "iemocap":
        return expected.iemocap_labels(split, label_rule)
    return {(name,): {} for name in SPLITS}


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


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _n(number: int, known: bool = True) -> str:
    return str(number) if known else ""
