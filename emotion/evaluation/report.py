"""The test set's scores as files and pictures; the only code that reads test labels.

All output is byte-deterministic: fixed number formats, no dates, no versions.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core import drawing, logs
from emotion.core.errors import EmotionError
from emotion.core.files import write_all
from emotion.core.tables import csv_text
from emotion.core.text import counted
from emotion.corpus.shared import of_folds
from emotion.corpus.utterance import SPLITS, Index, Utterance, read_index, session_of
from emotion.evaluation import scores
from emotion.evaluation.annotators import read_votes
from emotion.evaluation.figures import chosen, confusion_figure, curve_figure
from emotion.evaluation.people import against_votes, gaps_of
from emotion.evaluation.rows import LEAST, named, read_curve, read_probabilities
from emotion.store.overlap import check_classifier

LOOK = "look at it: emotion view"
UNKNOWN_TRAINING = (
    "nobody knows which utterances trained the encoders of imported features: test ones may be among them"
)
_SEED = 0  # of the bootstrap
_IMPORTED = "imported"  # what `emotion import` calls its corpus
_VALIDATION = ("n", "weighted_f1", "accuracy")
_TEST = ("n", "accuracy", "weighted_f1", "weighted_f1_ci_low", "weighted_f1_ci_high", "macro_f1", "unweighted_recall")


@dataclass(frozen=True)
class Predictions:
    """Labelled utterances of one split: rows (n) of the index, actual and predicted (n,), probabilities (n, c)."""

    rows: list[Utterance]
    actual: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def evaluate(
    index_path: Path,
    probabilities: Path,
    curve: Path,
    *,
    out: Path,
    faces: Path | None = None,
    annotators: Path | None = None,
) -> None:
    """Score the predictions and write `metrics.json`, `details.json`, four tables and two pictures; all or none.

    Args:
        index_path: data/index.csv.
        probabilities: the classifier's probabilities.csv, for validation and test.
        curve: the training curve; its best validation epoch is marked.
        out: folder for the results.
        faces: the report of the faces stage; it need not exist.
        annotators: the raters' votes; it need not exist, and may hold none.

    Raises:
        EmotionError: the files do not fit together, there are no labelled test utterances, or the classifier knows some
            of them (see `emotion.store.overlap`).
    """
    index = read_index(index_path, test_labels=True)
    _check_splits(index_path, index)
    check_classifier(probabilities.parent, index)
    splits = {split: _predictions(probabilities, index, split) for split in ("validation", "test")}
    epochs, coverage = read_curve(curve), _coverage(faces)
    of, kind = scores.clusters_of(index)
    groups = {split: [of[row.utterance] for row in found.rows] for split, found in splits.items()}
    scored = {
        split: scores.scores(
            found.actual, found.predicted, found.probabilities, labels=index.labels, groups=groups[split], seed=_SEED
        )
        for split, found in splits.items()
    }
    count, absent = len(set(groups["test"])), _absent(index)
    details = _details(index, scored, splits["test"], epochs) | {
        "interval": {"level": 0.95, "over": kind, "count": count, "given": "weighted_f1_ci_low" in scored["test"]},
        "absent": absent,
        "shared": {one.split: one.counts() for one in of_folds([index.utterances])},
        "gaps": gaps_of(index, splits["test"].rows, splits["test"].actual, splits["test"].predicted),
        **_raters(index, probabilities, annotators),
    }
    metrics = _metrics(scored) | ({} if coverage is None else {"faces": {"coverage": coverage}})
    tables = _tables(splits["test"], index.labels)
    matrix = scores.confusion(splits["test"].actual, splits["test"].predicted, classes=len(index.labels))
    pictures = {
        "confusion.png": drawing.png(confusion_figure(matrix, labels=index.labels)),
        "training.png": drawing.png(curve_figure(epochs)),
    }
    texts = {**tables, "details.json": _json(details), "metrics.json": _json(metrics)}
    contents = pictures | {name: text.encode() for name, text in texts.items()}
    write_all({out / name: content for name, content in contents.items()})
    drawing.tell(drawing.drawable(index.labels)[1], where=str(out / "confusion.png"))
    _tell(scored["test"], count, kind, absent, imported=index.corpus == _IMPORTED)


def interval_text(test: Mapping[str, Any], count: int, kind: str) -> str:
    """The interval of the weighted F1, or why there is none: e.g. `73.0 to 82.5 over 10 dialogues`."""
    if "weighted_f1_ci_low" not in test:
        return scores.too_few(count, kind)
    low, high = 100 * test["weighted_f1_ci_low"], 100 * test["weighted_f1_ci_high"]
    return f"{low:.1f} to {high:.1f} over {count} {kind}"


def score_line(test: Mapping[str, Any], count: int, kind: str) -> str:
    """`test: weighted F1 77.60 % (73.0 to 82.5 over 10 dialogues), accuracy 78.05 %, 82 utterances`."""
    return (
        f"test: weighted F1 {100 * test['weighted_f1']:.2f} % ({interval_text(test, count, kind)}), "
        f"accuracy {100 * test['accuracy']:.2f} %, {counted(test['n'], 'utterances')}"
    )


def _tell(
    test: Mapping[str, Any], count: int, kind: str, absent: Mapping[str, Sequence[str]], *, imported: bool
) -> None:
    """What stands beside the figures, and the line with the figures."""
    if absent["train"]:
        logs.warning(f"no training utterance of {named(absent['train'])}: it cannot be recognised")
    if absent["test"]:
        logs.warning(
            f"no test utterance of {named(absent['test'])}: macro F1 is over the classes that occur or are predicted, "
            "unweighted recall over those that occur"
        )
    if imported:
        logs.warning(UNKNOWN_TRAINING)
    logs.info(f"{score_line(test, count, kind)}; {LOOK}")


def _check_splits(index_path: Path, index: Index) -> None:
    """Both splits that are scored have utterances."""
    known = {row.split for row in index.utterances if row.label}
    if "test" not in known:
        raise EmotionError(
            f"{index_path}: this corpus has no test utterances: `emotion study` scores on validation "
            f"(emotion study --features {index_path.parent} --out studies/validation)"
        )
    if "validation" not in known:
        raise EmotionError(
            f"{index_path}: this corpus has no validation utterances, on which the epoch is chosen; "
            "choose another split (index.split in params.yaml) and run dvc repro"
        )


def _absent(index: Index) -> dict[str, list[str]]:
    """Per split the classes of which it has no utterance."""
    known = {(row.split, row.label) for row in index.utterances}
    return {split: [label for label in index.labels if (split, label) not in known] for split in SPLITS}


def _metrics(scored: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The one declared metrics file; what cannot be given is left out."""
    test = scored["test"]
    seen = {label: row["f1"] for label, row in test["per_class"].items() if row["support"] + row["predicted"]}
    return {
        "validation": {name: scored["validation"][name] for name in _VALIDATION},
        "test": {name: test[name] for name in _TEST if name in test} | {"ece": test["ece"], "per_class_f1": seen},
    }


