"""The corpus doctor: what was found against what is expected, every deviation with its mend.

Decoding is done by a function that is handed in, because media are read in a room above this one.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from emotion.corpus import expected
from emotion.corpus.index import read_corpus, split_utterances
from emotion.corpus.quirks import quirks
from emotion.corpus.reading import Reading
from emotion.corpus.splits import check_leaks
from emotion.corpus.utterance import SPLITS, Utterance
from emotion.errors import EmotionError, MediaError
from emotion.progress import track

AGAIN = "a part of the corpus is missing, damaged or of another version: copy it again"


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


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of deviation: level (fact, warning, error), what and how many, places, what to do."""

    level: str
    what: str
    count: int
    places: Sequence[str]
    mend: str


@dataclass(frozen=True, slots=True)
class Medium:
    """What decoding a file gave.

    Attributes:
        seconds: length of what was decoded.
        form: e.g. `2 channels, 16000 Hz` or `720x480, 29.97 fps`.
    """

    seconds: float
    form: str


@dataclass(frozen=True)
class Report:
    """What the doctor found."""

    corpus: str
    root: str
    lines: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def count(self, level: str) -> int:
        """Number of findings of a level."""
        return sum(finding.level == level for finding in self.findings)

    def to_json(self) -> str:
        """Everything, for machines."""
        lines = [{**asdict(line), "good": line.good} for line in self.lines]
        findings = [asdict(finding) for finding in self.findings]
        about = {"corpus": self.corpus, "root": self.root}
        counts = {"errors": self.count("error"), "warnings": self.count("warning")}
        return json.dumps({**about, **counts, "table": lines, "findings": findings}, indent=2, ensure_ascii=False)


def check_corpus(
    *,
    corpus: str,
    root: Path,
    label_rule: str,
    split: str,
    allow_speaker_overlap: bool,
    decode: Callable[[Path], Medium] | None,
    workers: int,
) -> Report:
    """Examine a corpus; whatever is wrong with it becomes a finding.

    Args:
        corpus: see `index_corpus`, as for the next four.
        root: the corpus's folder.
        label_rule: of IEMOCAP.
        split: of which the counts are shown.
        allow_speaker_overlap: a speaker in test and training is then no error.
        decode: reads a whole media file and says what it is; raises MediaError. None = media are not decoded.
        workers: threads that decode.

    Returns:
        The table and the findings, errors first.
    """
    report = Report(corpus, str(root))
    try:
        reading = read_corpus(corpus=corpus, root=root, label_rule=label_rule)
    except EmotionError as error:
        report.findings.append(Finding("error", "the corpus cannot be read", 1, [str(error)], "see there"))
        return report
    findings = [
        Finding(kind.level, kind.name, len(places), list(places), kind.mend) for kind, places in reading.notes.items()
    ]
    findings += [
        Finding(kind.level, kind.name, len(places), list(places), kind.mend)
        for kind, places in quirks(reading, corpus=corpus, root=root)
    ]
    rows, leak = _split(reading, corpus=corpus, split=split, allow_speaker_overlap=allow_speaker_overlap)
    name = "paper" if split == "corpus" and corpus != "meld" else split
    report.lines.extend(_lines(reading, rows, corpus=corpus, split=name, label_rule=label_rule))
    findings += leak
    wrong = [f"{line.what.strip()}: {line.found}, expected {line.expected}" for line in report.lines if not line.good]
    if wrong:
        findings.append(
            Finding("error", "counts that differ from the release (<- in the table)", len(wrong), wrong, AGAIN)
        )
    if decode is not None:
        forms, broken = _examine(rows, root, decode, workers)
        report.lines.extend(Line(f"media: {form}", str(count)) for form, count in sorted(forms.items()))
        findings += broken
    report.findings.extend(sorted(findings, key=lambda finding: ("error", "warning", "fact").index(finding.level)))
    return report


def _split(
    reading: Reading, *, corpus: str, split: str, allow_speaker_overlap: bool
) -> tuple[list[Utterance], list[Finding]]:
    """The utterances with their splits, and what is wrong with these."""
    rows = reading.utterances
    try:
        rows = split_utterances(reading, corpus=corpus, split=split, allow_speaker_overlap=allow_speaker_overlap)
        check_leaks(rows, allow_speaker_overlap=allow_speaker_overlap)
    except EmotionError as error:
        what, _, mend = str(error).partition("; ")
        return rows, [Finding("error", what, 1, [], mend or "choose another split")]
    return rows, []


def _lines(reading: Reading, rows: Sequence[Utterance], *, corpus: str, split: str, label_rule: str) -> Iterator[Line]:
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


def _examine(
    rows: Sequence[Utterance], root: Path, decode: Callable[[Path], Medium], workers: int
) -> tuple[Counter[str], list[Finding]]:
    """Decode every media file once; forms that were met, and what is wrong."""
    users: defaultdict[str, list[Utterance]] = defaultdict(list)
    for row in rows:
        for name in {row.audio, row.video} - {""}:
            users[name].append(row)

    def one(name: str) -> Medium | str:
        try:
            return decode(root / name)
        except MediaError as error:
            return str(error)

    forms: Counter[str] = Counter()
    broken: list[str] = []
    short: list[str] = []
    with ThreadPoolExecutor(workers) as pool:
        results = track(pool.map(one, users), total=len(users), title="decode", unit="files")
        for name, medium in zip(users, results, strict=True):
            if isinstance(medium, str):
                broken.append(medium)
                continue
            forms[medium.form] += 1
            over = [row for row in users[name] if row.end > medium.seconds + 0.5]  # s; times in corpora are not exact
            short += [f"{row.utterance} ends at {row.end:.2f} s, {name} at {medium.seconds:.2f} s" for row in over]
    findings = [
        Finding("error", "media files that cannot be decoded to their end", len(broken), broken, "copy them again"),
        Finding("error", "utterances that end after their file", len(short), short, "copy the file again"),
    ]
    return forms, [finding for finding in findings if finding.count]


def _total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _n(number: int, known: bool = True) -> str:
    return str(number) if known else ""
