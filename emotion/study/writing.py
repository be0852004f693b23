"""The study's files: tables, pictures and page, all written beside their places before the first is swapped in."""

import json
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from emotion.core.drawing import tell
from emotion.core.files import write_all
from emotion.core.tables import csv_text
from emotion.study import pictures
from emotion.study.about import About
from emotion.study.scoring import Row

_OPTIONAL = ("missing.csv", "missing.png")


def write(out: Path, rows: Sequence[Row], lost: Sequence[Mapping[str, Any]], text: str, about: About) -> None:
    """Write all of it; only runs.csv holds times.

    Args:
        out: folder.
        rows: from `scoring.score`.
        lost: rows of missing.csv; [] = there is none, and none of another command stays.
        text: of study.md.
        about: what the study is of.

    Raises:
        EmotionError: a file cannot be written; all are as they were.
    """
    models = [row for row in rows if row.name == row.record.variant.full]
    reduced = [row for row in rows if row.name != row.record.variant.full]
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    drawn = pictures.study_figure([*models, *reduced], scored=about.scored, reference=about.reference)
    contents = {
        "runs.csv": _csv([entry.cells for row in rows for entry in row.record.entries]),
        "study.csv": _csv([{name: row.figures.get(name) for name in names} for row in rows]),
        "per_class.csv": _csv(
            [{"model": row.name, "class": label, **scores} for row in rows for label, scores in row.per_class.items()]
        ),
        "study.png": pictures.png(drawn),
        "reliability.png": pictures.png(pictures.reliability_figure(models, scored=about.scored)),
        "study.json": _json(rows, about),
        "study.md": text.encode(),
    }
    if lost:
        missing = pictures.png(pictures.missing_figure(lost, scored=about.scored))
        contents = {"missing.csv": _csv(lost), "missing.png": missing} | contents
    write_all({out / name: content for name, content in contents.items()})
    tell(pictures.row_names([*models, *reduced])[1], where=str(out / "study.png"))
    for name in _OPTIONAL:
        if name not in contents:
            (out / name).unlink(missing_ok=True)


def _json(rows: Sequence[Row], about: About) -> bytes:
    known = ("corpus", "protocol", "features", "folds", "seeds", "reference", "scored")
    summary = {name: getattr(about, name) for name in known}
    summary["interval"] = {"over": about.interval.over, "count": about.interval.count, "given": about.interval.given}
    summary["absent"] = {where: list(labels) for where, labels in about.absent.items()}
    summary["unknown_training"] = list(about.unknown)
    summary["settings"] = {row.name: row.record.variant.settings for row in rows}
    return (json.dumps(summary, indent=2) + "\n").encode()


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return csv_text(list(rows[0]), [[_cell(value) for value in row.values()] for row in rows]).encode()


def _cell(value: object) -> object:
    """Numbers to 6 decimals; '' where there is none."""
    if isinstance(value, float | np.floating):
        return "" if isnan(value) else f"{value:.6f}"
    return "" if value is None else value