def _details(
    index: Index, scored: Mapping[str, dict[str, Any]], test: Predictions, epochs: Mapping[str, NDArray[np.float64]]
) -> dict[str, Any]:
    """What is no metric: the chosen epoch, precision, recall and support, sessions; no speakers and no ids."""
    found: dict[str, Any] = {
        "validation": {
            "best_epoch": int(epochs["epoch"][chosen(epochs)]),
            "epochs": len(epochs["epoch"]),
            **{name: scored["validation"][name] for name in ("macro_f1", "unweighted_recall", "ece")},
        },
        "test": {"per_class": {label: _defined(row) for label, row in scored["test"]["per_class"].items()}},
        "averages": {
            "macro_f1": "over the classes that occur or are predicted",
            "unweighted_recall": "over the classes that occur",
        },
    }
    sessions = _grouped(test, [session_of(row.dialogue) for row in test.rows], index.labels)
    if "" not in sessions:
        found["test"]["per_session"] = sessions
    if index.corpus == _IMPORTED:
        found["features"] = UNKNOWN_TRAINING
    return found


def _defined(row: Mapping[str, float]) -> dict[str, float]:
    """A class's scores without those that divide by 0."""
    needs = {"precision": row["predicted"], "recall": row["support"], "f1": row["support"] + row["predicted"]}
    return {name: value for name, value in row.items() if needs.get(name, 1)}


