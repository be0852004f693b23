"""Fit the encoder of one modality on the training split of an index; the test split is never read."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
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
from emotion.encoders.base import Encoder
from emotion.encoders.fit import Classifier, fit, loss_and_score, predict
from emotion.encoders.folds import GROUPS, align, deal, fold_folder, save_alignment, save_folds
from emotion.extraction.absent import MEDIUM
from emotion.extraction.outcome import kinds
from emotion.store.trained import Training, write_record
from emotion.training.curve import Epoch, best_epoch
from emotion.training.device import device, seed_everything

_BATCH = 16  # utterances, where nothing is trained; changes no result
_FitOn = Callable[["_Inputs", str], "_Fitted"]  # training data, title


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


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A fitted encoder with its head, its curve, and the checkpoint to be removed once the result is in place."""

    module: Classifier
    history: list[Epoch]
    checkpoint: Path


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
    balanced: bool = False,
    folds: int = 1,
) -> None:
    """Train encoder and linear head on the training split; keep the epoch with the best validation weighted F1.

    With more than one fold, `out` also holds an encoder per fold that has not seen it (see `emotion.encoders.folds`).
    All of them begin with weights of the same seed. After a kill the same call goes on with the epoch that it was in.

    Args:
        index: the corpus; rows of other splits than train and validation are dropped before anything is read.
        encoder: its settings are used, its weights are drawn again from `seed`.
        read: an utterance's input for the encoder; raises MediaError where it cannot be read, which skips it.
        out: folder for what was fitted, with the record of the utterances that it knows (`emotion.store.trained`);
            complete or absent, never half. It is held from the beginning, so two runs never train for it at once.
        report: JSON with the curve, the best epoch where there was one, and what was used and skipped.
        scratch: folder for continuing after a kill.
        epochs: see `encoders.fit.fit`, as for the others.
        lr: largest learning rate.
        weight_decay: L2 penalty.
        batch: utterances per step.
        patience: epochs without a better one before stopping; 0 = never.
        seed: of weights, order and augmentation.
        balanced: show every class equally often.
        folds: parts of the training split that are extracted by an encoder that has not seen them; 1 = off.

    Raises:
        EmotionError: nothing can be read of a split, there are fewer groups than folds, the training diverges, or
            another run writes the same folder.
    """
    how = {"epochs": epochs, "lr": lr, "weight_decay": weight_decay, "batch": batch, "patience": patience}
    how |= {"seed": seed, "balanced": balanced, "classes": len(index.labels)}
    with writing_folder(out) as folder:
        done = _fit_into(folder, index, encoder, read, scratch=scratch, folds=folds, how=how)
    write_text(report, json.dumps(done.report, indent=2) + "\n")
    for checkpoint in done.checkpoints:
        checkpoint.unlink(missing_ok=True)
    logs.info(f"{encoder.modality} encoder: {done.told} -> {out}")


@dataclass(frozen=True, slots=True)
class _Done:
    """What a fit leaves besides the folder: its report, one line about it, checkpoints to remove at the end."""

    report: dict[str, Any]
    told: str
    checkpoints: Sequence[Path] = ()


def _fit_into(
    folder: Path,
    index: Index,
    encoder: Encoder,
    read: Callable[[Utterance], Any],
    *,
    scratch: Path,
    folds: int,
    how: dict[str, Any],
) -> _Done:
    if not encoder.trains:
        return _keep(encoder, {}, folder, seed=how["seed"], why="frozen without a projection, nothing to fit")
    dealt = deal([row for row in index.utterances if row.split == "train"], folds=folds) if folds > 1 else None
    train, validation = (_read_split(index, split, read, encoder.modality) for split in ("train", "validation"))
    splits = {"train": train, "validation": validation}
    skipped = [*train.skipped.values(), *validation.skipped.values()]
    if absent_everywhere(skipped) and not train.inputs + validation.inputs:
        why = f"the corpus has no {MEDIUM[encoder.modality]}: nothing to do, left untrained"
        return _keep(encoder, splits, folder, seed=how["seed"], why=why)
    for split, found in splits.items():
        _check_any(found, split, encoder.modality)

    def fit_on(part: _Inputs, title: str) -> _Fitted:
        return _fit(encoder, part, validation, scratch=scratch, title=title, how=how)

    about: dict[str, Any] = {}
    whole = fit_on(train, f"fit {encoder.modality}")
    whole.module.encoder.save(folder)
    checkpoints = [whole.checkpoint]
    if dealt is not None:
        about, others = _fit_folds(whole, train, fit_on, folder=folder, by=dealt[0], groups=dealt[1])
        checkpoints += others
    known = [[row.utterance for row in split.rows] for split in (train, validation)]
    write_record(folder, Training.of(*known))
    report = _report(whole.module.encoder, whole.history, splits, about)
    return _Done(report, _told(whole.history, train, validation, folds=folds if about else 1), checkpoints)


