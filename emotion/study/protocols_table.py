"""The table of several protocols for a paper."""

from collections.abc import Mapping, Sequence
from typing import Any

from emotion.core.latex import booktabs, latex_text
from emotion.study.about import About, seeds_text
from emotion.study.for_paper import NEEDS, best, ends
from emotion.study.protocols import ALL, Scored


def protocols_table(found: Sequence[Scored], lines: Sequence[Mapping[str, Any]], about: About) -> str:
    """The text of study.tex for several protocols: models and guesses below each other, protocols side by side.

    Args:
        found: what each protocol scores.
        lines: rows of protocols.csv.
        about: what the study is of.
    """
    by = {(line["model"], line["protocol"]): line for line in lines if line["utterances"] == ALL}
    named = {one.protocol: best({model: one.tally(model, ALL) for model in one.models}) for one in found}
    header = ["", *(f"{one.protocol}{what}" for one in found for what in ("", ", 95\\,\\% interval"))]
    rows = []
    for model in dict.fromkeys(model for model, _ in by):
        cells = [latex_text(model)]
        for one in found:
            line = by[model, one.protocol]
            score = f"{100 * line['weighted_f1']:.2f}"
            cells.append(f"\\textbf{{{score}}}" if named[one.protocol] == model else score)
            cells.append(ends(line["weighted_f1_ci_low"], line["weighted_f1_ci_high"]))
        rows.append(cells)
    caption = (
        f"Weighted F1 in \\% by protocol, mean of {seeds_text(about.seeds)}, corpus {latex_text(about.corpus)}. Bold: "
        "the paired 95\\,\\% interval of a model's difference to every other model under the same protocol is above 0."
    )
    return f"{NEEDS}\n{booktabs(header, rows, caption=caption, label='tab:protocols')}\n"
