"""Write docs/results.md and docs/results/*.md from the tables that `emotion study` left; studies not run are left out.

    python -m benchmarks.results

Each study is run with the commands that its page names; `python -m benchmarks.studies NAME` runs the last of them
and notes machine and wall time. Nothing here trains or scores.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks.plays import known_plays
from benchmarks.record import read
from benchmarks.sections import ROOT, SECTIONS, UNTUNED, Section
from benchmarks.speed_page import speed_page
from benchmarks.study_page import folders, older, rows, scored, study_page, summary, times
from emotion.corpus.shared import told
from emotion.evaluation import paper
from emotion.evaluation.scores import FEWEST
from emotion.study import notes

PAGE = Path("docs/results.md")
FOLDER = Path("docs/results")
TRIED = Path("docs/tried.md")
LOCK = Path("benchmarks/iemocap_features/dvc.lock")
SHA256 = "b511ff3062141dca27915ce2ac6d8dbf8218225f3feb3a425679128c1e605cc2"
HEAD = (
    "study",
    "corpus, protocol",
    "model",
    "members",
    "weighted F1",
    "95 % interval",
    "over",
    "shares with training",
    "who chose its settings",
)


def pages(root: Path, sections: Sequence[Section], measured: Mapping[str, Any]) -> dict[Path, str]:
    """Path of each page, relative to the project's folder -> its Markdown.

    Args:
        root: the project's folder.
        sections: the studies.
        measured: benchmarks/results.json.
    """
    found = finished(root, sections)
    made = {
        FOLDER / f"{section.name}.md": study_page(root, section, measured.get(f"study_{section.name}"))
        for section in found
    }
    timed = [section for section in found if section.name == "validation"]
    speed = speed_page(times(root / timed[0].folder) if timed else {}, measured)
    if speed:
        made[FOLDER / "speed.md"] = speed
    more = [f"- [{_title(text)}](results/{path.name})" for path, text in made.items()]
    if (root / TRIED).is_file():
        more.append(f"- [{_title((root / TRIED).read_text(encoding='utf-8'))}]({TRIED.name})")
    more += [f"- Not run here: {_small(section.title)}." for section in sections if section not in found]
    return {PAGE: _page(root, found, more)} | made


def finished(root: Path, sections: Sequence[Section]) -> list[Section]:
    """Those whose tables are there."""
    return [section for section in sections if (root / section.folder / "study.md").is_file()]


def models(folder: Path) -> list[dict[str, str]]:
    """Rows of study.csv of whole models, without ablations, with their interval as today's rules have it."""
    split = summary(folder).get("scored", "test")
    utterances, dialogues = scored(folder)
    basis = summary(folder).get("interval", {"over": "dialogues", "count": dialogues, "given": dialogues >= FEWEST})
    found = []
    for row in rows(folder / "study.csv"):
        if " " not in row["model"]:  # `fusion on audio` is an ablation
            name = f"{split}_weighted_f1"
            ends = f"{_percent(row[f'{name}_ci_low'])} to {_percent(row[f'{name}_ci_high'])}" if basis["given"] else ""
            found.append(
                {
                    "model": row["model"],
                    "members": row["members"],
                    "score": _percent(row[name]),
                    "deviation": _percent(row[f"{name}_std"]) if row[f"{name}_std"] else "",
                    "interval": ends or f"none: fewer than {FEWEST} {basis['over']}",
                    "over": f"{split}: {utterances} utterances, {basis['count']} {basis['over']}",
                }
            )
    return found


def _page(root: Path, found: Sequence[Section], more: Sequence[str]) -> str:
    table = [HEAD, ["---", "---", "---", "---:", "---:", "---:", "---", "---", "---"]]
    table += [line for section in found for line in _lines(root, section)]
    lines = [
        "# Results",
        "",
        "Written by `python -m benchmarks.results` from the tables of `emotion study`. Every study has a page with its",
        "commands, all its tables and pictures, and the time it took.",
        "",
        *("| " + " | ".join(cells) + " |" for cells in table),
        "",
        *(f"- {sentence}" for sentence in _sentences(root, {section.name: section for section in found})),
        "",
        *_feature_file(root),
        *_how_to_read(any(older(root / section.folder) for section in found)),
        "## Pages",
        "",
        *more,
    ]
    return "\n".join(lines) + "\n"


def _lines(root: Path, section: Section) -> list[list[str]]:
    """Of the summary table."""
    return [
        [
            f"[{section.name}](results/{section.name}.md)",
            f"{section.protocol}; `{protocol}`" if protocol else section.protocol,
            f"`{row['model']}`",
            row["members"],
            f"{row['score']} ± {row['deviation']}" if row["deviation"] else row["score"],
            row["interval"],
            row["over"],
            _shares(folder),
            summary(folder).get("chosen", {}).get(row["model"], section.chosen.get(row["model"], UNTUNED)),
        ]
        for protocol, folder in folders(root / section.folder).items()
        for row in models(folder)
    ]


def _shares(folder: Path) -> str:
    """What the scored split of a study shares with training."""
    known = summary(folder)
    counts = known.get("shared", {}).get(known.get("scored", "test"))
    return told(known["scored"], counts).partition(": ")[2] if counts else "not recorded then"