def _told(history: Sequence[Epoch], train: _Inputs, validation: _Inputs, *, folds: int) -> str:
    best = best_epoch(history)
    used = f"{len(train.inputs)} training and {len(validation.inputs)} validation utterances"
    skipped = len(train.skipped) + len(validation.skipped)
    score = f"validation weighted F1 {best.validation_weighted_f1:.3f} in epoch {best.epoch}"
    parts = f", {folds} folds" if folds > 1 else ""
    return f"{used}, {skipped} skipped, {score}{parts}"


def _keep(encoder: Encoder, splits: Mapping[str, _Inputs], folder: Path, *, seed: int, why: str) -> _Done:
    """Save an encoder that is not trained."""
    seed_everything(seed)
    encoder = type(encoder)(**encoder.settings())
    encoder.prepare([])
    encoder.save(folder)
    write_record(folder, Training())
    return _Done(_report(encoder, [], splits), why)


def _read_split(index: Index, split: str, read: Callable[[Utterance], Any], modality: str) -> _Inputs:
    rows = [row for row in index.utterances if row.split == split]
    found = _Inputs([], [], [], {})
    for row in track(rows, total=len(rows), title=f"read {modality} ({split})", unit="utterances"):
        try:
            value = read(row)
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


def _fit(
    encoder: Encoder, train: _Inputs, validation: _Inputs, *, scratch: Path, title: str, how: dict[str, Any]
) -> _Fitted:
    """A new encoder of the same settings, fitted."""
    seed_everything(how["seed"])
    encoder = type(encoder)(**encoder.settings())
    encoder.prepare(train.inputs)
    module = Classifier(encoder, classes=how["classes"])
    key = _fingerprint({"encoder": encoder.settings(), **encoder.code(), **how}, train, validation)
    checkpoint = scratch / f"fit_{encoder.modality}_{key}.pt"
    data = (train.inputs, train.labels, validation.inputs, validation.labels)
    history = fit(encoder, *data, classifier=module, checkpoint=checkpoint, keep_checkpoint=True, title=title, **how)
    return _Fitted(module, history, checkpoint)


def _fit_folds(
    whole: _Fitted, train: _Inputs, fit_on: _FitOn, *, folder: Path, by: str, groups: Mapping[str, int]
) -> tuple[dict[str, Any], list[Path]]:
    """Fit, align and save an encoder without each fold.

    Returns:
        What to report, and the checkpoints to remove at the end.
    """
    modality, count = whole.module.encoder.modality, max(groups.values())
    folds = np.array([groups[GROUPS[by](row)] for row in train.rows])
    target, seen = _through(whole.module.encoder, whole.module.encoder, train.inputs), _logits(whole, train.inputs)
    unseen, lines, checkpoints = seen.clone(), [], []
    for fold in range(1, count + 1):
        part, left = train.part(np.flatnonzero(folds != fold)), train.part(np.flatnonzero(folds == fold))
        if not part.inputs:
            raise EmotionError(f"{modality} encoder: nothing can be read outside fold {fold}; lower fit.folds")
        fitted = fit_on(part, f"fit {modality} without fold {fold} of {count}")
        checkpoints.append(fitted.checkpoint)
        vectors = _through(fitted.module.encoder, fitted.module.encoder, part.inputs)
        place = fold_folder(folder, fold)
        fitted.module.encoder.save(place)
        save_alignment(place, *align(vectors.numpy(), target[folds != fold].numpy()))
        if left.inputs:
            unseen[folds == fold] = _logits(fitted, left.inputs)
        lines.append(
            {"fold": fold, "left_out": len(left.inputs), "fitted_on": len(part.inputs)} | _best(fitted.history)
        )
    save_folds(folder, by=by, groups=groups)
    return {
        "by": by,
        "groups": dict(groups),
        "training_weighted_f1_seen": loss_and_score(seen, train.labels)[1],
        "training_weighted_f1_left_out": loss_and_score(unseen, train.labels)[1],
        "encoders": lines,
    }, checkpoints


def _logits(fitted: _Fitted, inputs: Sequence[Any]) -> Tensor:
    return _through(fitted.module, fitted.module.encoder, inputs)


def _through(module: nn.Module, encoder: Encoder, inputs: Sequence[Any]) -> Tensor:
    """What a module makes of all inputs, in their order, (n, d) on the CPU."""
    module.to(device()).eval()
    made = predict(module, encoder, inputs, batch=_BATCH)
    module.to("cpu")
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
    if not history:
        return {}
    best = best_epoch(history)
    return {"best_epoch": best.epoch, "validation_weighted_f1": best.validation_weighted_f1}


def _report(
    encoder: Encoder,
    history: Sequence[Epoch],
    splits: Mapping[str, _Inputs],
    folds: Mapping[str, Any] | None = None,
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