def _grouped(test: Predictions, groups: Sequence[str], labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Scores of each group (n) of utterances, sorted by name."""
    found = {}
    for name in sorted(set(groups)):
        here = np.array([group == name for group in groups])
        matrix = scores.confusion(test.actual[here], test.predicted[here], classes=len(labels))
        figures = scores.scores_of_matrix(matrix, labels=labels)
        found[name] = {figure: figures[figure] for figure in ("n", "accuracy", "weighted_f1")}
    return found


def _tables(test: Predictions, labels: Sequence[str]) -> dict[str, str]:
    """Name of the file -> its CSV. The confusion table is sorted by class, so that it is no list of labels."""
    places = sorted(zip(test.actual.tolist(), test.predicted.tolist(), strict=True))
    predictions = [
        [row.utterance, row.dialogue, labels[actual], labels[guess], *(f"{value:.6f}" for value in values)]
        for row, actual, guess, values in zip(test.rows, test.actual, test.predicted, test.probabilities, strict=True)
    ]
    speakers = [
        [name, found["n"], f"{found['accuracy']:.6f}", f"{found['weighted_f1']:.6f}"]
        for name, found in _grouped(test, [row.speaker for row in test.rows], labels).items()
    ]
    return {
        "predictions.csv": csv_text(["utterance", "dialogue", "actual", "predicted", *labels], predictions),
        "speakers.csv": csv_text(["speaker", "n", "accuracy", "weighted_f1"], speakers),
        "confusion.csv": csv_text(["actual", "predicted"], [[labels[a], labels[b]] for a, b in places]),
    }


def _raters(index: Index, path: Path, annotators: Path | None) -> dict[str, Any]:
    """How near the test set's probabilities come to the raters' votes; {} where there are none."""
    votes = read_votes(annotators, index.labels) if annotators is not None and annotators.exists() else None
    if votes is None:
        return {}
    rows = [row for row in index.utterances if row.split == "test"]
    given = read_probabilities(path, index, rows).clip(min=LEAST)
    return {"raters": against_votes(index, rows, given, votes)}


def _coverage(faces: Path | None) -> float | None:
    """Share of frames that show the speaker's face; None where there was no faces stage."""
    try:
        found = json.loads(faces.read_text(encoding="utf-8")).get("coverage") if faces else None
    except FileNotFoundError:
        return None
    except (ValueError, AttributeError, RecursionError):
        raise EmotionError(f"{faces}: damaged, expected JSON with coverage; run dvc repro faces") from None
    return float(found) if isinstance(found, int | float) and math.isfinite(found) else None


def _predictions(path: Path, index: Index, split: str) -> Predictions:
    """Predictions for the labelled utterances of a split."""
    known = [row for row in index.utterances if row.split == split and row.label]
    probabilities = read_probabilities(path, index, known)
    actual = np.array([index.labels.index(row.label) for row in known], dtype=np.int64)
    return Predictions(known, actual, probabilities.argmax(axis=1), probabilities)


def _json(content: object) -> str:
    return json.dumps(_rounded(content), indent=2, allow_nan=False) + "\n"


def _rounded(value: object) -> object:
    """Numbers to 6 decimals, so that a file does not change with the last bit of a sum."""
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return round(value, 6) if isinstance(value, float) else value
