"""Fit one encoder on the training split of an index; the test split is never read."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.base import Encoder
from emotion.encoders.fit import fit
from emotion.errors import EmotionError, MediaError, absent_everywhere
from emotion.files import write_text
from emotion.progress import track
from emotion.training import Epoch, best_epoch, seed_everything


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What could be read of one split, and why the rest could not."""

    inputs: list[Any]
    labels: list[int]
    skipped: list[str]


def fit_encoder(
    index: Index,
    encoder: Encoder,
    read: Callable[[Utterance], Any],
    *,
    out: Path,
    report: Path,
    scratch: Path,
    epochs: int,
    lr: float,
    weight_decay: float,
    batch: int,
    patience: int,
    seed: int,
) -> None:
    """Train encoder and linear head on the training split; keep the epoch with the best validation weighted F1.

    Args:
        index: the corpus; rows of other splits than train and validation are dropped before anything is read.
        encoder: its settings are used, its weights are drawn anew from `seed`.
        read: an utterance's input for the encoder; raises MediaError where it cannot be read, which skips it.
        out: folder for the fitted encoder; complete or absent, never half.
        report: JSON with the curve, the best epoch and what was used and skipped.
        scratch: folder for continuing after a kill.
        epochs: see `encoders.fit.fit`, as for the others.
        lr: largest learning rate.
        weight_decay: L2 penalty.
        batch: utterances per step.
        patience: epochs without a better one before stopping; 0 = never.
        seed: of weights, order and augmentation.

    Raises:
        EmotionError: nothing can be read of a split, or the training diverges.
    """
    train, validation = (_read_split(index, split, read, encoder.modality) for split in ("train", "validation"))
    seed_everything(seed)
    encoder = type(encoder)(**encoder.settings())
    encoder.prepare(train.inputs)
    if absent_everywhere(train.skipped + validation.skipped) and not train.inputs + validation.inputs:
        _save(encoder, out)
        _write_report(report, encoder, [], {"train": train, "validation": validation})
        sys.stderr.write(f"{encoder.modality} encoder: the corpus has no {encoder.modality}, left untrained -> {out}\n")
        return
    settings = {"seed": seed, "batch": batch, "encoder": encoder.settings(), "classes": index.labels}
    history = fit(
        encoder,
        train.inputs,
        train.labels,
        validation.inputs,
        validation.labels,
        classes=len(index.labels),
        epochs=epochs,
        lr=lr,
        weight_decay=weight_decay,
        batch=batch,
        patience=patience,
        seed=seed,
        checkpoint=scratch / f"fit_{encoder.modality}_{_fingerprint(settings, train, validation)}.pt",
    )
    _save(encoder, out)
    _write_report(report, encoder, history, {"train": train, "validation": validation})
    best = best_epoch(history)
    used = f"{len(train.inputs)} training and {len(validation.inputs)} validation utterances"
    skipped = len(train.skipped) + len(validation.skipped)
    score = f"validation weighted F1 {best.validation_weighted_f1:.3f} in epoch {best.epoch}"
    sys.stderr.write(f"{encoder.modality} encoder: {used}, {skipped} skipped, {score} -> {out}\n")


def _read_split(index: Index, split: str, read: Callable[[Utterance], Any], modality: str) -> _Inputs:
    rows = [row for row in index.utterances if row.split == split]
    found = _Inputs([], [], [])
    for row in track(rows, total=len(rows), title=f"read {modality} ({split})", unit="utterances"):
        try:
            value = read(row)
        except MediaError as error:
            found.skipped.append(f"{row.utterance}: {error}")
            continue
        found.inputs.append(value)
        found.labels.append(index.labels.index(row.label))
    if not found.inputs and not absent_everywhere(found.skipped):
        why = f"; e.g. {found.skipped[0]}" if found.skipped else ""
        raise EmotionError(
            f"{modality} encoder: none of the {len(rows)} {split} utterances can be read, expected at least one{why}"
        )
    return found


def _fingerprint(settings: dict[str, Any], *splits: _Inputs) -> str:
    """Names a run by its settings, inputs and labels, so that a checkpoint of other data is never continued."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for split in splits:
        digest.update(repr(split.labels).encode())
        for value in split.inputs:
            digest.update(value.encode() if isinstance(value, str) else np.ascontiguousarray(value).data)
    return digest.hexdigest()[:16]


def _save(encoder: Encoder, out: Path) -> None:
    """Write a folder beside `out`, then rename it: `out` is always a whole encoder."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.partial{os.getpid()}")
    try:
        encoder.save(partial)
        if out.exists():
            shutil.rmtree(out)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_report(path: Path, encoder: Encoder, history: Sequence[Epoch], splits: dict[str, _Inputs]) -> None:
    best = best_epoch(history) if history else None
    content = {
        "modality": encoder.modality,
        "encoder": encoder.name,
        "best_epoch": best.epoch if best else 0,
        "validation_weighted_f1": best.validation_weighted_f1 if best else 0.0,
        "utterances": {
            name: {"used": len(split.inputs), "skipped": len(split.skipped)} for name, split in splits.items()
        },
        "skipped": sorted(reason for split in splits.values() for reason in split.skipped),
        "curve": [asdict(line) for line in history],
    }
    write_text(path, json.dumps(content, indent=2) + "\n")
