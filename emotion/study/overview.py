"""Several protocols, one table: `emotion study --protocol session,random,scenario`.

OUT/session/...      each protocol's own study, as `emotion study` writes it for one
OUT/study.md         protocol x model, with the baselines, scripted and improvised apart, and the paired differences
OUT/protocols.csv, differences.csv, study.json, study.png
OUT/paper/...        the same table for LaTeX, and the picture as PDF
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from emotion.core.drawing import pdf, png
from emotion.core.errors import EmotionError
from emotion.core.files import write_all
from emotion.core.tables import markdown_table, markdown_text
from emotion.evaluation import comparison_figures as pictures
from emotion.evaluation.comparison_figures import SeedScores
from emotion.study import notes, protocols
from emotion.study.about import About, seeds_text
from emotion.study.folds import named
from emotion.study.for_paper import FOLDER
from emotion.study.protocols import ALL, Scored
from emotion.study.protocols_table import protocols_table
from emotion.study.report import csv_of
from emotion.study.study import Studied, study

_table = partial(markdown_table, figures=True)
_OTHERS = (
    *("differences.csv", "study.csv", "per_class.csv", "runs.csv", "reliability.png", "missing.csv", "missing.png"),
    *("votes.csv", "gaps.csv"),
)
"""Of these an earlier command, for other protocols, may have left some."""
_TITLES = {ALL: "All utterances", "scripted": "Scripted dialogues", "improvised": "Improvised dialogues"}


def compare_protocols(features: Path, names: Sequence[str], *, out: Path, **options: Any) -> None:  # noqa: ANN401
    """Run a study for each protocol, then write what sets them beside each other.

    Args:
        features: see `study`.
        names: of the protocols, the easiest first; differences are those of a protocol less a later one.
        out: folder; each protocol's own study is in the folder of its name there.
        options: the other arguments of `study`.

    Raises:
        EmotionError: a name is unknown or there twice, only validation is to be scored, or see `study`.
    """
    given = [named(name) for name in names]
    if len(set(given)) < len(given):
        raise EmotionError(f"protocols are {','.join(names)}, expected different ones; leave one out")
    if options.get("validation_only"):
        raise EmotionError(
            "several protocols are compared on what they hold out, and --validation-only leaves that out; "
            "name one protocol"
        )
    found = [study(features, out=out / name, protocol=name, **options) for name in given]
    write_overview(out, found)


def write_overview(out: Path, found: Sequence[Studied]) -> None:
    """Write the tables, the picture and the page over several protocols, all or none."""
    scored = [protocols.scored(one) for one in found]
    lines, differences = protocols.lines(scored), protocols.differences(scored)
    abouts = [one.about for one in found]
    figure = pictures.scores_figure(list(_drawn(scored, lines)), scored=abouts[0].scored, reference="")
    contents = {
        "protocols.csv": csv_of(lines),
        "study.png": png(figure),
        f"{FOLDER}/study.pdf": pdf(figure),
        f"{FOLDER}/study.tex": protocols_table(scored, lines, abouts[0]).encode(),
        "study.json": _json(abouts),
        "study.md": page(abouts, lines, differences, against=_against(found)).encode(),
    }
    tables = {
        "differences.csv": differences,
        "votes.csv": [{"protocol": o.about.protocol, **line} for o in found if o.raters for line in o.raters.lines],
        "gaps.csv": [{"protocol": one.about.protocol, **line} for one in found for line in one.gaps],
    }
    contents |= {name: csv_of(rows) for name, rows in tables.items() if rows}
    write_all({out / name: content for name, content in contents.items()})
    for name in _OTHERS:
        if name not in contents:
            (out / name).unlink(missing_ok=True)


def page(
    abouts: Sequence[About],
    lines: Sequence[Mapping[str, Any]],
    differences: Sequence[Mapping[str, Any]],
    *,
    against: str = "",
) -> str:
    """The text of study.md; `abouts` has what each protocol is of, `against` the table of models under each of them."""
    first = abouts[0]
    names = [about.protocol for about in abouts]
    counts = max((about.counts for about in abouts), key=lambda given: sum(number for number, _ in given.values()))
    utterances, dialogues = (sum(numbers) for numbers in zip(*counts.values(), strict=True))
    parts = [
        "# Study of protocols",
        f"Corpus {markdown_text(first.corpus)}: {utterances} utterances in {dialogues} dialogues. "
        f"{seeds_text(first.seeds)} per model. Protocols: {', '.join(names)}; each has a page of its own in the "
        "folder of its name. The epoch of every run is the one with the best weighted F1 on its validation utterances. "
        "Figures are per cent.",
        *(line for about in abouts for line in notes.shares(about)),
        *notes.chosen(first),
        *notes.warnings(first),
    ]
    for kind in dict.fromkeys(line["utterances"] for line in lines):
        parts.append(_matrix(kind, names, [line for line in lines if line["utterances"] == kind], first))
    parts.append(notes.protocols(over=first.interval.over))
    if against:
        parts.append(against)
    if differences:
        parts.append(_differences(differences, first))
    return "\n\n".join(parts) + "\n"


def _against(found: Sequence[Studied]) -> str:
    """Every model less the reference, under each protocol, as that protocol's own page has it; '' of one model."""
    header = ["model", "protocol", "against", "difference", "95 % interval", "p, bootstrap"]
    about = found[0].about
    rows = [
        [
            row.name,
            one.about.protocol,
            row.figures["compared_with"],
            f"{100 * row.figures['difference']:+.2f}",
            _ends(row.figures, "difference", about, sign="+"),
            "" if isnan(row.figures["bootstrap_p_holm"]) else notes.p_text(row.figures["bootstrap_p_holm"]),
        ]
        for one in found
        for row in one.rows
        if "compared_with" in row.figures and not row.ablation
    ]
    note = notes.against(over=about.interval.over)
    return f"## {notes.AGAINST}\n\n{_table(header, rows)}\n\n{note}" if rows else ""


