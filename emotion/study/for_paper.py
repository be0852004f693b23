r"""What goes from a study into a paper: its folder `paper`.

study.tex         tables with booktabs' rules, to be read with `\input`
methods.tex       a paragraph on what ran
references.bib    of all models, encoders and methods that it names
*.pdf             the pictures
"""

from collections.abc import Mapping, Sequence
from math import isnan

from matplotlib.figure import Figure

from emotion.core.drawing import pdf
from emotion.core.latex import booktabs, latex_text
from emotion.evaluation import significance
from emotion.evaluation.significance import Tally
from emotion.study import citing
from emotion.study.about import About
from emotion.study.methods import methods
from emotion.study.scoring import Row

FOLDER = "paper"
_SEED = 1  # of the resampling, the same as in the other tables
NEEDS = "% Written by `emotion study`. It needs \\usepackage{booktabs}.\n"


def paper_files(about: About, rows: Sequence[Row], figures: Mapping[str, Figure]) -> dict[str, bytes]:
    """Name in the folder of the study -> content.

    Args:
        about: what the study is of.
        rows: from `scoring.score`.
        figures: name -> picture.
    """
    text, keys = methods(about, rows)
    drawn = {f"{FOLDER}/{name}.pdf": pdf(figure) for name, figure in figures.items()}
    return drawn | {
        f"{FOLDER}/study.tex": tables(about, rows).encode(),
        f"{FOLDER}/methods.tex": text.encode(),
        f"{FOLDER}/references.bib": _references(rows, keys).encode(),
    }


def _references(rows: Sequence[Row], keys: Sequence[str]) -> str:
    models = {row.variant.model for row in rows}
    unknown = sorted(model for model in models if not citing.of_model(model))
    missing = f"% No reference is known here for {', '.join(map(latex_text, unknown))}.\n\n" if unknown else ""
    return missing + citing.bibliography(keys)


def best(tallies: Mapping[str, Tally]) -> str:
    """The model whose difference to every other one has a paired 95 % interval above 0; '' = there is none.

    Args:
        tallies: model -> its runs on the same dialogues.
    """
    first = max(tallies, key=lambda name: float(tallies[name].scores()[0].mean()))
    times = significance.resample(tallies[first].strata, seed=_SEED)
    others = [significance.compare(tallies[first], other, times) for name, other in tallies.items() if name != first]
    return first if others and all(found.low > 0 for found in others) else ""


def tables(about: About, rows: Sequence[Row]) -> str:
    """The text of study.tex: models, and their ablations where there are some."""
    whole, parts = [row for row in rows if not row.ablation], [row for row in rows if row.ablation]
    named = best({row.name: row.scored.tally for row in whole})
    if named:
        bold = "Bold: the paired 95\\,\\% interval of its difference to every other model is above 0"
    else:
        bold = "No model is bold: for none has the difference to every other one a paired 95\\,\\% interval above 0"
    found = [_table(about, whole, named, "models", f" {bold}." if len(whole) > 1 else "")]
    if parts:
        found.append(_table(about, parts, "", "ablations", " Each line is compared with the whole model."))
    return NEEDS + "\n" + "\n\n".join(found) + "\n"


def _table(about: About, rows: Sequence[Row], bold: str, what: str, note: str) -> str:
    header = ["", "weighted F1", "95\\,\\% interval", "difference", "95\\,\\% interval", "accuracy", "macro F1"]
    caption = (
        f"Scores in \\% on {about.scored} utterances ({latex_text(about.short)}); weighted F1: mean $\\pm$ standard "
        f"deviation over seeds; differences are to {latex_text(about.reference)}."
    )
    if what == "ablations":
        caption = caption.replace(f"to {latex_text(about.reference)}", "to the whole model")
    return booktabs(header, [_line(row, bold == row.name) for row in rows], caption=caption + note, label=f"tab:{what}")


def _line(row: Row, bold: bool) -> list[str]:
    figures, split = row.figures, row.split
    mean, deviation = figures[f"{split}_weighted_f1"], figures[f"{split}_weighted_f1_std"]
    score = f"{100 * mean:.2f}" if isnan(deviation) else f"{100 * mean:.2f} $\\pm$ {100 * deviation:.2f}"
    return [
        latex_text(row.name),
        f"\\textbf{{{score}}}" if bold else score,
        _ends(row, f"{split}_weighted_f1"),
        f"${100 * figures['difference']:+.2f}$" if "difference" in figures else "",
        _ends(row, "difference", sign="+") if "difference" in figures else "",
        *(f"{100 * figures[f'{split}_{name}']:.2f}" for name in ("accuracy", "macro_f1")),
    ]


def _ends(row: Row, name: str, *, sign: str = "") -> str:
    return ends(row.figures[f"{name}_ci_low"], row.figures[f"{name}_ci_high"], sign=sign)


def ends(low: float | None, high: float | None, *, sign: str = "") -> str:
    """An interval of shares 0..1 in per cent; '' where there is none."""
    if low is None or high is None or isnan(low):
        return ""
    return f"${100 * low:{sign}.2f}$ to ${100 * high:{sign}.2f}$"
