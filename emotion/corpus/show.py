"""The doctor's report for people: a table, then every deviation with its mend."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from emotion.corpus.check import Finding, Report

_SHOWN = {"error": 5, "warning": 5, "fact": 2}  # places named per finding; the JSON has all
_STYLES = {"error": "bold red", "warning": "yellow", "fact": "dim"}


def show_report(report: Report, console: Console) -> None:
    """Print the table, the findings and the verdict."""
    if report.lines:
        console.print(_table(report))
    for finding in report.findings:
        console.print(_finding(finding, report.root), soft_wrap=True)
    errors, warnings = report.count("error"), report.count("warning")
    console.print(f"{report.corpus} in {report.root}: {errors} errors, {warnings} warnings", soft_wrap=True)


def _table(report: Report) -> Table:
    table = Table("", "found", "expected", title=f"Corpus {report.corpus}", title_justify="left")
    for line in report.lines:
        mark = "" if line.good else " <-"
        table.add_row(line.what, Text(line.found + mark, "" if line.good else "bold red"), line.expected)
    return table


def _finding(finding: Finding, root: str) -> Text:
    count = f"{finding.count} " if finding.places else ""
    limit = _SHOWN[finding.level]
    places = ""
    if finding.places:
        more = len(finding.places) - limit
        shown = "; ".join(finding.places[:limit]).replace(f"{root}/", "")
        places = f": {shown}" + (f"; and {more} more" if more > 0 else "")
    text = Text(f"{finding.level:<8}", _STYLES[finding.level])
    return text.append(f"{count}{finding.what}{places}", "default").append(f"\n        {finding.mend}", "default")
