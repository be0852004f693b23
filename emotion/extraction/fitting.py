"""Fit the encoder of one modality on the training split of an index; the test split is never read."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion.core import logs
from emotion.core.errors import EmotionError, MediaError, absent_everywhere
from emotion.core.files import write_text, writing_folder
from emotion.core.progress import track
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.absent import MEDIUM
from emotion.encoders.base import Encoder
from emotion.encoders.fit import Classifier, fit, loss_and_score, predict
from emotion.encoders.folds import GROUPS, align, deal, fold_folder, save_alignment, save_folds
from emotion.encoders.polarity import polarities
from emotion.encoders.settings import Fit
from emotion.extraction.outcome import kinds
from emotion.extraction.provenance import code_of
from emotion.store.trained import Training, write_record
from emotion.training.curve import Epoch, best_epoch
from emotion.training.device import device, seed_everything

_BATCH = 16  # utterances, where nothing is trained; changes no result


@dataclass(frozen=True, slots=True)
class _Task:
    """What is fitted, on what, and how, see `fit_encoder`; and checkpoints to remove once the result is in place."""

    index: Index
    encoder: Encoder
    read: Callable[[Utterance], Any]
    settings: Fit
    scratch: Path
    checkpoints: list[Path] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What could be read of one split, and why the rest could not."""

    rows: list[Utterance]
    inputs: list[Any]
    labels: list[int]
    skipped: dict[str, str]  # utterance -> why

    def part(self, positions: NDArray[np.int64]) -> "_Inputs":
        """Some of what could be read."""
        rows, inputs, labels = ([values[n] for n in positions] for values in (self.rows, self.inputs, self.labels))
        return _Inputs(rows, inputs, labels, {})


def fit_encoder(
    index: Index,
    encoder: Encoder,
    read: Callable[[Utterance], Any],
    *,
    out: Path,
    report: Path,
    scratch: Path,
    settings: Fit,
    folds: int = 1,
) -> None:
    """Train encoder and linear head on the training split; keep the epoch with the best validation weighted F1.

    With more than one fold, `out` also holds an encoder per fold that has not seen it (see `emotion.encoders.folds`).
    All of them begin with weights of the same seed. After a kill the same call goes on with the epoch that it was in.

    Args:
        index: the corpus; rows of other splits than train and validation are dropped before anything is read.
        encoder: its settings are used, its weights are drawn again from the seed.
        read: an utterance's input for the encoder; raises MediaError where it cannot be read, which skips it.
        out: folder for what was fitted, with the record of the utterances that it knows (`emotion.store.trained`);
            complete or absent, never half. It is held from the beginning, so two runs never train for it at once.
        report: JSON with the curve, the best epoch where there was one, and what was used and skipped.
        scratch: folder for continuing after a kill.
        settings: epochs, learning rate and the like; the seed is that of weights, order and augmentation.
        folds: parts of the training split that are extracted by an encoder that has not seen them; 1 = off.

    Raises:
        EmotionError: nothing can be read of a split, there are fewer groups than folds, the training diverges, or
            another run writes the same folder.
    """
    task = _Task(index, encoder, read, settings, scratch)
    with writing_folder(out) as folder:
        found, told = _fit_into(folder, task, folds=folds)
    write_text(report, json.dumps(found, indent=2) + "\n")
    for checkpoint in task.checkpoints:
        checkpoint.unlink(missing_ok=True)
    logs.info(f"{encoder.modality} encoder: {told} -> {out}")


def _fit_into(folder: Path, task: _Task, *, folds: int) -> tuple[dict[str, Any], str]:
    """Fill the folder; the report, and one line about it."""
    index, modality = task.index, task.encoder.modality
    _check_trains(task)
    if not task.encoder.trains:
        return _keep(task, {}, folder, why="frozen without a projection, nothing to fit")
    dealt = deal([row for row in index.utterances if row.split == "train"], folds=folds) if folds > 1 else None
    splits = {split: _read_split(task, split) for split in ("train", "validation")}
    train, validation = splits.values()
    skipped = [*train.skipped.values(), *validation.skipped.values()]
    if absent_everywhere(skipped) and not train.inputs + validation.inputs:
        return _keep(task, splits, folder, why=f"the corpus has no {MEDIUM[modality]}: nothing to do, left untrained")
    for split, found in splits.items():
        _check_any(found, split, modality)
    about: dict[str, Any] = {}
    whole, history = _fit(task, train, validation, title=f"fit {modality}")
    whole.encoder.save(folder)
    if dealt is not None:
        about = _fit_folds(task, whole, train, validation, folder=folder, by=dealt[0], groups=dealt[1])
    known = [[row.utterance for row in split.rows] for split in (train, validation)]
    write_record(folder, Training.of(*known))
    return _report(whole.encoder, history, splits, about), _told(history, train, validation, folds=folds)


