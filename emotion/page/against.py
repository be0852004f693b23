"""Another run beside this one: a DVC experiment, a git revision, or a folder with a run."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from emotion.core.errors import EmotionError
from emotion.core.text import quoted, shortened
from emotion.evaluation.rows import finite, named, parse_rows
from emotion.page.data import Gathered
from emotion.page.files import flat, read_text
from emotion.page.overview import differing, interval
from emotion.page.packing import NO_LABEL, shares, u8

_MOST_NAME = 200
_THERE = "run dvc repro there"


@dataclass(frozen=True)
class Other:
    """What is known of the other run.

    Attributes:
        name: as it was asked for.
        where: for messages.
        scores: metrics.json.
        details: details.json, {} where there is none.
        params: key -> value.
        predictions: rows of predictions.csv; [] where there are none.
    """

    name: str
    where: Path
    scores: Mapping[str, Any]
    details: Mapping[str, Any]
    params: Mapping[str, str]
    predictions: list[dict[str, str]]


def compare(found: Gathered, name: str) -> dict[str, Any]:
    """What the page shows of another run beside this one.

    Args:
        found: this run.
        name: of a folder with a run, of a DVC experiment, or a git revision.

    Raises:
        EmotionError: there is no such run, its predictions are not here, or they are of another corpus.
    """
    other = _from_folder(Path(name), name) if Path(name).is_dir() else _from_git(found.run.folder, name)
    rows, labels = found.run.index.utterances, found.run.index.labels
    known = {row.get("utterance", ""): row for row in other.predictions}
    if not any(row.utterance in known for row in rows):
        raise EmotionError(
            f"{other.where}: predictions of other utterances than this run's; compare runs of one corpus"
        )
    predicted = np.full(len(rows), NO_LABEL)
    probabilities = np.zeros((len(rows), len(labels)))
    try:
        for i, row in enumerate(rows):
            if line := known.get(row.utterance):
                probabilities[i] = [finite(line.get(label)) for label in labels]
                predicted[i] = probabilities[i].argmax()
    except ValueError as error:
        raise EmotionError(
            f"{other.where}: predictions.csv: expected a number for each of {named(labels)}, found {error}; "
            f"compare runs of one corpus, or {_THERE}"
        ) from None
    return {
        "name": shortened(name),
        "scores": other.scores,
        "interval": interval(other.scores, other.details),
        "predicted": u8(predicted),
        "probabilities": shares(probabilities),
        "changed": differing(found.run.params, other.params) if other.params else [],
    }


def _from_folder(folder: Path, name: str) -> Other:
    metrics = folder / "metrics"
    scores = read_text(metrics / "metrics.json", remedy=_THERE)
    predictions = read_text(metrics / "predictions.csv", remedy=_THERE)
    if scores is None or predictions is None:
        missing = "metrics.json" if scores is None else "predictions.csv"
        raise EmotionError(f"{metrics / missing}: not found; {_THERE}, or name an experiment or a revision")
    details, params = (read_text(path, remedy=_THERE) for path in (metrics / "details.json", folder / "params.yaml"))
    return _other(name, metrics, scores, details, params, predictions)


def _from_git(folder: Path, name: str) -> Other:
    """Metrics from the commit, predictions from DVC's cache by the hash that its dvc.lock names."""
    commit = _commit(folder, name)
    scores = _show(folder, commit, "metrics/metrics.json")
    if scores is None:
        raise EmotionError(
            f"{quoted(name)}: its commit has no metrics/metrics.json; name one in which dvc repro was run"
        )
    lock = _show(folder, commit, "dvc.lock") or ""
    path = _cached(folder, _md5(lock, "metrics/predictions.csv"))
    predictions = read_text(path) if path is not None else None
    if predictions is None:
        raise EmotionError(
            f"{quoted(name)}: its predictions are not in DVC's cache here; get them with: dvc fetch, or run it again: "
            f"dvc exp apply {shortened(name)}"
        )
    details, params = (_show(folder, commit, file) for file in ("metrics/details.json", "params.yaml"))
    return _other(name, Path(f"{shortened(name)}: metrics"), scores, details, params, predictions)


def _other(name: str, where: Path, scores: str, details: str | None, params: str | None, predictions: str) -> Other:
    try:
        found = [json.loads(text or "{}") for text in (scores, details)]
        settings = flat(YAML(typ="safe", pure=True).load(params)) if params else {}
    except (ValueError, RecursionError, YAMLError):
        raise EmotionError(f"{where}: damaged, expected JSON and YAML; {_THERE}") from None
    if not all(isinstance(part, dict) for part in found) or not isinstance(found[0].get("test"), dict):
        raise EmotionError(f"{where}: metrics.json has no scores of a test set; {_THERE}")
    rows = parse_rows(predictions, where / "predictions.csv", remedy=_THERE)
    return Other(name, where, found[0], found[1], settings, rows)


def _commit(folder: Path, name: str) -> str:
    """The commit of an experiment or a revision."""
    if not name or name.startswith("-") or len(name) > _MOST_NAME or not name.isprintable():
        raise EmotionError(f"--against {quoted(name)}: expected a folder, an experiment or a git revision")
    refs = (_git(folder, "for-each-ref", "--format=%(refname)", "refs/exps") or "").split("\n")
    named = [ref for ref in refs if ref.rsplit("/", 1)[-1] == name]
    for candidate in (*named, name):
        found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}")
        if found:
            return found.strip()
    raise EmotionError(
        f"--against {quoted(name)}: no folder, no experiment and no git revision of this name; see `dvc exp list`"
    )


def _show(folder: Path, commit: str, file: str) -> str | None:
    return _git(folder, "show", f"{commit}:./{file}")


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None where it fails."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise EmotionError("git is not installed; compare with a folder instead (--against FOLDER)") from None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _md5(lock: str, path: str) -> str:
    """The hash of an output in dvc.lock; '' where it is not there."""
    try:
        stages = YAML(typ="safe", pure=True).load(lock)["stages"].values()
        hashes = [out["md5"] for stage in stages for out in stage.get("outs", []) if out["path"] == path]
    except (YAMLError, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return ""
    text = str(hashes[0]) if hashes else ""
    return text if len(text) == 32 and set(text) <= set("0123456789abcdef") else ""


def _cached(folder: Path, md5: str) -> Path | None:
    if not md5:
        return None
    root = folder / ".dvc" / "cache"
    if not (root / "files").is_dir():
        top = _git(folder, "rev-parse", "--show-toplevel")
        root = Path((top or ".").strip()) / ".dvc" / "cache"
    return root / "files" / "md5" / md5[:2] / md5[2:]
