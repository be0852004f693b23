"""The study's pictures; the same figures give the same bytes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from emotion.core.drawing import Name, drawable, png, set_ticks
from emotion.evaluation.calibration import reliability
from emotion.study.missing import ANY
from emotion.study.scoring import ENOUGH, Row, reliability_inputs

__all__ = ["missing_figure", "png", "reliability_figure", "row_names", "study_figure"]
_COLUMNS = 3
_LONGEST = 60  # characters of a row's name


def study_figure(rows: Sequence[Row], *, scored: str, reference: str) -> Figure:
    """Mean weighted F1 with its interval, where there is one, and every seed as a dot.

    Args:
        rows: in the order of the picture, from top to bottom.
        scored: the split.
        reference: its mean is drawn as a line.
    """
    figure = Figure(figsize=(8, 1.4 + 0.5 * len(rows)), dpi=120)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)  # inches
    axes = figure.add_subplot()
    for place, row in enumerate(rows):
        seeds = row.sheet.tally.scores()[0]
        mean, ends = _ends(row, scored)
        colour = "C0" if row.name == row.record.variant.full else "C7"
        axes.errorbar(
            mean,
            place,
            xerr=ends,
            fmt="o",
            color=colour,
            capsize=4,
            label=None if place else "mean" if ends is None else "mean, 95 % interval",
        )
        axes.plot(
            seeds,
            np.full(len(seeds), place + 0.22),
            "|",
            color=colour,
            alpha=0.6,
            label="single seeds" if not place else None,
        )
        if row.name == reference:
            axes.axvline(mean, color="C3", linestyle=":", linewidth=1, label=f"{reference}, mean")
    set_ticks(axes.yaxis, row_names(rows)[0])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=None))
    axes.set(xlabel="weighted F1 in %", title=f"{scored.capitalize()} weighted F1")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def row_names(rows: Sequence[Row]) -> tuple[list[Name], dict[str, str]]:
    """How the rows' names are drawn, and the legend of those that become numbers: modalities are named by files."""
    return drawable([row.name for row in rows], what="row", longest=_LONGEST)


def _ends(row: Row, scored: str) -> tuple[float, NDArray[np.float64] | None]:
    """Mean, and the lengths (2, 1) of the interval below and above it; None where there is no interval."""
    mean, low, high = (row.figures[f"{scored}_weighted_f1{end}"] for end in ("", "_ci_low", "_ci_high"))
    return mean, None if low is None else np.maximum([[mean - low], [high - mean]], 0.0)


def reliability_figure(rows: Sequence[Row], *, scored: str) -> Figure:
    """Accuracy by confidence, as trained and with the temperature, one panel per model; all seeds together.

    Args:
        rows: the models.
        scored: the split.
    """
    columns = min(_COLUMNS, len(rows))
    lines = -(-len(rows) // columns)
    figure = Figure(figsize=(0.6 + 3.1 * columns, 0.8 + 3.2 * lines), dpi=120)
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)  # inches
    grid = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    for place, axes in enumerate(grid.flat[len(rows) :], start=len(rows)):
        axes.set_axis_off()
        if place >= columns:
            grid.flat[place - columns].tick_params(labelbottom=True)  # now the lowest of its column
    for axes, row in zip(grid.flat, rows, strict=False):
        actual, before, after = reliability_inputs(row)
        axes.plot([0, 1], [0, 1], color="C7", linewidth=1, linestyle=":")
        for name, given, style in (("as trained", before, "o-"), ("with temperature", after, "s--")):
            confidence, right, count = reliability(actual, given)
            full = count >= ENOUGH
            axes.plot(confidence[full], right[full], style, markersize=4, label=name)
        errors = [100 * row.figures[name] for name in ("ece_before", "ece_after")]
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.set_title(f"{row.name}\nECE {errors[0]:.1f} %, with temperature {errors[1]:.1f} %", fontsize=9)
        axes.grid(alpha=0.3)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, loc="outside upper center", ncols=2)  # a curve may go anywhere
    figure.supxlabel("confidence", fontsize=10)
    figure.supylabel(f"accuracy ({scored})", fontsize=10)
    return figure


def missing_figure(rows: Sequence[Mapping[str, object]], *, scored: str) -> Figure:
    """Weighted F1 by the share of utterances that lack a modality, one panel per modality.

    Args:
        rows: rows of missing.csv.
        scored: the split.
    """
    gone = [row for row in rows if row["kind"] == "missing"]
    names = list(dict.fromkeys(str(row["modalities"]) for row in gone))
    figure = Figure(figsize=(2.4 + 2.9 * len(names), 3.4), dpi=120)
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)  # inches
    drawn, _ = drawable(["any one modality" if name == ANY else name for name in names], what="modality")
    panels = figure.subplots(1, len(names), squeeze=False, sharey=True).flat
    for axes, name, title in zip(panels, names, drawn, strict=True):
        for model in dict.fromkeys(str(row["model"]) for row in gone):
            points = [
                (float(str(row["share"])), float(str(row["weighted_f1"])))
                for row in gone
                if row["model"] == model and row["modalities"] == name
            ]
            axes.plot(*zip(*points, strict=True), "o-", markersize=3, label=model)
        axes.set_title(title.text, **({} if title.font is None else {"fontproperties": title.font}))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, symbol=None))
        axes.grid(alpha=0.3)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), fontsize=8, loc="outside right upper")
    figure.axes[0].set_ylabel(f"{scored} weighted F1 in %")
    figure.supxlabel("utterances without it in %", fontsize=10)
    return figure