def _sentences(root: Path, found: Mapping[str, Section]) -> list[str]:
    """What the table says."""
    said = []
    if "sessions" in found:
        said.append(new_speakers(root / found["sessions"].folder))
    if "protocols" in found:
        said.append(known_plays(root / found["protocols"].folder))
    if "validation" in found:
        said.append(
            "The other figures on IEMOCAP are too high for new data: the epoch of every run, and the settings of "
            "`fusion` and `speaker_fusion`, were chosen on the very dialogues that are scored."
        )
    if "parts" in found:
        said.append(_ablations(root / found["parts"].folder))
    if found:
        theirs = next(line.f1[-1] for line in paper.TABLE_2 if line.model == "fusion")
        said.append(
            f"None of these figures compares with the paper's {theirs}, which is of one run, other features and "
            "another test set (session 5)."
        )
    if "synthetic" in found:
        said.append("The generated corpus shows that the pipeline works; it says nothing about real people.")
    return said


def new_speakers(folder: Path) -> str:
    """The sentence on leave-one-session-out."""
    scores = [f"`{row['model']}` {row['score']} ({row['interval']})" for row in models(folder)]
    differences = [
        f"; `{row['model']}` minus `{row['compared_with']}` is {_percent(row['difference'], sign='+')} points "
        f"({_percent(row['difference_ci_low'], sign='+')} to {_percent(row['difference_ci_high'], sign='+')})"
        for row in rows(folder / "study.csv")
        if row["difference"] and " " not in row["model"]
    ]
    return f"On speakers that the models have not heard: {', '.join(scores)}{''.join(differences)}."


def _ablations(folder: Path) -> str:
    """Which parts the dialogues can tell."""
    said = []
    reduced = [row for row in rows(folder / "study.csv") if " " in row["model"]]
    for model in dict.fromkeys(row["compared_with"] for row in reduced):
        mine = [row for row in reduced if row["compared_with"] == model]
        clear = [row["model"].removeprefix(f"{model} ") for row in mine if float(row["bootstrap_p_holm"]) < 0.05]
        which = "all" if len(clear) == len(mine) else f"{len(clear)} ({', '.join(clear)})" if clear else "none"
        said.append(f"{which} of {len(mine)} of `{model}`")
    return f"Of the ablations, these make a difference that the dialogues can show (p < 0.05): {', '.join(said)}."


def _feature_file(root: Path) -> list[str]:
    """What is known of the imported features; the md5 is the one that DVC noted when the studies were run."""
    if not (root / LOCK).is_file():
        return []
    (file,) = (
        dependency
        for dependency in YAML(typ="safe", pure=True).load(root / LOCK)["stages"]["import"]["deps"]
        if dependency["path"].endswith(".pkl")
    )
    return [
        "## The feature file",
        "",
        "The imported IEMOCAP features are a pickle. It holds 5810 utterances in the 120 dialogues of sessions 1 to 4:",
        "55 numbers per utterance for audio, 384 for text. It has no video and no session 5. Others made it. How they",
        "made it, and on which utterances their encoders were trained, is not recorded. Scored utterances may be among",
        "them, which would make every figure too high. The file is not part of this repository.",
        "",
        f"- size: {file['size']} bytes",
        f"- sha256: `{SHA256}`",
        f"- md5, as DVC noted it when the studies were run (`{LOCK}`): `{file['md5']}`",
        "",
    ]


def _how_to_read(old: bool) -> list[str]:
    """All notes, once."""
    lines = [
        "## How to read the tables",
        "",
        "Figures are per cent. A run's epoch is the one with the best weighted F1 on its validation dialogues; test",
        "labels are read after the last run. Macro F1 is scikit-learn's",
        '`f1_score(average="macro", zero_division=0)`, unweighted recall its `balanced_accuracy_score`. Intervals and',
        "p-values are over dialogues, or over speakers where each utterance is its own dialogue; with fewer than",
        f"{FEWEST} of these there are none.",
        "",
        "A held-out session has new speakers, but all sessions play the same scripts and improvisations",
        "([corpora.md](corpora.md)), so figures by session also reward a model that knows the play. The protocol",
        "`scenario` leaves what is tested out of training, too; `random` leaves out as many dialogues at random, which",
        "tells what fewer data do. All three score the same utterances.",
        "",
    ]
    if old:
        lines += [
            "**Older than today's rules.** The studies whose page says so still print what is now left out: p-values",
            "of Wilcoxon over too few seeds (over five it cannot fall below 0.06), and intervals over fewer than ten",
            "dialogues (the generated corpus has six test dialogues: ignore its intervals and p-values). Nor do they",
            "say that nobody knows which utterances trained the encoders of imported features, nor what they share",
            "with training.",
            "",
        ]
    said = {
        "Models": notes.models("scored", over="dialogues", differ=True),
        "Protocols": notes.protocols(over="dialogues"),
        "Differences between protocols": notes.between(over="dialogues"),
        "Compared with the reference, ablations": notes.comparisons("scored", over="dialogues"),
        "The paper's Table 2": notes.table_2("ours, as the page says", folds=True),
        "Calibration": notes.calibration("scored"),
        "Gaps between groups": notes.gaps(over="dialogues"),
    }
    for title, text in said.items():
        lines += [f"**{title}.** {text}", ""]
    return lines


def _percent(share: str, *, sign: str = "") -> str:
    return f"{100 * float(share):{sign}.2f}"


def _title(text: str) -> str:
    return text.split("\n", 1)[0].removeprefix("# ")


def _small(title: str) -> str:
    return f"{title[0].lower()}{title[1:]}"


def main() -> None:
    """Write the pages, where there is a study to write about."""
    if not finished(ROOT, SECTIONS):
        sys.stderr.write(f"{PAGE}: left as it is, no study was run here (python -m benchmarks.studies runs one)\n")
        return
    for path, text in pages(ROOT, SECTIONS, read()).items():
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
        sys.stderr.write(f"written to {path}\n")


if __name__ == "__main__":
    main()
