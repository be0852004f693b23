"""docs/results/<study>.md: commands, tables without the notes that docs/results.md has, pictures, time of a study."""

import csv
import json
import re
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.sections import Section
from benchmarks.speed_page import machine
from emotion.study import notes

PICTURES = (("study", "Means and intervals"), ("reliability", "Reliability"), ("missing", "Missing modalities"))
UP = "../.."  # from docs/results/ to the project's folder


def study_page(root: Path, section: Section, measured: Mapping[str, Any] | None) -> str:
    """The Markdown page.

    Args:
        root: the project's folder.
        section: the study.
        measured: its wall time and machine, from benchmarks/results.json.
    """
    folder = root / section.folder
    lines = [
        f"# {section.title}",
        "",
        "[All results](../results.md) | [How to read the tables](../results.md#how-to-read-the-tables)",
        "",
        section.about.format(features=_features(folder)),
        "",
        *(f"    {command}" for command in section.commands),
        "",
        *_older(folder),
        _tables(folder, section),
    ]
    for name, title in PICTURES:
        if (folder / f"{name}.png").is_file():
            lines += ["", f"![{title}]({UP}/{section.folder.as_posix()}/{name}.png)"]
    return "\n".join([*lines, "", *_time(folder / "runs.csv", section, measured)]) + "\n"


def summary(folder: Path) -> dict[str, Any]:
    """study.json; {} where there is none."""
    path = folder / "study.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def folders(folder: Path) -> dict[str, Path]:
    """Protocol -> the folder of its own study; '' where the study is of one protocol."""
    several = summary(folder).get("protocols", {})
    return {name: folder / name for name in several} or {"": folder}


def older(folder: Path) -> bool:
    """Whether a study was run before study.json said what its intervals are over and what it shares with training."""
    known = summary(folder)
    return "interval" not in known or not ("shared" in known or "protocols" in known)


def scored(folder: Path) -> tuple[int, int]:
    """How many utterances in how many dialogues are scored, as study.md says."""
    split = "all" if summary(folder).get("folds") else summary(folder).get("scored", "test")
    text = (folder / "study.md").read_text(encoding="utf-8")
    found = re.search(rf"\b{split} (\d+) utterances in (\d+) dialogues", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def times(folder: Path) -> dict[str, list[float]]:
    """Model -> seconds of each of its runs."""
    found: dict[str, list[float]] = {}
    for own in folders(folder).values():
        for row in rows(own / "runs.csv"):
            found.setdefault(row["model"], []).append(float(row["seconds"]))
    return found


def rows(path: Path) -> list[dict[str, str]]:
    """Of a CSV file; [] where there is none."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _features(folder: Path) -> str:
    """` (audio 55-d, text 384-d)`."""
    known = summary(folder).get("features", {})
    return f" ({', '.join(f'{name} {size}-d' for name, size in known.items())})" if known else ""


def _older(folder: Path) -> list[str]:
    if not older(folder):
        return []
    return ["Older than [today's rules](../results.md#how-to-read-the-tables) for intervals and p-values.", ""]


def _tables(folder: Path, section: Section) -> str:
    """study.md without its title and without the notes; why a score rises is added where one does."""
    text = re.sub(r"^# .*\n+", "", (folder / "study.md").read_text(encoding="utf-8"))
    head, *parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    shown = [head.strip(), *(_without_note(part) for part in parts)]
    lost = rows(folder / "missing.csv")
    why = notes.missing(lost, utterances=scored(folder)[0]) if lost else ""
    for place, part in enumerate(shown):
        if why and part.startswith("## Missing modalities\n"):
            shown[place] = "\n\n".join([part, f"{why} {section.hidden}".strip()])
    return "\n\n".join(shown)


def _without_note(part: str) -> str:
    """A section of study.md, less what stands under its last table where that is a note of `notes`."""
    paragraphs = part.strip().split("\n\n")
    if paragraphs[0].removeprefix("## ") not in (*notes.UNDER, *notes.UNDER_SEVERAL):
        return "\n\n".join(paragraphs)
    last = max((place for place, text in enumerate(paragraphs) if text.startswith("|")), default=len(paragraphs))
    return "\n\n".join(paragraphs[: last + 1])


def _time(path: Path, section: Section, measured: Mapping[str, Any] | None) -> list[str]:
    """Mean training time of a model's runs, and the whole study's where it was measured."""
    found = times(path.parent)
    lines = ["## Time", ""]
    if found:
        total = sum(sum(values) for values in found.values())
        lines += ["One core per run.", "", "| model | runs | seconds per run |", "| --- | ---: | ---: |"]
        lines += [f"| {name} | {len(values)} | {statistics.mean(values):.1f} |" for name, values in found.items()]
        lines += ["", f"All runs together: {total / 60:.0f} core minutes."]
    if measured is None:
        return [*lines, f"On which machine is not recorded; `python -m benchmarks.studies {section.name}` does so."]
    return [
        *lines,
        f"Wall time of the last command, in which {measured['runs']} of {measured['of']} runs were trained: "
        f"{measured['seconds'] / 60:.0f} minutes. {machine('Machine', measured)}",
    ]
