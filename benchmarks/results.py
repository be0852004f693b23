"""Write docs/results.md from the tables that `emotion study` left behind; studies that were not run are left out.

    python -m benchmarks.results

Each study is run with the command that its section names. Nothing here trains or scores.
"""

import csv
import re
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import describe

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "results.md"
MODELS = "fusion,speaker_fusion,bc_lstm,cmn,cnn,mdre,bilstm_cnn,dialogue_transformer"


@dataclass(frozen=True)
class Section:
    """A study: its title, the folder of its tables, what is said about it, and the commands that make them."""

    title: str
    folder: Path
    about: str
    commands: tuple[str, ...]


SECTIONS = (
    Section(
        "Imported IEMOCAP features, one session held out at a time",
        Path("benchmarks/iemocap_features/sessions"),
        "Features that others extracted (text 384-d, audio 55-d, no visual), sessions 1 to 4. The final figure.",
        ("cd benchmarks/iemocap_features", "dvc repro sessions"),
    ),
    Section(
        "Imported IEMOCAP features, 12 validation dialogues",
        Path("benchmarks/iemocap_features/study"),
        "The same features, trained on 108 dialogues. The file has no test dialogues: recipes and epochs were chosen "
        "on the very dialogues that are scored.",
        ("cd benchmarks/iemocap_features", "dvc repro study"),
    ),
    Section(
        "The generated corpus",
        Path("benchmarks/synthetic_study"),
        "Features extracted by the pipeline here; the encoders were fitted once, on the training split. It shows that "
        "everything works and says nothing about real people.",
        (
            "dvc repro",
            "emotion index --corpus synthetic --root data/raw/synthetic --out .cache/raters/index.csv "
            "--annotators .cache/raters/annotators.csv",
            f"emotion study --features data --out benchmarks/synthetic_study --models {MODELS} --seeds 10 --missing "
            "--ablate modalities,attention,residual,context --annotators .cache/raters/annotators.csv",
        ),
    ),
)


def document(root: Path, sections: tuple[Section, ...]) -> str:
    """The Markdown page."""
    found = [section for section in sections if (root / section.folder / "study.md").is_file()]
    machine = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in describe().items())
    lines = [
        "# Results",
        "",
        "Written by `python -m benchmarks.results` from the tables of `emotion study`; every section names the",
        f"commands that made it. Machine: {machine}.",
        "",
        "In all of them a run's epoch is the one with the best weighted F1 on its validation dialogues, and test",
        "labels are read after the last run.",
    ]
    for section in found:
        lines += ["", *_section(root, section)]
    for section in sections:
        if section not in found:
            lines += ["", f"Not run here: {section.title.lower()}."]
    return "\n".join(lines) + "\n"


def _section(root: Path, section: Section) -> list[str]:
    folder = root / section.folder
    body = (folder / "study.md").read_text(encoding="utf-8")
    body = re.sub(r"^# .*\n+", "", body)  # its title
    body = re.sub(r"^## ", "### ", body, flags=re.MULTILINE).strip()
    lines = [
        f"## {section.title}",
        "",
        section.about,
        "",
        *(f"    {command}" for command in section.commands),
        "",
        body,
    ]
    for name, title in (("study", "Means and intervals"), ("reliability", "Reliability"), ("missing", "Missing")):
        if (folder / f"{name}.png").is_file():
            lines += ["", f"![{title}](../{section.folder.as_posix()}/{name}.png)"]
    return [*lines, "", *_time(folder / "runs.csv")]


def _time(path: Path) -> list[str]:
    """Mean training time of a model's runs."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    times: dict[str, list[float]] = {}
    for row in rows:
        times.setdefault(row["model"], []).append(float(row["seconds"]))
    lines = ["### Time", "", "One core per run.", "", "| model | runs | seconds per run |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {len(values)} | {statistics.mean(values):.1f} |" for name, values in times.items()]
    total = sum(sum(values) for values in times.values())
    return [*lines, "", f"All runs together: {total / 60:.0f} core minutes."]


def main() -> None:
    """Write the page."""
    DOCUMENT.write_text(document(ROOT, SECTIONS), encoding="utf-8")
    sys.stderr.write(f"written to {DOCUMENT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
