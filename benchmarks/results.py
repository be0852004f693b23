"""Write docs/results.md from the tables that `emotion study` left behind; studies that were not run are left out.

    python -m benchmarks.results

Each study is run with the commands that its section names; `python -m benchmarks.studies NAME` runs the last of them
and notes machine and wall time. Nothing here trains or scores.
"""

import csv
import json
import re
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.record import read

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "results.md"
TRIED = Path("docs/tried.md")
MODELS = "fusion,speaker_fusion,bc_lstm,cmn,cnn,mdre,bilstm_cnn,dialogue_transformer"
TIMED = ("fusion", "bc_lstm", "cmn", "cnn")  # the study whose time has a target: 10 seeds each, on two cores
IMPORTED = "ln -s /path/to/your.pkl benchmarks/iemocap_features/features.pkl"


@dataclass(frozen=True)
class Section:
    """A study: its name, title, the folder of its tables, what is said about it, and the commands that make them.

    `{features}` in the text stands for the modalities and their dimensions.
    """

    name: str
    title: str
    folder: Path
    about: str
    commands: tuple[str, ...]


SECTIONS = (
    Section(
        "sessions",
        "Imported IEMOCAP features, one session held out at a time",
        Path("benchmarks/iemocap_features/sessions"),
        "Features that others extracted{features}. The final figure. The settings of `fusion` were chosen on the 12 "
        "validation dialogues of the cosmic split, and each of these is scored here once, as part of its held-out "
        "session. Those of `speaker_fusion` began the same way; MixStyle and the number of units (`unseen_speakers/`) "
        "were chosen by training on two sessions and scoring a third, the fourth left alone: whichever is left alone, "
        "both help, so the choice for a session does not rest on its own labels. Its six members, two more than "
        "elsewhere, are not tuned. Every other model keeps its published settings, or ours, not tuned.",
        (IMPORTED, "(cd benchmarks/iemocap_features && dvc repro sessions)"),
    ),
    Section(
        "validation",
        "Imported IEMOCAP features, validation dialogues of the cosmic split",
        Path("benchmarks/iemocap_features/study"),
        "The same features{features}. Settings of `fusion` and `speaker_fusion`, and every run's epoch, were chosen on "
        "the very dialogues that are scored.",
        (IMPORTED, "(cd benchmarks/iemocap_features && dvc repro study)"),
    ),
    Section(
        "parts",
        "Imported IEMOCAP features, parts taken away",
        Path("benchmarks/iemocap_features/parts"),
        "As before{features}, with fewer seeds.",
        (IMPORTED, "(cd benchmarks/iemocap_features && dvc repro parts)"),
    ),
    Section(
        "synthetic",
        "The generated corpus",
        Path("benchmarks/synthetic_study"),
        "Features extracted by the pipeline here{features}; the encoders were fitted once, on the training split. It "
        "shows that everything works and says nothing about real people.",
        (
            "dvc repro",
            "emotion index --corpus synthetic --root data/raw/synthetic --out .cache/raters/index.csv "
            "--annotators .cache/raters/annotators.csv",
            f"emotion study --features data --out benchmarks/synthetic_study --models {MODELS} --seeds 3 --missing "
            "--ablate modalities,attention,residual,context,speakers,members --ablate-models fusion,speaker_fusion "
            "--annotators .cache/raters/annotators.csv",
        ),
    ),
)


def document(root: Path, sections: tuple[Section, ...], measured: dict[str, Any]) -> str:
    """The Markdown page.

    Args:
        root: the project's folder.
        sections: the studies.
        measured: benchmarks/results.json.
    """
    found = finished(root, sections)
    lines = [
        "# Results",
        "",
        "Written by `python -m benchmarks.results` from the tables of `emotion study`; every section names the",
        "commands that made it, as typed in the project's folder.",
        "",
        "In all of them a run's epoch is the one with the best weighted F1 on its validation dialogues, and test",
        "labels are read after the last run.",
    ]
    for section in found:
        lines += ["", *_section(root, section, measured.get(f"study_{section.name}"))]
    if (root / TRIED).is_file():
        lines += ["", "## What was tried for `speaker_fusion`", "", _body((root / TRIED).read_text(encoding="utf-8"))]
    lines += _speed(root, sections, measured)
    for section in sections:
        if section not in found:
            lines += ["", f"Not run here: {section.title[0].lower()}{section.title[1:]}."]
    return "\n".join(lines) + "\n"


def finished(root: Path, sections: tuple[Section, ...]) -> list[Section]:
    """Those whose tables are there."""
    return [section for section in sections if (root / section.folder / "study.md").is_file()]


def _section(root: Path, section: Section, measured: dict[str, Any] | None) -> list[str]:
    folder = root / section.folder
    lines = [
        f"## {section.title}",
        "",
        section.about.format(features=_features(folder / "study.json")),
        "",
        *(f"    {command}" for command in section.commands),
        "",
        _body((folder / "study.md").read_text(encoding="utf-8")),
    ]
    for name, title in (("study", "Means and intervals"), ("reliability", "Reliability"), ("missing", "Missing")):
        if (folder / f"{name}.png").is_file():
            lines += ["", f"![{title}](../{section.folder.as_posix()}/{name}.png)"]
    return [*lines, "", *_time(folder / "runs.csv", section, measured)]


