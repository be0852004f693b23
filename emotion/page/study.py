"""A study's folder as a page: its tables, its pictures and what it says about itself."""

from itertools import compress
from pathlib import Path
from typing import Any

from emotion.core.errors import EmotionError
from emotion.core.objects import read_object
from emotion.core.text import shortened
from emotion.corpus.shared import sentences
from emotion.evaluation.rows import parse_lines, read_text
from emotion.page.pictures import data_uri
from emotion.study import notes

ABOUT = "study.json"
_REMEDY = "run the study again: emotion study"
_MISSING = "missing.csv"
_TABLES = {
    "protocols.csv": "Protocols: the same models, with what they share with training left out step by step",
    "differences.csv": "Differences between protocols, paired over the same utterances",
    "study.csv": "Models: means over seeds, intervals, paired tests, calibration",
    "votes.csv": "Against the raters: every rated utterance, beside one rater held out",
    "gaps.csv": "Gaps between genders, speakers and sessions",
    "per_class.csv": "Classes",
    _MISSING: "Modalities hidden",
    "runs.csv": "Single runs",
}
_PICTURES = {
    "study.png": "Weighted F1: means, intervals and single seeds",
    "missing.png": "Weighted F1 as modalities go missing",
    "reliability.png": "How far the probabilities can be trusted",
}
_LARGEST = 16 << 20  # bytes of a picture
_PNG = b"\x89PNG\r\n\x1a\n"


def is_study(folder: Path) -> bool:
    """Whether a folder is a study's."""
    return (folder / ABOUT).is_file()


def check_folder(folder: Path, *, against: str) -> None:
    """Refuse what is the folder of neither a run nor a study.

    Args:
        folder: what is to be looked at.
        against: the run beside it; '' = none.

    Raises:
        EmotionError: it is another thing, or a study, which has no run beside it.
    """
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "no such folder"
        raise EmotionError(f"{folder}: {found}, expected the folder of a run or of a study; check the path")
    if is_study(folder):
        if against:
            raise EmotionError(f"{folder}: is a study, which has no run beside it; leave out --against")
    elif not (folder / "data").is_dir():
        raise EmotionError(
            f"{folder}: has neither data (of a run) nor {ABOUT} (of a study), expected one of them; "
            "check the path, or begin a run there: dvc repro index"
        )


def study_data(folder: Path) -> dict[str, Any]:
    """The page's data of a study.

    Raises:
        EmotionError: a file is missing or damaged.
    """
    about = read_object(folder / ABOUT, remedy=_REMEDY)
    over = about["interval"].get("over") if isinstance(about.get("interval"), dict) else None
    known = {"votes.csv": notes.raters(), "gaps.csv": notes.gaps(over=shortened(str(over or "dialogues")))}
    tables = [
        _table(folder / name, title) | ({"note": known[name]} if name in known else {})
        for name, title in _TABLES.items()
        if (folder / name).exists()
    ]
    if not tables:
        raise EmotionError(f"{folder}: no tables of a study; {_REMEDY}")
    pictures = [
        {"title": title, "src": _picture(folder / name)}
        for name, title in _PICTURES.items()
        if (folder / name).exists()
    ]
    return {
        "kind": "study",
        "title": f"study: {shortened(str(about.get('corpus', '')))}, {shortened(folder.resolve().name)}",
        "notes": _remarks(about),
        "tables": tables,
        "pictures": pictures,
        "text": _text(about),
        "footer": "figures of a study; no text of the corpus",
    }


def _table(path: Path, title: str) -> dict[str, Any]:
    columns, *rows = parse_lines(read_text(path, remedy=_REMEDY), path, remedy=_REMEDY)
    if not rows:
        raise EmotionError(f"{path}: holds no table; {_REMEDY}")
    for number, row in enumerate(rows, 2):
        if len(row) != len(columns):
            raise EmotionError(f"{path}: line {number} has {len(row)} columns, expected {len(columns)}; {_REMEDY}")
    filled = [any(cells) for cells in zip(*rows, strict=True)]  # without intervals their columns are empty
    shown = [[_shown(cell) for cell in compress(row, filled)] for row in rows]
    found = {"title": title, "columns": list(compress(columns, filled)), "rows": shown}
    return found | ({"note": _raised(path, columns, rows)} if path.name == _MISSING else {})


def _raised(path: Path, columns: list[str], rows: list[list[str]]) -> str:
    """Why hiding a modality may raise the score; '' where it never does."""
    try:
        note = notes.missing([dict(zip(columns, row, strict=True)) for row in rows])
    except (KeyError, ValueError):
        raise EmotionError(f"{path}: damaged, expected what hiding modalities does to the score; {_REMEDY}") from None
    return note.removeprefix(notes.WHY).strip()


def _shown(cell: str) -> str:
    """Shares with three decimals, counts with none: 0.712345 -> 0.712, 53.000000 -> 53."""
    head, dot, tail = cell.partition(".")
    if not (dot and len(tail) == 6 and head.lstrip("-").isdigit() and tail.isdigit()):
        return cell
    return head if int(head) > 1 and not int(tail) else f"{float(cell):.3f}"


def _picture(path: Path) -> str:
    content = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
    if not content.startswith(_PNG):
        raise EmotionError(f"{path}: no PNG of at most {_LARGEST >> 20} MiB; {_REMEDY}")
    return data_uri(content, "image/png")


def _remarks(about: dict[str, Any]) -> list[str]:
    notes = []
    if about.get("unknown_training"):
        names = ", ".join(map(str, about["unknown_training"]))
        notes.append(f"Nobody knows which utterances trained the encoders of: {names}.")
    absent = about.get("absent")
    if isinstance(absent, dict):
        for where, labels in absent.items():
            if labels:
                notes.append(f"No utterance of {', '.join(map(str, labels))} in {where}.")
    return notes + [line for line, met in _shares(about) if met]


def _shares(about: dict[str, Any]) -> list[tuple[str, bool]]:
    """What each protocol shares with training, in words, and whether the test set shares anything.

    Raises:
        EmotionError: the study's own words on it are damaged.
    """
    several = about.get("protocols")
    whole = {about.get("protocol"): about} if not isinstance(several, dict) else several
    found = []
    try:
        for name, own in whole.items():
            said = sentences(own.get("shared", {}))
            found += [(f"Protocol {shortened(str(name))}: {line}.", met) for line, met in said]
    except (AttributeError, ValueError):
        raise EmotionError(f"{ABOUT}: damaged, expected what is shared with training as counts; {_REMEDY}") from None
    return found


def _text(about: dict[str, Any]) -> list[str]:
    interval = about.get("interval")
    lines = [
        f"Protocol: {about.get('protocol')}; scored on: {about.get('scored')}; {about.get('seeds')} seeds; "
        f"compared with: {about.get('reference')}."
    ]
    if isinstance(about.get("features"), dict):
        listed = ", ".join(f"{name} ({size})" for name, size in about["features"].items())
        lines.append(f"Modalities and the size of their features: {listed}.")
    if isinstance(interval, dict):
        given = "Intervals are over" if interval.get("given") else "No intervals: too few"
        lines.append(f"{given} {interval.get('over')} ({interval.get('count')}).")
    lines += [line for line, met in _shares(about) if not met]
    if isinstance(about.get("chosen"), dict):
        lines += [f"Settings of {model}: {said}." for model, said in about["chosen"].items()]
    return lines