def _check_trains(task: _Task) -> None:
    """Raise EmotionError where settings of the fitting ask for what cannot be."""
    if task.settings.polarity_first:
        polarities(task.index.labels)
    if task.encoder.trains or not (task.settings.polarity_first or task.settings.against_speakers):
        return
    key, off = ("text.hierarchy", "none") if task.settings.polarity_first else ("audio.adversarial", "0")
    raise EmotionError(
        f"{key} is set, but the {task.encoder.modality} encoder {task.encoder.name} is frozen without a projection, so "
        f"nothing is fitted; set {task.encoder.modality}.tune or dim, or {key}: {off}"
    )


def _speakers(task: _Task, train: _Inputs) -> list[int]:
    """Number of each training input's speaker; [] where the encoder may tell them apart."""
    if not task.settings.against_speakers:
        return []
    numbers = {name: number for number, name in enumerate(sorted({row.speaker for row in train.rows}))}
    if len(numbers) < 2:
        raise EmotionError(
            f"audio.adversarial is {task.settings.against_speakers:g}, but there is one training speaker only, whom no "
            "one could be taken for; set audio.adversarial: 0, name the speakers in the corpus, or lower fit.folds"
        )
    return [numbers[row.speaker] for row in train.rows]


def _told(history: Sequence[Epoch], train: _Inputs, validation: _Inputs, *, folds: int) -> str:
    best = best_epoch(history)
    used = f"{len(train.inputs)} training and {len(validation.inputs)} validation utterances"
    skipped = len(train.skipped) + len(validation.skipped)
    score = f"validation weighted F1 {best.validation_weighted_f1:.3f} in epoch {best.epoch}"
    parts = f", {folds} folds" if folds > 1 else ""
    return f"{used}, {skipped} skipped, {score}{parts}"


def _drawn(task: _Task, inputs: Sequence[Any]) -> Encoder:
    """A new encoder of the same settings, prepared."""
    seed_everything(task.settings.seed)
    encoder = type(task.encoder)(**task.encoder.settings())
    encoder.prepare(inputs)
    return encoder


def _keep(task: _Task, splits: Mapping[str, _Inputs], folder: Path, *, why: str) -> tuple[dict[str, Any], str]:
    """Save an encoder that is not trained."""
    encoder = _drawn(task, [])
    encoder.save(folder)
    write_record(folder, Training())
    return _report(encoder, [], splits, {}), why


def _read_split(task: _Task, split: str) -> _Inputs:
    index, modality = task.index, task.encoder.modality
    rows = [row for row in index.utterances if row.split == split and row.label]
    found = _Inputs([], [], [], {})
    for row in track(rows, total=len(rows), title=f"read {modality} ({split})", unit="utterances"):
        try:
            value = task.read(row)
        except MediaError as error:
            found.skipped[row.utterance] = str(error)
            continue
        found.rows.append(row)
        found.inputs.append(value)
        found.labels.append(index.labels.index(row.label))
    if not absent_everywhere([*found.skipped.values()]):
        _check_any(found, split, modality)
    return found


def _check_any(found: _Inputs, split: str, modality: str) -> None:
    if not found.inputs:
        why = "; e.g. {}: {}".format(*next(iter(found.skipped.items()))) if found.skipped else ""
        raise EmotionError(
            f"{modality} encoder: none of the {len(found.skipped)} {split} utterances can be read, "
            f"expected at least one{why}"
        )