def _body(text: str) -> str:
    """A page without its title, one level down."""
    return re.sub(r"^(?=##+ )", "#", re.sub(r"^# .*\n+", "", text), flags=re.MULTILINE).strip()


def _features(path: Path) -> str:
    """` (audio 55-d, text 384-d)`."""
    known = json.loads(path.read_text(encoding="utf-8"))["features"] if path.is_file() else {}
    return f" ({', '.join(f'{name} {size}-d' for name, size in known.items())})" if known else ""


def _times(path: Path) -> dict[str, list[float]]:
    """Model -> seconds of each of its runs."""
    if not path.is_file():
        return {}
    times: dict[str, list[float]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            times.setdefault(row["model"], []).append(float(row["seconds"]))
    return times


def _time(path: Path, section: Section, measured: dict[str, Any] | None) -> list[str]:
    """Mean training time of a model's runs, and the whole study's where it was measured."""
    times = _times(path)
    lines = ["### Time", ""]
    if times:
        total = sum(sum(values) for values in times.values())
        lines += ["One core per run.", "", "| model | runs | seconds per run |", "| --- | ---: | ---: |"]
        lines += [f"| {name} | {len(values)} | {statistics.mean(values):.1f} |" for name, values in times.items()]
        lines += ["", f"All runs together: {total / 60:.0f} core minutes."]
    if measured is None:
        return [*lines, f"On which machine is not recorded; `python -m benchmarks.studies {section.name}` does so."]
    return [
        *lines,
        f"Wall time of the last command, in which {measured['runs']} of {measured['of']} runs were trained: "
        f"{measured['seconds'] / 60:.0f} minutes. {_machine('Machine', measured)}",
    ]


def _machine(title: str, measured: dict[str, Any]) -> str:
    known = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in measured["machine"].items())
    return f"{title}: {known}."


def _speed(root: Path, sections: tuple[Section, ...], measured: dict[str, Any]) -> list[str]:
    """Measured figures beside their targets."""
    found, machines = [], []
    for area, name, most in (("CPU", "fusion", 20), ("GPU", "fusion_gpu", 5)):
        if name in measured:
            found += _fusion(area, measured[name], most)
            machines += ["", _machine(area, measured[name])]
        else:
            machines += ["", f"{area}: not measured; the target there is 60 epochs of `fusion` in {most} s."]
    for section in sections:
        times = _times(root / section.folder / "runs.csv") if section.name == "validation" else {}
        seconds = [second for name in TIMED for second in times.get(name, [])[:10]]
        if len(seconds) == 10 * len(TIMED):
            what = f"study of {', '.join(TIMED)}, 10 seeds each: sum of the runs' seconds, over two cores"
            found.append(Figure("study", what, sum(seconds) / 120, "minutes", most=20))
    if not found:
        return []
    head = ["", "## Speed", "", "    python -m benchmarks.fusion", "", "| | what | measured | target | |"]
    rows = ["| " + " | ".join(figure.shown()) + " |" for figure in found]
    return [*head, "| --- | --- | ---: | ---: | --- |", *rows, *machines]


def _fusion(area: str, found: dict[str, Any], most: float) -> list[Figure]:
    size = f"{found['epochs']} epochs of `fusion`, {found['utterances']} utterances, {found['features']}-d"
    figures = [
        Figure(area, f"{size}, fastest of {found['runs']} runs", found["fastest_seconds"], "s", most=most),
        Figure(area, "the same, median", found["seconds"], "s"),
        Figure(area, "an epoch, with validation", found["seconds_per_epoch"], "s"),
        *_bare(area, found, "packed", "which computes the same states"),
        *_bare(area, found, "padded", "where the backward direction reads the padding first"),
    ]
    reference = "DialogueRNN's reference code"
    if "seconds_per_epoch_dialoguernn" in found:
        other = found["seconds_per_epoch_dialoguernn"]
        times = other / found["seconds_per_epoch"]
        figures.append(Figure(area, f"an epoch of {reference}", other, "s"))
        figures.append(Figure(area, f"times as fast as {reference}", times, "x", least=10))
    elif area == "CPU":
        what = f"times as fast as {reference}, taken to need 20 s per epoch (not measured here)"
        figures.append(Figure(area, what, found["times_faster_than_20_s_per_epoch"], "x", least=10))
    return figures


def _bare(area: str, found: dict[str, Any], kind: str, about: str) -> list[Figure]:
    loop = f"a bare loop over `nn.LSTM` on {kind} sequences"
    return [
        Figure(area, f"an epoch of {loop}, {about}", found[f"seconds_per_epoch_{kind}_lstm"], "s"),
        Figure(area, f"ratio to {loop}, median of turns", found[f"ratio_to_{kind}_lstm"], "x", most=1),
    ]


def main() -> None:
    """Write the page, where there is a study to write about."""
    name = DOCUMENT.relative_to(ROOT)
    if not finished(ROOT, SECTIONS):
        sys.stderr.write(f"{name}: left as it is, no study was run here (python -m benchmarks.studies runs one)\n")
        return
    DOCUMENT.write_text(document(ROOT, SECTIONS, read()), encoding="utf-8")
    sys.stderr.write(f"written to {name}\n")


if __name__ == "__main__":
    main()
