"""The test set's scores in the terminal: `emotion summary`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.text import counted, printable
from emotion.corpus.shared import sentences
from emotion.evaluation.people import told
from emotion.evaluation.report import LOOK, interval_text, score_line
from emotion.evaluation.rows import named


def summary(folder: Path, *, pictures: Sequence[str] = ("confusion.png", "training.png")) -> None:
    """Print the test metrics as a table, overall and per class, and where the pictures are that exist.

    Raises:
        EmotionError: there are no metrics yet, or an earlier version wrote them.
    """
    test, details = _read(folder / "metrics.json"), _read(folder / "details.json")
    try:
        test = test["test"]
        shown = [_overall(test, details), _classes(test["per_class_f1"], details["test"]["per_class"])]
        notes = [*_notes(details), *told(details)]
        last = score_line(test, details["interval"]["count"], details["interval"]["over"])
    except (KeyError, TypeError, AttributeError, ValueError):
        raise EmotionError(
            f"{folder}: metrics.json and details.json do not hold what is expected (damaged, or of an earlier "
            "version); make them again: dvc repro evaluate"
        ) from None
    console = Console()
    for table in shown:
        console.print(table)
    for line in notes:
        console.print(line, highlight=False, markup=False)
    for path in (folder / name for name in pictures):
        if path.is_file():
            console.print(f"picture: {path}", soft_wrap=True, highlight=False, markup=False)
    console.print(f"{last}; {LOOK}", soft_wrap=True, highlight=False, markup=False)


def _read(path: Path) -> dict[str, Any]:
    check_waits(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; make it with `make repro`") from None
    except OSError as error:
        raise cannot("be read", path, error) from None
    except (ValueError, RecursionError):
        raise EmotionError(f"{path}: damaged, expected JSON; make it again: dvc repro evaluate") from None
    return found if isinstance(found, dict) else {}


def _overall(test: Mapping[str, Any], details: Mapping[str, Any]) -> Table:
    table = Table(title=f"Test set, {counted(test['n'], 'utterances')}", title_justify="left")
    table.add_column("score")
    table.add_column("value", justify="right")
    interval = details["interval"]
    table.add_row("accuracy", _percent(test["accuracy"]))
    table.add_row("weighted F1", _percent(test["weighted_f1"]))
    table.add_row("  95 % interval", interval_text(test, interval["count"], interval["over"]))
    table.add_row("macro F1", _percent(test["macro_f1"]))
    table.add_row("unweighted recall", _percent(test["unweighted_recall"]))
    table.add_row("calibration error (ECE)", _percent(test["ece"]))
    return table


def _classes(f1: Mapping[str, float], per_class: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table(title="Per emotion", title_justify="left")
    table.add_column("emotion")
    for name in ("precision", "recall", "F1", "utterances"):
        table.add_column(name, justify="right")
    for label, scores in per_class.items():
        values = [_percent(scores.get("precision")), _percent(scores.get("recall")), _percent(f1.get(label))]
        table.add_row(Text(printable(label)), *values, str(scores["support"]))
    return table


def _notes(details: Mapping[str, Any]) -> list[str]:
    """What must be known to read the figures."""
    averages = details["averages"]
    lines = [f"Macro F1 {averages['macro_f1']}, unweighted recall {averages['unweighted_recall']}."]
    absent = details["absent"]
    lines += [f"No {name} utterance of: {named(absent[split])}." for split, name in _SPLITS if absent[split]]
    lines += [f"{line[0].upper()}{line[1:]}." for line, _ in sentences(details.get("shared", {}))]
    return [*lines, f"{details['features'].capitalize()}."] if "features" in details else lines


_SPLITS = (("train", "training"), ("test", "test"))


def _percent(share: float | None) -> str:
    """A share in per cent, '-' where there is none; ValueError where it is no share."""
    if share is None:
        return "-"
    if isinstance(share, bool) or not 0 <= share <= 1:
        raise ValueError
    return f"{100 * share:.2f} %"
