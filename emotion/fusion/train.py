"""Train a fusion model on cached features.

`fuse` is the stage: files in, files out. `fit` is the training behind it, also for studies: sequences in, module out.
Only the training labels train, only the validation labels choose the epoch; the test labels are never read here.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import nn

from emotion.core import logs, plugins
from emotion.core.closure import digest_of
from emotion.core.errors import EmotionError
from emotion.core.files import write_text, writing_folder
from emotion.corpus.sense import class_findings
from emotion.corpus.utterance import Index, read_index
from emotion.evaluation import scores
from emotion.evaluation.annotators import read_targets
from emotion.fusion import dataset, own, saved
from emotion.fusion.augment import Variation
from emotion.fusion.batches import criterion, loss, steps
from emotion.fusion.logits import predict, probabilities
from emotion.fusion.models import building, registry
from emotion.fusion.sequences import Sequences, join
from emotion.fusion.settings import TrainSettings
from emotion.fusion.threads import backward, threads
from emotion.store.overlap import training_of
from emotion.store.trained import write_record
from emotion.training.curve import Epoch, best_epoch, curve_csv
from emotion.training.device import device, seed_everything
from emotion.training.loop import train

SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda epoch, epochs: 1.0,
    "cosine": lambda epoch, epochs: 0.5 * (1 + math.cos(math.pi * (epoch - 1) / epochs)),
}
"""Factor on the learning rate, from epoch (counted from 1) and number of epochs; never 0."""


def fuse(
    index_path: Path,
    features: Mapping[str, Path],
    *,
    out: Path,
    curve: Path,
    scratch: Path,
    settings: TrainSettings,
    annotators: Path | None = None,
) -> None:
    """Train a model and write it, its probabilities for validation and test, and its training curve.

    Args:
        index_path: data/index.csv.
        features: per modality the feature cache.
        out: folder for `model.safetensors`, `settings.json`, `probabilities.csv` and `trained_on.json`; it appears
            complete or not at all, and is held from the beginning: a second run is refused at once.
        curve: CSV file for the training curve.
        scratch: folder for training whose result is not written yet; a run goes on from its last epoch.
        settings: model, context, sizes and training.
        annotators: the raters' votes, for `target: votes`; those of the test set are not used.

    Raises:
        EmotionError: index, caches and arguments do not fit together, a split has no labels, an encoder knows what
            would be scored (see `emotion.store.overlap`), or another run writes `out`.
    """
    with writing_folder(out, SafetensorError) as folder:
        index = read_index(index_path)
        votes = read_targets(annotators, index) if settings.target == "votes" else None
        splits = dataset.load(index, features, history=settings.history, future=settings.future, votes=votes)
        for split in ("train", "validation"):
            if not (splits[split].labels >= 0).any():
                raise EmotionError(f"{index_path}: split {split} has no labelled utterances; choose another split")
        if not splits["train"].present.any():
            raise EmotionError(
                f"{index_path}: no training utterance has {' or '.join(features)}, so nothing can be learned; set "
                "modalities to what the corpus has (emotion corpus check counts it), or add the files that are missing"
            )
        lines, unfinished = _fuse(folder, index, splits, scratch=scratch, settings=settings)
        write_record(folder, training_of(features, index))
    write_text(curve, curve_csv(lines))
    for checkpoint in unfinished:
        checkpoint.unlink(missing_ok=True)
    for finding in class_findings(_counts(index)):
        logs.warning(f"fuse: {finding.told()}")
    best = best_epoch(lines)
    logs.info(
        f"fuse: {settings.model} on {'+'.join(features)} -> {out}, best epoch {best.epoch} of {len(lines)}, "
        f"validation weighted F1 {100 * best.validation_weighted_f1:.2f} %"
    )


def _fuse(
    folder: Path, index: Index, splits: Mapping[str, Sequences], *, scratch: Path, settings: TrainSettings
) -> tuple[list[Epoch], list[Path]]:
    """Train and fill the folder.

    Returns:
        The training curve, and the files of unfinished training, to be removed once everything is written.
    """
    model, shape = settings.model, _shape(splits, settings)
    if not own.entry(model).sizes:
        logs.info(f"fuse: {model} keeps its published sizes; hidden, heads and dropout are for other models")
    made: dict[str, Any] = {"model": model, "dims": shape["dims"], "labels": list(index.labels)} | shape
    made |= {"history": settings.history, "future": settings.future}
    if plugins.is_name(model):
        made["plugin"] = plugins.digest(model)
    if settings.refit:  # such a model knows validation: its own scores there say nothing
        made["refit"] = True
    # All that tells two runs apart: queued experiments share the scratch folder.
    key = _key(splits, made | dict(settings) | {"code": _code(model)})
    first, second = scratch / f"fuse-{key}.pt", scratch / f"fuse-{key}-refit.pt"
    how: dict[str, Any] = {"classes": len(index.labels), "settings": settings}
    module, lines = fit(splits, checkpoint=first, title=f"fuse {model}", **how)
    scored = [(splits["validation"], probabilities(module, splits["validation"]))]  # before it learns them
    if settings.refit:
        module = refit(splits, checkpoint=second, title=f"refit {model}", **how)
    scored.append((splits["test"], probabilities(module, splits["test"])))
    saved.save(folder, module, settings=made, scaling=splits["train"].scaling, scored=scored)
    return lines, [first, second]


def _counts(index: Index) -> dict[str, dict[str, int]]:
    """Utterances of each class for training and for choosing the epoch; test labels are not known here."""
    numbers = Counter((row.split, row.label) for row in index.utterances)
    return {split: {label: numbers[split, label] for label in index.labels} for split in ("train", "validation")}


def fit(
    splits: Mapping[str, Sequences],
    *,
    classes: int,
    settings: TrainSettings,
    checkpoint: Path | None = None,
    title: str = "",
    watch: Callable[[int, nn.Module], None] | None = None,
    told: Callable[[float], None] | None = None,
) -> tuple[nn.Module, list[Epoch]]:
    """Train a model on the training sequences; the epoch is chosen on the validation sequences.

    Args:
        splits: `train` and `validation`, as `dataset.load` makes them for the settings' context.
        classes: how many emotions.
        settings: what is trained and how.
        checkpoint: file for continuing after a kill, see `loop.train`; name it after data and settings, and remove
            it once the result is safe.
        title: what the progress line says; '' = say nothing.
        watch: called with (epoch, module) after each epoch's validation, in eval mode without gradients, with the
            averaged weights where there are any.
        told: called before it with the epoch's validation weighted F1; what it raises ends the training.

    Returns:
        The module in eval mode with the weights of its best epoch, and the training curve.

    Raises:
        EmotionError: the settings do not fit the model, it needs frames and there are none, or the loss is not finite
            (`loop.Diverged`).
    """
    module = _made(splits, classes=classes, settings=settings)
    validation = splits["validation"].to(device())
    score = partial(_validate, sequences=validation, classes=classes, told=told)
    lines = _train(
        module,
        splits["train"],
        score,
        classes=classes,
        settings=settings,
        checkpoint=checkpoint,
        watch=watch,
        title=title,
    )
    return module, lines


def refit(
    splits: Mapping[str, Sequences],
    *,
    classes: int,
    settings: TrainSettings,
    checkpoint: Path | None = None,
    title: str = "",
) -> nn.Module:
    """Train a model afresh on training and validation sequences together, for all epochs of the settings.

    It begins with the weights with which `fit` begins. No epoch is chosen: nothing is left to choose it on. For the
    arguments and errors see `fit`.

    Returns:
        The module in eval mode with the weights of the last epoch.
    """
    module = _made(splits, classes=classes, settings=settings)
    ours = join(splits["train"], splits["validation"])
    _train(module, ours, None, classes=classes, settings=settings, checkpoint=checkpoint, title=title)
    return module


def _made(splits: Mapping[str, Sequences], *, classes: int, settings: TrainSettings) -> nn.Module:
    """The module before its training, on its device."""
    seed_everything(settings.seed)
    own.check_frames(settings.model, list(splits["train"].features), list(splits["train"].words))
    try:
        module = own.build(settings.model, classes=classes, **_shape(splits, settings))
    except ValueError as error:  # sizes that do not fit are the user's to fix
        raise EmotionError(str(error)) from None
    building.prepare(module, splits["train"].features, splits["train"].present)
    return module.to(device())


def _train(
    module: nn.Module,
    sequences: Sequences,
    score: Callable[..., tuple[float, float]] | None,
    *,
    classes: int,
    settings: TrainSettings,
    checkpoint: Path | None = None,
    watch: Callable[[int, nn.Module], None] | None = None,
    title: str,
) -> list[Epoch]:
    """Train in place; `score` (module, helper) validates, see `loop.train`."""
    ready = sequences.to(device())
    vary = Variation(
        input_dropout=settings.input_dropout,
        modality_dropout=settings.modality_dropout,
        mixstyle=settings.mixstyle,
    )
    measure = criterion(ready, classes=classes, smoothing=settings.smoothing, balanced=settings.balanced)
    own_loss = partial(loss, sequences=ready, vary=vary, criterion=measure)
    factor, epochs = SCHEDULES[settings.schedule], settings.epochs
    with threads(module) as helper:
        return train(
            module,
            batches=lambda epoch: steps(ready, batch=settings.batch, seed=settings.seed, epoch=epoch),
            step=lambda module, step: backward(module, [partial(own_loss, module, part) for part in step], helper),
            validate=partial(score, helper=helper) if score else None,
            epochs=epochs,
            lr=settings.lr,
            weight_decay=settings.weight_decay,
            patience=settings.patience,
            clip=settings.clip,
            averaging=settings.averaging,
            fused=True,
            schedule=lambda epoch: factor(epoch, epochs),
            checkpoint=checkpoint,
            watch=watch,
            title=title,
        )


def _shape(splits: Mapping[str, Sequences], settings: TrainSettings) -> dict[str, Any]:
    """What `building.build` makes the model of, besides the number of classes."""
    dims = {name: values.shape[1] for name, values in splits["train"].features.items()}
    sizes = {name: getattr(settings, name) for name in (*registry.SIZES, "members", *registry.PARTS)}
    return {"dims": dims, **sizes, "words": list(splits["train"].words)}


def _validate(
    module: nn.Module,
    sequences: Sequences,
    *,
    classes: int,
    helper: Executor | None,
    told: Callable[[float], None] | None = None,
) -> tuple[float, float]:
    """Loss against what is trained on, and weighted F1 against the labels, which `told` is given."""
    logits, known = predict(module, sequences, helper=helper), sequences.labels >= 0
    actual, predicted = (values[known].cpu().numpy() for values in (sequences.labels, logits.argmax(1)))
    matrix = scores.confusion(actual, predicted, classes=classes)
    score = float(scores.weighted_f1(matrix))
    if told is not None:
        told(score)
    targets = sequences.known
    return nn.functional.cross_entropy(logits[targets], sequences.targets[targets]).item(), score


def _code(model: str) -> str:
    """Digest of the code that trains a model, with what one of plugins/ imports of ours."""
    root = Path(__file__).parents[2]
    return digest_of(Path(__file__), *(root / name for name in registry.files(model)))


def _key(splits: Mapping[str, Sequences], settings: Mapping[str, Any]) -> str:
    """Names unfinished training after everything it depends on."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for split in ("train", "validation"):
        part = splits[split]
        votes = () if part.votes is None else (part.votes,)
        for tensor in (*part.features.values(), part.present, part.speakers, part.labels, part.windows, *votes):
            digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()[:16]
