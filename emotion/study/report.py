"""The report of a study: its page of tables, the same figures as CSV and JSON, and pictures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from emotion.core.drawing import png, tell
from emotion.core.files import write_all
from emotion.core.tables import csv_text, markdown_table, markdown_text
from emotion.evaluation import comparison_figures as pictures
from emotion.evaluation import paper
from emotion.evaluation.comparison_figures import Calibrated, SeedScores
from emotion.study import gaps as group_gaps
from emotion.study import nested, notes, votes
from emotion.study.about import About
from emotion.study.for_paper import paper_files
from emotion.study.missing import ANY, SHARES
from emotion.study.scoring import Row
from emotion.study.votes import AgainstRaters

_table = partial(markdown_table, figures=True)
_OPTIONAL = (
    *("missing.csv", "missing.png", "paper/missing.pdf", "tuned.csv", "votes.csv", "gaps.csv"),
    *("protocols.csv", "differences.csv"),
)


def write(
    out: Path,
    about: About,
    rows: Sequence[Row],
    *,
    missing: Sequence[Mapping[str, Any]],
    raters: AgainstRaters | None,
    gaps: Sequence[Mapping[str, Any]],
) -> None:
    """Write all files, beside their places before the first is swapped in; only runs.csv holds times.

    Args:
        out: folder.
        about: what the study is of.
        rows: from `scoring.score`.
        missing: rows of missing.csv; [] = there is none, and none of another command stays.
        raters: what the models are worth against them, where what they say is known.
        gaps: rows of gaps.csv; [] = there is none, as for the others.

    Raises:
        EmotionError: a file cannot be written; all are as they were.
    """
    models = [row for row in rows if not row.ablation]
    drawn = [*models, *(row for row in rows if row.ablation)]
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    scored = about.scored
    per_class = [{"model": row.name, "class": label, **found} for row in rows for label, found in row.per_class.items()]
    figures = {
        "study": pictures.scores_figure(list(map(_seed_scores, drawn)), scored=scored, reference=about.reference),
        "reliability": pictures.reliability_figure(list(map(_calibrated, models)), scored=scored),
    }
    contents = {
        "runs.csv": csv_of([run for row in rows for run in row.runs]),
        "study.csv": csv_of([{name: row.figures.get(name) for name in names} for row in rows]),
        "per_class.csv": csv_of(per_class),
    }
    if missing:
        curves = {"any one modality" if name == ANY else name: curve for name, curve in _curves(missing).items()}
        figures["missing"] = pictures.missing_figure(curves, scored=scored)
        contents["missing.csv"] = csv_of(missing)
    tables = {"tuned.csv": about.tuned, "votes.csv": raters.lines if raters else [], "gaps.csv": gaps}
    contents |= {name: csv_of(lines) for name, lines in tables.items() if lines}
    contents |= {f"{name}.png": png(figure) for name, figure in figures.items()} | paper_files(about, rows, figures)
    contents["study.json"] = _json(about, rows)
    contents["study.md"] = page(about, rows, missing=missing, raters=raters, gaps=gaps).encode()
    write_all({out / name: content for name, content in contents.items()})
    tell(pictures.row_names([row.name for row in drawn])[1], where=str(out / "study.png"))
    for name in _OPTIONAL:
        if name not in contents:
            (out / name).unlink(missing_ok=True)


def page(
    about: About,
    rows: Sequence[Row],
    *,
    missing: Sequence[Mapping[str, Any]],
    raters: AgainstRaters | None,
    gaps: Sequence[Mapping[str, Any]],
) -> str:
    """The text of study.md; for the arguments see `write`."""
    models = [row for row in rows if not row.ablation]
    ablations = [row for row in rows if row.ablation]
    parts = [
        notes.head(about),
        _models(models, about),
        _comparisons(models, "Compared with the reference", about) if len(models) > 1 else "",
        _per_class(models, about),
        _table_2(models, about) if tuple(about.labels) == paper.CLASSES else "",
        _comparisons(ablations, "Ablations", about) if ablations else "",
        _missing(missing, about) if missing else "",
        _calibration(models, about.scored),
        votes.section(raters) if raters else "",
        group_gaps.section(gaps, over=about.interval.over) if gaps else "",
        nested.section(about.tuned) if about.tuned else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _models(rows: Sequence[Row], about: About) -> str:
    header = [
        *("model", "members", "validation weighted F1", "test weighted F1", "95 % interval", "accuracy", "macro F1"),
        *("ensemble of seeds", "claim if the epoch is chosen on test", "inflation"),
    ]
    lines = [
        [
            row.name,
            str(row.figures["members"]),
            _mean_std(row, "validation_weighted_f1"),
            _mean_std(row, "test_weighted_f1"),
            _interval(row, f"{row.split}_weighted_f1", none=about.no_interval),
            _mean_std(row, f"{row.split}_accuracy"),
            _percent(row.figures[f"{row.split}_macro_f1"]),
            _percent(row.figures[f"{row.split}_ensemble_weighted_f1"]),
            _percent(row.figures["peek_weighted_f1"]),
            _percent(row.figures["peek_inflation"], signed=True),
        ]
        for row in rows
    ]
    over = about.interval.counted if about.interval.given else ""
    note = notes.models(about.scored, over=over, differ=len({row.figures["members"] for row in rows}) > 1)
    return f"## Models\n\n{_table(header, lines)}\n\n{note}"


def _comparisons(rows: Sequence[Row], title: str, about: About) -> str:
    header = ["model", "weighted F1", "against", "difference", "95 % interval", "p, bootstrap", "p, Wilcoxon"]
    lines = [
        [
            row.name,
            _percent(row.figures[f"{row.split}_weighted_f1"]),
            row.figures["compared_with"],
            _percent(row.figures["difference"], signed=True),
            _interval(row, "difference", signed=True, none=about.no_interval),
            _p_value(row.figures["bootstrap_p_holm"], none=about.no_interval),
            _p_value(row.figures["wilcoxon_p_holm"], none=about.no_ranks),
        ]
        for row in rows
        if "compared_with" in row.figures
    ]
    return f"## {title}\n\n{_table(header, lines)}\n\n{notes.comparisons(about.scored, over=about.interval.over)}"


def _per_class(rows: Sequence[Row], about: About) -> str:
    support = [f"{markdown_text(label)} {rows[0].per_class[label]['support']:.0f}" for label in about.labels]
    pooled = " Each seed's held-out sessions are counted together." if about.folds else ""
    parts = ["## Per class", f"Means over seeds, {about.scored} utterances: {', '.join(support)}.{pooled}"]
    for name, title in (("precision", "Precision"), ("recall", "Recall"), ("f1", "F1")):
        lines = [[row.name, *(_percent(row.per_class[label][name]) for label in about.labels)] for row in rows]
        parts.append(f"{title}:\n\n{_table(['model', *about.labels], lines)}")
    return "\n\n".join(parts)


def _table_2(rows: Sequence[Row], about: About) -> str:
    """The paper's figures beside ours, each with its protocol."""

    def here(row: Row, name: str, last: str) -> list[str]:
        whole = row.figures[f"{row.split}_{last}"]
        return [_percent(value, digits=1) for value in (*(row.per_class[c][name] for c in paper.CLASSES), whole)]

    f1, other, left = [], [], {row.name: row for row in rows}
    for line in paper.TABLE_2:
        f1.append([f"{line.title} (paper)", *(f"{value:.1f}" for value in line.f1), "A"])
        other.append([f"{line.title} (paper)", line.acc_is, *(f"{value:.1f}" for value in line.acc), "A"])
        if row := left.pop(line.model, None):
            f1.append([f"{row.name} (here)", *here(row, "f1", "weighted_f1"), "B"])
            other += [
                [f"{row.name} (here)", name, *here(row, name, "accuracy"), "B"] for name in ("precision", "recall")
            ]
    f1 += [[f"{row.name} (here)", *here(row, "f1", "weighted_f1"), "B"] for row in left.values()]
    parts = [
        "## The paper's Table 2",
        "F1:",
        _table(["method", *paper.CLASSES, "weighted F1", "protocol"], f1),
        'What the paper calls "Acc" per class, which is precision for its own model and recall for its baselines:',
        _table(["method", "per class", *paper.CLASSES, "accuracy", "protocol"], other),
        notes.table_2(about.short, folds=bool(about.folds)),
    ]
    return "\n\n".join(parts)