def _matrix(kind: str, names: Sequence[str], lines: Sequence[Mapping[str, Any]], about: About) -> str:
    """Models below each other, protocols beside each other: mean, interval, and the score of all taken together."""
    by = {(line["model"], line["protocol"]): line for line in lines}
    header = ["model", *(f"{name}{what}" for name in names for what in ("", ", 95 % interval", ", pooled"))]
    rows = []
    for model in dict.fromkeys(line["model"] for line in lines):
        cells = [model]
        for name in names:
            line = by.get((model, name))
            cells += ["", "", ""] if line is None else _cells(line, about)
        rows.append(cells)
    sizes = {(line["n"], line["dialogues"]) for line in lines}
    told = "; ".join(f"{n} utterances in {dialogues} dialogues" for n, dialogues in sorted(sizes))
    return f"## {_TITLES[kind]}\n\nWeighted F1 on {told}.\n\n{_table(header, rows)}"


def _cells(line: Mapping[str, Any], about: About) -> list[str]:
    mean, deviation = 100 * line["weighted_f1"], 100 * line["weighted_f1_std"]
    return [
        f"{mean:.2f}" + ("" if isnan(deviation) or line["model"].startswith("no features") else f" ± {deviation:.2f}"),
        _ends(line, "weighted_f1", about),
        f"{100 * line['pooled_weighted_f1']:.2f}",
    ]


def _ends(line: Mapping[str, Any], name: str, about: About, *, sign: str = "") -> str:
    low, high = 100 * line[f"{name}_ci_low"], 100 * line[f"{name}_ci_high"]
    return f"none: few {about.interval.over}" if isnan(low) else f"{low:{sign}.2f} to {high:{sign}.2f}"


def _differences(differences: Sequence[Mapping[str, Any]], about: About) -> str:
    header = ["model", "utterances", "protocols", "difference", "95 % interval", "p, bootstrap"]
    rows = [
        [
            line["model"],
            line["utterances"],
            f"{line['protocol']} - {line['less']}",
            f"{100 * line['difference']:+.2f}",
            _ends(line, "difference", about, sign="+"),
            "" if isnan(line["bootstrap_p_holm"]) else notes.p_text(line["bootstrap_p_holm"]),
        ]
        for line in differences
    ]
    return f"## Differences between protocols\n\n{_table(header, rows)}\n\n{notes.between(over=about.interval.over)}"


def _drawn(scored: Sequence[Scored], lines: Sequence[Mapping[str, Any]]) -> list[SeedScores]:
    """Every model under every protocol, on all utterances."""
    found = []
    for line in lines:
        if line["utterances"] == ALL:
            (one,) = [one for one in scored if one.protocol == line["protocol"]]
            low, high = line["weighted_f1_ci_low"], line["weighted_f1_ci_high"]
            seeds = np.asarray(one.tally(line["model"], ALL).scores()[0])
            base = line["model"].startswith("no features")
            found.append(
                SeedScores(f"{line['model']}, {one.protocol}", seeds, None if isnan(low) else (low, high), base)
            )
    return sorted(found, key=lambda row: [line["model"] for line in lines].index(row.name.rpartition(", ")[0]))


def _json(abouts: Sequence[About]) -> bytes:
    """What the whole is of; what differs by protocol stands under `protocols`."""
    first = {name: value for name, value in asdict(abouts[0]).items() if name not in ("labels", "counts", "folds")}
    first |= {"protocol": ", ".join(about.protocol for about in abouts)}
    own = ("folds", "shared", "tuned")
    first = {name: value for name, value in first.items() if name not in own}
    first["protocols"] = {about.protocol: {name: getattr(about, name) for name in own} for about in abouts}
    return (json.dumps(first, indent=2) + "\n").encode()
