"""The corpus doctor: what was found against what is expected, every deviation with its remedy.

Decoding is done by a function that is handed in, because media are read in a room above this one.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from emotion.core.errors import EmotionError
from emotion.core.text import is_printable
from emotion.corpus.decoded import Decode, examine
from emotion.corpus.decoding import AUTO
from emotion.corpus.index import findings as findings_of
from emotion.corpus.index import read_corpus, split_utterances
from emotion.corpus.quirks import quirks
from emotion.corpus.reading import Reading
from emotion.corpus.sense import ERRORS, split_findings
from emotion.corpus.splits import check_leaks
from emotion.corpus.tally import Line, tally
from emotion.corpus.utterance import Utterance

INCOMPLETE = (
    "a part of the corpus is missing, damaged or of another version: what is named beside this says which; unpack that "
    "part of the release"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of deviation: level (fact, warning, error), what and how many, places, what to do."""

    level: str
    what: str
    count: int
    places: Sequence[str]
    remedy: str


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
        text = json.dumps({**about, **counts, "table": lines, "findings": findings}, indent=2, ensure_ascii=False)
        # Nothing of a corpus goes out raw, to machines neither: JSON has its own escape for every character.
        return "\n".join(line if is_printable(line) else _escaped(line) for line in text.split("\n"))


def _escaped(line: str) -> str:
    return "".join(char if is_printable(char) else json.dumps(char)[1:-1] for char in line)


def check_corpus(
    *,
    corpus: str,
    root: Path,
    label_rule: str,
    split: str,
    allow_speaker_overlap: bool,
    decode: Decode | None,
    workers: int,
    encoding: str = AUTO,
) -> Report:
    """Examine a corpus; whatever is wrong with it becomes a finding.

    Args:
        corpus: see `index_corpus`, as for the next four.
        root: the corpus's folder.
        label_rule: of IEMOCAP.
        split: of which the counts are shown.
        allow_speaker_overlap: a speaker in test and training is then no error.
        decode: reads a whole media file and says what it is, see `examine`. None = media are not decoded.
        workers: processes that decode.
        encoding: of a table, see `emotion.corpus.decoding.table_text`.

    Returns:
        The table and the findings, errors first.
    """
    report = Report(corpus, str(root))
    try:
        reading = read_corpus(corpus=corpus, root=root, label_rule=label_rule, encoding=encoding)
    except EmotionError as error:
        report.findings.append(_refusal("the corpus cannot be read", error))
        return report
    found = [*reading.notes.items(), *quirks(reading, corpus=corpus, root=root)]
    found += findings_of(reading.utterances, corpus=corpus)
    rows, leak = _split(reading, corpus=corpus, split=split, allow_speaker_overlap=allow_speaker_overlap)
    name = "paper" if split == "corpus" and corpus != "meld" else split
    report.lines.extend(tally(reading, rows, corpus=corpus, split=name, label_rule=label_rule))
    if rows[0].split and not any(kind in ERRORS for kind, _ in found):
        found += split_findings(rows, reading.labels)
    findings = [Finding(kind.level, kind.name, len(places), list(places), kind.remedy) for kind, places in found]
    findings += leak
    wrong = [f"{line.what.strip()}: {line.found}, expected {line.expected}" for line in report.lines if not line.good]
    if wrong:
        findings.append(
            Finding("error", "counts that differ from the release (<- in the table)", len(wrong), wrong, INCOMPLETE)
        )
    if decode is not None:
        forms, found = examine(rows, root, decode, workers)
        report.lines.extend(Line(f"media: {form}", str(count)) for form, count in sorted(forms.items()))
        findings += [Finding(kind.level, kind.name, len(places), list(places), kind.remedy) for kind, places in found]
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
        what, _, remedy = str(error).partition("; ")
        return rows, [Finding("error", what, 1, [], remedy or "choose another split")]
    return rows, []


def _refusal(what: str, error: EmotionError) -> Finding:
    """An error as a finding: what was found is its place, the rest of the line what to do."""
    place, _, remedy = str(error).partition("; ")
    return Finding("error", what, 1, [place], remedy or "correct that and check again")