def _fit(task: _Task, train: _Inputs, validation: _Inputs, *, title: str) -> tuple[Classifier, list[Epoch]]:
    """A fitted encoder with its head, and its curve."""
    encoder, classes = _drawn(task, train.inputs), len(task.index.labels)
    speakers, first = _speakers(task, train), task.settings.polarity_first
    module = Classifier(
        encoder,
        classes=classes,
        polarities=polarities(task.index.labels) if first else (),
        speakers=len(set(speakers)),
    )
    known = {
        **dict(task.settings),
        "encoder": encoder.settings(),
        "classes": classes,
        "code": code_of(encoder.modality),
    }
    known |= encoder.code() | ({"speakers": speakers} if speakers else {})
    checkpoint = task.scratch / f"fit_{encoder.modality}_{_fingerprint(known, train, validation)}.pt"
    task.checkpoints.append(checkpoint)
    data = [(split.inputs, split.labels) for split in (train, validation)]
    return module, fit(module, *data, settings=task.settings, speakers=speakers, checkpoint=checkpoint, title=title)


def _fit_folds(
    task: _Task,
    whole: Classifier,
    train: _Inputs,
    validation: _Inputs,
    *,
    folder: Path,
    by: str,
    groups: Mapping[str, int],
) -> dict[str, Any]:
    """Fit, align and save an encoder without each fold; what to report of it."""
    modality, count = task.encoder.modality, max(groups.values())
    folds = np.array([groups[GROUPS[by](row)] for row in train.rows])
    target, seen = (_through(module, whole, train.inputs) for module in (whole.encoder, whole))
    unseen, lines = seen.clone(), []
    for fold in range(1, count + 1):
        part, left = train.part(np.flatnonzero(folds != fold)), train.part(np.flatnonzero(folds == fold))
        if not part.inputs:
            raise EmotionError(f"{modality} encoder: nothing can be read outside fold {fold}; lower fit.folds")
        fitted, history = _fit(task, part, validation, title=f"fit {modality} without fold {fold} of {count}")
        place, vectors = fold_folder(folder, fold), _through(fitted.encoder, fitted, part.inputs)
        fitted.encoder.save(place)
        save_alignment(place, *align(vectors.numpy(), target[folds != fold].numpy()))
        if left.inputs:
            unseen[folds == fold] = _through(fitted, fitted, left.inputs)
        lines.append({"fold": fold, "left_out": len(left.inputs), "fitted_on": len(part.inputs)} | _best(history))
    save_folds(folder, by=by, groups=groups)
    return {
        "by": by,
        "groups": dict(groups),
        "training_weighted_f1_seen": loss_and_score(seen, train.labels, whole.decide)[1],
        "training_weighted_f1_left_out": loss_and_score(unseen, train.labels, whole.decide)[1],
        "encoders": lines,
    }


def _through(part: nn.Module, fitted: Classifier, inputs: Sequence[Any]) -> Tensor:
    """What a classifier, or its encoder alone, makes of all inputs, in their order: (n, d) on the CPU."""
    part.to(device()).eval()
    made = predict(part, fitted.encoder, inputs, batch=_BATCH)
    part.to("cpu")
    return made


def _fingerprint(settings: dict[str, Any], *splits: _Inputs) -> str:
    """Names a run by its settings, inputs and labels, so that a checkpoint of other data is never continued."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for split in splits:
        digest.update(repr(split.labels).encode())
        for value in split.inputs:
            digest.update(value.encode() if isinstance(value, str) else np.ascontiguousarray(value).data)
    return digest.hexdigest()[:16]


def _best(history: Sequence[Epoch]) -> dict[str, Any]:
    """The best epoch and its score; nothing where nothing was trained, so nothing was measured."""
    best = best_epoch(history) if history else None
    return {"best_epoch": best.epoch, "validation_weighted_f1": best.validation_weighted_f1} if best else {}


def _report(
    encoder: Encoder, history: Sequence[Epoch], splits: Mapping[str, _Inputs], folds: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "modality": encoder.modality,
        "encoder": encoder.name,
        **_best(history),
        "utterances": {
            name: {"used": len(split.inputs), "skipped": len(split.skipped)} for name, split in splits.items()
        },
        "skipped": kinds([reason for split in splits.values() for reason in split.skipped.values()]),
        "curve": [asdict(line) for line in history],
        **({"folds": folds} if folds else {}),
    }
