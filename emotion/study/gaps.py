"""How each model's score differs between genders, speakers and sessions."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import isnan
from typing import Any

from emotion.core.tables import markdown_table, markdown_text
from emotion.evaluation.gaps import LARGEST, Grouped, gap_lines, groups_of
from emotion.evaluation.scores import FEWEST
from emotion.study import notes
from emotion.study.folds import Fold
from emotion.study.scoring import Row

_table = partial(markdown_table, figures=True)
TITLE = "## Gaps between groups"
KINDS = {"gender": "genders", "speaker": "speakers", "session": "sessions"}


def gaps(rows: Sequence[Row], folds: Sequence[Fold]) -> list[dict[str, Any]]:
    """Rows of gaps.csv: of each model the groups of each kind, see `gap_lines`; [] where nothing has two groups."""
    utterances = {row.utterance: row for fold in folds for row in fold.index.utterances}
    found = []
    for kind, groups in groups_of(list(utterances.values())).items():
        for row in rows:
            scored = row.scored
            own = [groups[name] for name in scored.utterances]
            here = Grouped(scored.actual, scored.predicted, scored.groups, own, scored.logs.shape[2])
            found += [{"model": row.name, "by": kind} | line for line in gap_lines(here)]
    return found


def section(lines: Sequence[Mapping[str, Any]], *, over: str) -> str:
    """The part of study.md; `over` is what is resampled."""
    parts = [TITLE]
    for kind, title in KINDS.items():
        here = [line for line in lines if line["by"] == kind]
        if here:
            cells = [_cells(line, over) for line in here]
            header = ["model", kind, "utterances", over, "weighted F1", "95 % interval", "less the others"]
            parts.append(f"Between {title}:\n\n{_table([*header, '95 % interval', 'p, bootstrap'], cells)}")
    return "\n\n".join([*parts, notes.gaps(over=over)])


def _cells(line: Mapping[str, Any], over: str) -> list[str]:
    few = f"none: fewer than {FEWEST} {over}"
    whole = line["group"].startswith(LARGEST)
    return [
        line["model"],
        markdown_text(line["group"]),
        str(line["n"]),
        str(line["dialogues"]),
        "" if whole else f"{100 * line['weighted_f1']:.2f}",
        "" if whole else _ends(line, "weighted_f1", few),
        f"{100 * line['difference']:+.2f}",
        _ends(line, "difference", few, sign="+"),
        "" if isnan(line["p"]) else f"{line['p']:.3f}",
    ]


def _ends(line: Mapping[str, Any], name: str, few: str, *, sign: str = "") -> str:
    low, high = 100 * line[f"{name}_ci_low"], 100 * line[f"{name}_ci_high"]
    return few if isnan(low) else f"{low:{sign}.2f} to {high:{sign}.2f}"
