"""The test set's scores as files, pictures and a table; the only code that reads test labels.

All output is byte-deterministic: fixed number formats, no dates, no versions.
"""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from emotion import evaluation
from emotion.corpus.utterance import Index, read_index
from emotion.errors import EmotionError
from emotion.files import write_text, writing

SHORT = ("n", "accuracy", "weighted_f1", "macro_f1", "unweighted_recall")
"""What is reported for validation; the test set gets everything."""
_CURVE = ("epoch", "train_loss", "validation_loss", "validation_weighted_f1")
_MEND = "run the fuse stage again: dvc repro fuse"


@dataclass(frozen=True)
class Predictions:
    """Labelled utterances of one split: ids and dialogues (n), actual and predicted (n,), probabilities (n, c)."""

    utterances: list[str]
    dialogues: list[str]
    actual: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def evaluate(index_path: Path, probabilities: Path, curve: Path, *, out: Path, seed: int = 0) -> None:
    """Score the predictions and write `metrics.json`, `predictions.csv`, `confusion.csv` and two pictures.

    Args:
        index_path: data/index.csv.
        probabilities: the classifier's probabilities.csv, for validation and test.
        curve: the training curve; its best validation epoch is marked.
        out: folder for the results.
        seed: of the bootstrap.

    Raises:
        EmotionError: the files do not fit together, or there are no labelled test utterances.
    """
    index = read_index(index_path, test_labels=True)
    splits = _read_probabilities(probabilities, index)
    epochs = _read_curve(curve)
    best = int(epochs["epoch"][_best(epochs)])
    labels, test = index.labels, splits["test"]
    result: dict[str, Any] = {"validation": {"epoch": best}}
    for split, found in splits.items():
        if len(found.actual) == 0:
            raise EmotionError(f"{probabilities}: no labelled utterance of split {split}; {_MEND}")
        scores = evaluation.scores(
            found.actual, found.predicted, found.probabilities, labels=labels, groups=found.dialogues, seed=seed
        )
        result[split] = (
            result["validation"] | {name: scores[name] for name in SHORT} if split == "validation" else scores
        )
    pairs = [[labels[actual], labels[guess]] for actual, guess in zip(test.actual, test.predicted, strict=True)]
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "metrics.json", json.dumps(_rounded(result), indent=2, allow_nan=False) + "\n")
    _write_csv(out / "confusion.csv", ["actual", "predicted"], pairs)
    _write_csv(
        out / "predictions.csv",
        ["utterance", "dialogue", "actual", "predicted", *labels],
        [
            [test.utterances[i], test.dialogues[i], *pairs[i], *(f"{value:.6f}" for value in test.probabilities[i])]
            for i in range(len(pairs))
        ],
    )
    matrix = evaluation.confusion(test.actual, test.predicted, classes=len(labels))
    _save(confusion_figure(matrix, labels=labels), out / "confusion.png")
    _save(curve_figure(epochs), out / "training.png")


def summary(metrics: Path, *, pictures: Sequence[Path]) -> None:
    """Print the test metrics as a table, overall and per class, and where the pictures are.

    Args:
        metrics: metrics.json.
        pictures: files to name; those that do not exist are left out.

    Raises:
        EmotionError: there are no metrics yet.
    """
    try:
        test = json.loads(metrics.read_text(encoding="utf-8"))["test"]
        tables = [_overall_table(test), _class_table(test["per_class"])]
    except FileNotFoundError:
        raise EmotionError(f"{metrics}: not found; make it with `make repro`") from None
    except (ValueError, KeyError, TypeError):
        raise EmotionError(
            f"{metrics}: damaged, expected JSON with test scores; make it again with `make repro`"
        ) from None
    console = Console()
    for table in tables:
        console.print(table)
    for path in pictures:
        if path.is_file():
            console.print(f"picture: {path}", soft_wrap=True, highlight=False, markup=False)


def confusion_figure(matrix: NDArray[np.int64], *, labels: Sequence[str]) -> Figure:
    """Confusion matrix: colour = share of the actual class (recall on the diagonal), cells = count and per cent.

    Args:
        matrix: (classes, classes) counts; row = actual.
        labels: names of the classes.
    """
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 2.2 + 0.85 * len(labels)
    figure = Figure(figsize=(side + 0.9, side), dpi=120)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)  # inches
    axes = figure.add_subplot()
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        colour = "white" if share[row, column] > 0.5 else "black"
        text = f"{count}\n{100 * share[row, column]:.0f} %"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(len(labels)), labels, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(
        range(len(labels)), [f"{name} ({total})" for name, total in zip(labels, matrix.sum(1), strict=True)]
    )
    axes.set(
        xlabel="predicted emotion", ylabel="actual emotion (utterances)", title="Test set: utterances and % of each row"
    )
    figure.colorbar(image, ax=axes, label="share of the actual emotion", shrink=0.8)
    return figure


