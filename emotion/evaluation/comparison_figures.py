"""The pictures of a comparison of models: scores, reliability, missing modalities; the same figures, the same bytes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from emotion.core.drawing import Name, drawable, set_ticks
from emotion.evaluation.calibration import FEWEST_IN_BIN, reliability

_COLUMNS = 3  # panels beside each other
_LONGEST = 60  # characters of a row's name


class SeedScores(NamedTuple):
    """Weighted F1 of a model's seeds (s,), and the 95 % interval of their mean; None = there is none."""

    name: str
    seeds: NDArray[np.float64]
    interval: tuple[float, float] | None
    ablation: bool = False


def scores_figure(rows: Sequence[SeedScores], *, scored: str, reference: str) -> Figure:
    """Mean weighted F1 with its interval, where there is one, and every seed as a dot.

    Args:
        rows: from top to bottom.
        scored: the split.
        reference: its mean is drawn as a line.
    """
    figure = Figure(figsize=(8, 1.4 + 0.5 * len(rows)), dpi=120)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)  # inches
    axes = figure.add_subplot()
    for place, (name, seeds, interval, ablation) in enumerate(rows):
        mean, colour = float(seeds.mean()), "C7" if ablation else "C0"
        ends = None if interval is None else np.maximum([[mean - interval[0]], [interval[1] - mean]], 0.0)
        labels = ("mean" if ends is None else "mean, 95 % interval", "single seeds") if not place else (None, None)
        axes.errorbar(mean, place, xerr=ends, fmt="o", color=colour, capsize=4, label=labels[0])
        axes.plot(seeds, np.full(len(seeds), place + 0.22), "|", color=colour, alpha=0.6, label=labels[1])
        if name == reference:
            axes.axvline(mean, color="C3", linestyle=":", linewidth=1, label=f"{reference}, mean")
    set_ticks(axes.yaxis, row_names([row.name for row in rows])[0])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=None))
    axes.set(xlabel="weighted F1 in %", title=f"{scored.capitalize()} weighted F1")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def row_names(names: Sequence[str]) -> tuple[list[Name], dict[str, str]]:
    """How the rows' names are drawn, and the legend of those that become numbers: modalities are named by files."""
    return drawable(names, what="row", longest=_LONGEST)


class Calibrated(NamedTuple):
    """A model's classes (n,), and its probabilities (n, c) with their ECE, as trained and temperature-scaled."""

    name: str
    actual: NDArray[np.int64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    ece: tuple[float, float]


def reliability_figure(models: Sequence[Calibrated], *, scored: str) -> Figure:
    """Accuracy by confidence, one panel per model.

    Args:
        models: at least one.
        scored: the split.
    """
    columns = min(_COLUMNS, len(models))
    lines = -(-len(models) // columns)
    figure = Figure(figsize=(0.6 + 3.1 * columns, 0.8 + 3.2 * lines), dpi=120)
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)  # inches
    grid = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    for place, axes in enumerate(grid.flat[len(models) :], start=len(models)):
        axes.set_axis_off()
        if place >= columns:
            grid.flat[place - columns].tick_params(labelbottom=True)  # now the lowest of its column
    for axes, model in zip(grid.flat, models, strict=False):
        axes.plot([0, 1], [0, 1], color="C7", linewidth=1, linestyle=":")
        for name, given, style in (("as trained", model.before, "o-"), ("with temperature", model.after, "s--")):
            confidence, right, count = reliability(model.actual, given)
            full = count >= FEWEST_IN_BIN
            axes.plot(confidence[full], right[full], style, markersize=4, label=name)
        before, after = (100 * error for error in model.ece)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axes.set_title(f"{model.name}\nECE {before:.1f} %, with temperature {after:.1f} %", fontsize=9)
        axes.grid(alpha=0.3)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, loc="outside upper center", ncols=2)  # a curve may go anywhere
    figure.supxlabel("confidence", fontsize=10)
    figure.supylabel(f"accuracy ({scored})", fontsize=10)
    return figure


def missing_figure(curves: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], *, scored: str) -> Figure:
    """Weighted F1 by the share of utterances that lack a modality, one panel per modality.

    Args:
        curves: what is missing -> model -> (share, score), both 0..1.
        scored: the split.
    """
    figure = Figure(figsize=(2.4 + 2.9 * len(curves), 3.4), dpi=120)
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)  # inches
    titles, _ = drawable(list(curves), what="modality")
    panels = figure.subplots(1, len(curves), squeeze=False, sharey=True).flat
    for axes, by_model, title in zip(panels, curves.values(), titles, strict=True):
        for model, points in by_model.items():
            axes.plot(*zip(*points, strict=True), "o-", markersize=3, label=model)
        axes.set_title(title.text, **({} if title.font is None else {"fontproperties": title.font}))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, symbol=None))
        axes.grid(alpha=0.3)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), fontsize=8, loc="outside right upper")
    figure.axes[0].set_ylabel(f"{scored} weighted F1 in %")
    figure.supxlabel("utterances without it in %", fontsize=10)
    return figure
