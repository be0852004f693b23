"""The corpus doctor: what was found against what is expected, every deviation with its remedy, and how it is shown.

Decoding is done by a function that is handed in, because media are read in a room above this one.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from emotion.core.errors import EmotionError
from emotion.core.text import counted, is_printable, printable, shortened
from emotion.corpus import sense, shared
from emotion.corpus.decoded import Decode, examine, media_of
from emotion.corpus.decoding import AUTO
from emotion.corpus.index import findings_of, read_corpus, split_utterances
from emotion.corpus.quirks import quirks
from emotion.corpus.reading import LEVELS, Finding, Kind, findings
from emotion.corpus.splits import check_leaks
from emotion.corpus.tally import Line, tally

DIFFERENT = Kind.error(
    "count{s} that {differs|differ} from the release (<- in the table)",
    "a part of the corpus is missing, damaged or of another version: what is named beside this says which; unpack that "
    "part of the release",
)
_SHOWN = {"error": 5, "warning": 5, "fact": 2}  # places named per finding; the JSON has all
_LONG = 500  # characters of a place
_STYLES = {"error": "bold red", "warning": "yellow", "fact": "dim"}


@dataclass
class Report:
    """What the doctor found."""

    corpus: str  # its name
    root: str  # its folder
    lines: list[Line] = field(default_factory=list)  # of the table
    findings: list[Finding] = field(default_factory=list)  # errors first; one without a place stands for itself
    unopened: int = 0  # media files that were not decoded

    def count(self, level: str) -> int:
        """Number of findings of a level."""
        return sum(kind.level == level for kind, _ in self.findings)

    def to_json(self) -> str:
        """Everything, for machines."""
        found = [
            {"level": kind.level, "what": kind.name, "count": len(places) or 1, "places": places, "remedy": kind.remedy}
            for kind, places in self.findings
        ]
        lines = [{**asdict(line), "good": line.good} for line in self.lines]
        counts = {"errors": self.count("error"), "warnings": self.count("warning")}
        about = {"corpus": self.corpus, "root": self.root, **counts, "table": lines, "findings": found}
        text = json.dumps(about, indent=2, ensure_ascii=False)
        # Nothing of a corpus goes out raw, to machines neither: JSON has its own escape for every character.
        return "".join(char if char == "\n" or is_printable(char) else json.dumps(char)[1:-1] for char in text)


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
    ambiguous: bool = False,
) -> Report:
    """Examine a corpus; whatever is wrong with it becomes a finding. For most arguments see `index_corpus`.

    `decode` reads a whole media file and says what it is, in so many worker processes; None = media are not decoded.
    """
    report = Report(corpus, str(root))
    try:
        reading = read_corpus(corpus=corpus, root=root, label_rule=label_rule, encoding=encoding, ambiguous=ambiguous)
    except EmotionError as error:
        place, _, remedy = str(error).partition("; ")
        unread = Kind("the corpus cannot be read", "error", remedy or "correct that and check again")
        report.findings.append(Finding(unread, [place]))
        return report
    rows = reading.utterances
    found = [*reading.notes.items(), *quirks(reading, corpus=corpus, root=root), *findings_of(rows, corpus=corpus)]
    leaks = []
    try:
        rows = split_utterances(reading, corpus=corpus, split=split, allow_speaker_overlap=allow_speaker_overlap)
        check_leaks(rows, allow_speaker_overlap=allow_speaker_overlap)
    except EmotionError as error:
        what, _, remedy = str(error).partition("; ")
        leaks.append(Finding(Kind(what, "error", remedy or "choose another split"), []))
    if rows[0].split and not any(kind in sense.ERRORS for kind, _ in found):
        found += sense.split_findings(rows, reading.labels)
    share = shared.of_folds([rows]) if rows[0].split else []
    found += [one for one in shared.shared_findings(share) if one.kind != shared.SPEAKERS or not leaks]
    known = "paper" if split == "corpus" and corpus != "meld" else split
    classed = [row for row in rows if row.label]
    report.lines.extend(tally(reading, classed, corpus=corpus, split=known, label_rule=label_rule))
    if ambiguous:
        report.lines.append(Line("utterances without a majority", str(len(rows) - len(classed))))
    report.lines.extend(shared.lines(share))
    wrong = [f"{line.what.strip()}: {line.found}, expected {line.expected}" for line in report.lines if not line.good]
    found += [*leaks, *findings((DIFFERENT, wrong))]
    if decode is None:
        report.unopened = len({name for row in rows for _, name in media_of(row)})
    else:
        forms, broken = examine(rows, root, decode, workers)
        report.lines.extend(Line(f"media: {form}", str(count)) for form, count in sorted(forms.items()))
        found += broken
    report.findings.extend(sorted(found, key=lambda one: LEVELS.index(one.kind.level)))
    return report


def show_report(report: Report, console: Console) -> None:
    """Print the table, the findings, what was not looked at and the verdict; nothing of a corpus is markup."""
    if report.lines:
        console.print(_table(report))
    for kind, places in report.findings:
        console.print(_finding(kind, [place.replace(f"{report.root}/", "") for place in places]), soft_wrap=True)
    if report.unopened:
        files = counted(report.unopened, "files")
        line = f"sound and video were not opened ({files}, at most their headers); --media decodes each to its end"
        console.print(line, soft_wrap=True)
    errors, warnings = report.count("error"), report.count("warning")
    verdict = f"{report.corpus} in {report.root}: {counted(errors, 'errors')}, {counted(warnings, 'warnings')}"
    verdict += "; correct the errors and check again" if errors else f"; next: dvc exp run -S corpus={report.corpus}"
    console.print(Text(printable(verdict)), soft_wrap=True)


def _table(report: Report) -> Table:
    table = Table("", "found", "expected", title=f"Corpus {report.corpus}", title_justify="left")
    for line in report.lines:
        mark, style = ("", "") if line.good else (" <-", "bold red")
        inside = line.what.lstrip()  # may be a label of the corpus, and long; its indent stays
        what = line.what.removesuffix(inside) + shortened(inside)
        table.add_row(Text(what), Text(printable(line.found) + mark, style), Text(line.expected))
    return table


def _finding(kind: Kind, places: Sequence[str]) -> Text:
    limit = _SHOWN[kind.level]
    shown = [shortened(place, most=_LONG) for place in places[:limit]]
    shown += [f"and {len(places) - limit} more"] if len(places) > limit else []
    line = kind.counted(len(places)) + (f": {'; '.join(shown)}" if shown else "")
    text = Text(f"{kind.level:<8}", _STYLES[kind.level])
    return text.append(f"{line}\n        {printable(kind.remedy)}", "default")