def _missing(rows: Sequence[Mapping[str, Any]], about: About) -> str:
    """Two tables: subsets, and shares of utterances."""
    given: dict[str, dict[str, str]] = {}  # model -> subset -> score
    for row in rows:
        if row["kind"] == "present":
            given.setdefault(row["model"], {})[row["modalities"]] = _percent(row["weighted_f1"])
    curves = _curves(rows)
    lines = [
        [model, "any one" if name == ANY else name, *(_percent(score) for _, score in curve[model])]
        for model in given
        for name, curve in curves.items()
    ]
    utterances, _ = about.counts["all" if about.folds else about.scored]
    parts = [
        "## Missing modalities",
        f"Mean {about.scored} weighted F1 of the trained classifiers, given only:",
        _table(["model", *next(iter(given.values()))], [[model, *scores.values()] for model, scores in given.items()]),
        "With a modality missing for a share of the utterances, drawn once for all models and seeds:",
        _table(["model", "missing", *(f"{100 * share:.0f} %" for share in SHARES)], lines),
        notes.missing(rows, utterances=utterances),
    ]
    return "\n\n".join(part for part in parts if part)


def _curves(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """What is missing -> model -> (share, score)."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for row in rows:
        if row["kind"] == "missing":
            curve = found.setdefault(row["modalities"], {}).setdefault(row["model"], [])
            curve.append((row["share"], row["weighted_f1"]))
    return found


def _calibration(rows: Sequence[Row], scored: str) -> str:
    header = ["model", "temperature", "ECE as trained", "ECE with the temperature"]
    lines = [
        [
            row.name,
            f"{row.figures['temperature']:.2f}",
            *map(_percent, (row.figures["ece_before"], row.figures["ece_after"])),
        ]
        for row in rows
    ]
    return f"## Calibration\n\n{_table(header, lines)}\n\n{notes.calibration(scored)}"


def _mean_std(row: Row, name: str) -> str:
    """Mean ± standard deviation over seeds; '' where there is none."""
    value, deviation = row.figures[name], row.figures[f"{name}_std"]
    return _percent(value) if value is None or isnan(deviation) else f"{_percent(value)} ± {_percent(deviation)}"


def _interval(row: Row, name: str, *, none: str, signed: bool = False) -> str:
    """An interval; `none`, the reason, where there is none."""
    low, high = row.figures[f"{name}_ci_low"], row.figures[f"{name}_ci_high"]
    return none if low is None or isnan(low) else f"{_percent(low, signed=signed)} to {_percent(high, signed=signed)}"


def _percent(value: float | None, *, signed: bool = False, digits: int = 2) -> str:
    """A share 0..1; '' for None."""
    return "" if value is None else f"{100 * value:{'+' if signed else ''}.{digits}f}"


def _p_value(value: float, *, none: str) -> str:
    """Three digits; `none`, the reason, for NaN."""
    return none if isnan(value) else notes.p_text(value)


def _seed_scores(row: Row) -> SeedScores:
    low, high = (row.figures[f"{row.split}_weighted_f1_ci_{end}"] for end in ("low", "high"))
    return SeedScores(row.name, row.scored.tally.scores()[0], None if low is None else (low, high), row.ablation)


def _calibrated(row: Row) -> Calibrated:
    """All seeds together."""
    s, _, c = row.scored.logs.shape
    before, after = (given.reshape(-1, c) for given in (np.exp(row.scored.logs), row.scaled))
    errors = (row.figures["ece_before"], row.figures["ece_after"])
    return Calibrated(row.name, np.tile(row.scored.actual, s), before, after, errors)


def _json(about: About, rows: Sequence[Row]) -> bytes:
    known = {name: value for name, value in asdict(about).items() if name not in ("labels", "counts")}
    if not about.tuned:  # else each fold has its own
        known["settings"] = {row.name: row.variant.settings for row in rows}
    return (json.dumps(known, indent=2) + "\n").encode()


def csv_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A table of equal rows, numbers as `cell` writes them."""
    return csv_text(list(rows[0]), [[cell(value) for value in row.values()] for row in rows]).encode()


def cell(value: object) -> object:
    """Numbers to 6 decimals; '' where there is none."""
    if isinstance(value, float):
        return "" if isnan(value) else f"{value:.6f}"
    return "" if value is None else value
