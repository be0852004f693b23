"""The pictures of one training run: the confusion matrix and the training curve."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from emotion.core.drawing import drawable, set_ticks

_CELL = 0.85  # inches
_LARGEST = 34.0  # inches for all cells: a picture of 4400 px
_READABLE = 0.5  # inches; smaller cells have no figures


def confusion_figure(matrix: NDArray[np.int64], *, labels: Sequence[str]) -> Figure:
    """Confusion matrix: colour = share of the actual class (recall on the diagonal), cells = count and per cent.

    The matrix is (classes, classes) counts, row = actual; the labels may be in any writing.
    """
    names, legend = drawable(labels)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    cell = min(_CELL, _LARGEST / len(labels))
    side = 2.2 + cell * len(labels)
    figure = Figure(figsize=(side + 0.9, side), dpi=120)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)  # inches
    axes = figure.add_subplot()
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix if cell >= _READABLE else np.zeros((0, 0))):
        colour = "white" if share[row, column] > 0.5 else "black"
        text = f"{count}\n{100 * share[row, column]:.0f} %"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    size: dict[str, Any] = {} if cell >= _READABLE else {"fontsize": max(1.0, 28 * cell)}
    set_ticks(axes.xaxis, names, rotation=35, ha="right", rotation_mode="anchor", **size)
    counted = [f"{name.text} ({total})" for name, total in zip(names, matrix.sum(1), strict=True)]
    set_ticks(axes.yaxis, names, counted, **size)
    numbers = "; numbers: in the classes' order" if legend else ""
    axes.set(
        xlabel=f"predicted emotion{numbers}",
        ylabel="actual emotion (utterances)",
        title="Test set: utterances and % of each row",
    )
    figure.colorbar(image, ax=axes, label="share of the actual emotion", shrink=0.8)
    return figure


def curve_figure(epochs: Mapping[str, NDArray[np.float64]]) -> Figure:
    """Losses and validation weighted F1 by epoch, the columns of the training curve, with the chosen epoch marked."""
    best = chosen(epochs)
    epoch, f1 = epochs["epoch"], 100 * epochs["validation_weighted_f1"]
    figure = Figure(figsize=(9, 3.8), dpi=120)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)  # inches
    losses, scores = figure.subplots(1, 2)
    losses.plot(epoch, epochs["train_loss"], label="training")
    losses.plot(epoch, epochs["validation_loss"], label="validation")
    losses.set(xlabel="epoch", ylabel="cross-entropy", title="Loss")
    scores.plot(epoch, f1, color="C1", label="validation")
    scores.plot(epoch[best], f1[best], "o", color="C3", label=f"chosen: epoch {epoch[best]:.0f}, {f1[best]:.1f} %")
    scores.set(xlabel="epoch", ylabel="weighted F1 in %", title="Validation weighted F1")
    for axes in (losses, scores):
        axes.axvline(epoch[best], color="C3", linestyle=":", linewidth=1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    return figure


def chosen(epochs: Mapping[str, NDArray[np.float64]]) -> int:
    """Row of the epoch that training keeps: highest F1, then lowest loss, then the earliest."""
    return int(np.lexsort((epochs["epoch"], epochs["validation_loss"], -epochs["validation_weighted_f1"]))[0])
