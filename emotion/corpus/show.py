"""The doctor's report for people: a table, then every deviation with its remedy. Nothing of a corpus is markup."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from emotion.core.text import counted, printable, shortened
from emotion.corpus.check import Finding, Report

_SHOWN = {"error": 5, "warning": 5, "fact": 2}  # places named per finding; the JSON has all
_LONG = 500  # characters of a place
_STYLES = {"error": "bold red", "warning": "yellow", "fact": "dim"}


def show_report(report: Report, console: Console) -> None:
    """Print the table, the findings and the verdict."""
    if report.lines:
        console.print(_table(report))
    for finding in report.findings:
        console.print(_finding(finding, report.root), soft_wrap=True)
    errors, warnings = report.count("error"), report.count("warning")
    verdict = f"{report.corpus} in {report.root}: {counted(errors, 'errors')}, {counted(warnings, 'warnings')}"
    verdict += "; correct the errors and check again" if errors else f"; next: dvc exp run -S corpus={report.corpus}"
    console.print(Text(printable(verdict)), soft_wrap=True)


def _table(report: Report) -> Table:
    table = Table("", "found", "expected", title=f"Corpus {report.corpus}", title_justify="left")
    for line in report.lines:
        mark = "" if line.good else " <-"
        found = Text(printable(line.found) + mark, "" if line.good else "bold red")
        # What is said of a line is a label of the corpus, which may be long.
        table.add_row(Text(_cut(line.what)), found, Text(line.expected))
    return table


def _cut(what: str) -> str:
    """The line with its indent."""
    inside = what.lstrip()
    return what[: len(what) - len(inside)] + shortened(inside)


def _finding(finding: Finding, root: str) -> Text:
    count = f"{finding.count} " if finding.places else ""
    limit = _SHOWN[finding.level]
    places = ""
    if finding.places:
        more = len(finding.places) - limit
        shown = "; ".join(shortened(place.replace(f"{root}/", ""), most=_LONG) for place in finding.places[:limit])
        places = f": {shown}" + (f"; and {more} more" if more > 0 else "")
    text = Text(f"{finding.level:<8}", _STYLES[finding.level])
    what, remedy = printable(f"{count}{finding.what}"), printable(finding.remedy)
    return text.append(f"{what}{places}", "default").append(f"\n        {remedy}", "default")