def curve_figure(epochs: Mapping[str, NDArray[np.float64]]) -> Figure:
    """Losses and validation weighted F1 by epoch, with the chosen epoch marked.

    Args:
        epochs: columns of the training curve.
    """
    best = _best(epochs)
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


def _save(figure: Figure, path: Path) -> None:
    """Without a display and without matplotlib's version in the file."""
    with writing(path) as partial:
        FigureCanvasAgg(figure).print_png(partial, metadata={"Software": None})


def _best(epochs: Mapping[str, NDArray[np.float64]]) -> int:
    """Row of the epoch that training keeps: highest F1, then lowest loss, then the earliest."""
    return int(np.lexsort((epochs["epoch"], epochs["validation_loss"], -epochs["validation_weighted_f1"]))[0])


def _read_curve(path: Path) -> dict[str, NDArray[np.float64]]:
    rows = _read_csv(path)
    try:
        columns = {name: np.array([_finite(row[name]) for row in rows]) for name in _CURVE}
    except (KeyError, TypeError, ValueError):
        raise EmotionError(f"{path}: damaged, expected the columns {','.join(_CURVE)} with numbers; {_MEND}") from None
    if not rows:
        raise EmotionError(f"{path}: holds no epoch; {_MEND}")
    return columns


def _read_probabilities(path: Path, index: Index) -> dict[str, Predictions]:
    """Predictions for the labelled utterances of validation and test; every one of the index must be there."""
    rows = {row["utterance"]: row for row in _read_csv(path)}
    found = {}
    for split in ("validation", "test"):
        known = [row for row in index.utterances if row.split == split and row.label]
        absent = [row.utterance for row in known if row.utterance not in rows]
        if absent:
            raise EmotionError(
                f"{path}: {len(absent)} utterances of split {split} are missing, e.g. {absent[0]}; {_MEND}"
            )
        try:
            values = [[_finite(rows[row.utterance][label]) for label in index.labels] for row in known]
        except (KeyError, TypeError, ValueError):
            raise EmotionError(f"{path}: expected a number for each of {', '.join(index.labels)}; {_MEND}") from None
        probabilities = np.array(values, dtype=np.float64).reshape(len(known), len(index.labels))
        found[split] = Predictions(
            [row.utterance for row in known],
            [row.dialogue for row in known],
            np.array([index.labels.index(row.label) for row in known], dtype=np.int64),
            probabilities.argmax(axis=1),
            probabilities,
        )
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _read_csv(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; {_MEND}") from None
    except (UnicodeDecodeError, csv.Error):
        raise EmotionError(f"{path}: damaged, expected CSV in UTF-8; {_MEND}") from None


def _overall_table(test: Mapping[str, Any]) -> Table:
    table = Table(title=f"Test set, {test['n']} utterances", title_justify="left")
    table.add_column("score")
    table.add_column("value", justify="right")
    low, high = 100 * test["weighted_f1_ci_low"], 100 * test["weighted_f1_ci_high"]
    table.add_row("accuracy", _percent(test["accuracy"]))
    table.add_row("weighted F1", _percent(test["weighted_f1"]))
    table.add_row("  95 % interval over dialogues", f"{low:.2f} - {high:.2f} %")
    table.add_row("macro F1", _percent(test["macro_f1"]))
    table.add_row("unweighted recall", _percent(test["unweighted_recall"]))
    table.add_row("calibration error (ECE)", _percent(test["ece"]))
    return table


def _class_table(per_class: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table(title="Per emotion", title_justify="left")
    table.add_column("emotion")
    for name in ("precision", "recall", "F1", "utterances"):
        table.add_column(name, justify="right")
    for label, scores in per_class.items():
        values = [_percent(scores[name]) for name in ("precision", "recall", "f1")]
        table.add_row(label, *values, str(scores["support"]))
    return table


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _rounded(value: object) -> object:
    """Numbers to 6 decimals, so that a file does not change with the last bit of a sum."""
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return round(value, 6) if isinstance(value, float) else value


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, table.getvalue())
