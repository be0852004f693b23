"""Train a fusion model on cached features.

`fuse` is the stage: files in, files out. `fit` is the training behind it, also for studies: sequences in, module out.
Only the training labels teach, only the validation labels choose the epoch; the test labels are never read here.
"""

import hashlib
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from emotion import classifier, dialogues, evaluation
from emotion.augment import Variation
from emotion.corpus.utterance import Index, read_index
from emotion.errors import EmotionError
from emotion.files import write_text
from emotion.gradients import share
from emotion.models import registry
from emotion.sequences import Sequences
from emotion.steps import loss, steps
from emotion.training import Epoch, best_epoch, device, seed_everything, train

EVALUATION_BATCH = 256  # sequences; the result does not depend on it
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
    model: str,
    history: int | str,
    future: int | str,
    **how: Any,  # noqa: ANN401 - the arguments of `fit`
) -> None:
    """Train a model and write it, its probabilities for validation and test, and its training curve.

    Args:
        index_path: data/index.csv.
        features: per modality the feature cache.
        out: folder for `model.safetensors`, `settings.json` and `probabilities.csv`; it appears complete or not at all.
        curve: CSV file for the training curve.
        scratch: folder for training whose result is not written yet; a run goes on from its last epoch.
        model: a name of `emotion.models.registry`.
        history: context before each utterance, eq. (1), or `all`.
        future: context after it, or `all`.
        how: the arguments of `fit`, from `hidden` to `seed`.

    Raises:
        EmotionError: index, caches and arguments do not fit together, or a split has no labels.
    """
    index = read_index(index_path)
    splits = _load(index_path, index, features, history=history, future=future)
    dims = {name: values.shape[1] for name, values in splits["train"].features.items()}
    if model in registry.MODELS and not registry.MODELS[model].sizes:
        sys.stderr.write(f"fuse: {model} keeps its published sizes; hidden, heads and dropout are for other models\n")
    settings: dict[str, Any] = {"model": model, "dims": dims, "labels": list(index.labels)}
    settings |= {name: how[name] for name in (*registry.SIZES, "members", *registry.PARTS) if name in how}
    settings |= {"words": list(splits["train"].words), "history": history, "future": future}
    # All that tells two runs apart: queued experiments share the scratch folder.
    checkpoint = scratch / f"fuse-{_key(splits, settings | how)}.pt"
    module, lines = fit(
        splits, classes=len(index.labels), model=model, checkpoint=checkpoint, title=f"fuse {model}", **how
    )
    scored = [(splits[name], probabilities(module, splits[name])) for name in ("validation", "test")]
    classifier.save(out, module, settings=settings, scaling=splits["train"].scaling, scored=scored)
    write_text(curve, _curve_csv(lines))
    checkpoint.unlink(missing_ok=True)
    best = best_epoch(lines)
    sys.stderr.write(
        f"fuse: {model} on {'+'.join(dims)} -> {out}, best epoch {best.epoch} of {len(lines)}, "
        f"validation weighted F1 {100 * best.validation_weighted_f1:.2f} %\n"
    )


def fit(
    splits: Mapping[str, Sequences],
    *,
    classes: int,
    model: str,
    lr: float,
    weight_decay: float,
    batch: int,
    epochs: int,
    seed: int,
    hidden: int = 128,
    heads: int = 4,
    dropout: float = 0.3,
    members: int = 1,
    schedule: str = "constant",
    averaging: float = 0.0,
    input_dropout: float = 0.0,
    modality_dropout: float = 0.0,
    mixstyle: float = 0.0,
    smoothing: float = 0.0,
    clip: float = 0.0,
    attention: bool = True,
    residual: bool = True,
    speakers: bool = True,
    checkpoint: Path | None = None,
    title: str = "",
    watch: Callable[[int, nn.Module], None] | None = None,
) -> tuple[nn.Module, list[Epoch]]:
    """Train a model on the training sequences; the epoch is chosen on the validation sequences.

    Args:
        splits: `train` and `validation`, as `dialogues.load` makes them.
        classes: how many emotions.
        model: a name of `emotion.models.registry`.
        hidden: LSTM units per direction (models that take it).
        heads: attention heads (models that take it).
        dropout: inside the model (models that take it).
        members: how many copies of the model, with other starting weights, are trained side by side and vote.
        lr: Adam's learning rate.
        weight_decay: L2 penalty.
        batch: sequences per step: windows, or dialogues where the context is `all`.
        epochs: how many; the one with the best validation weighted F1 is kept.
        seed: of weights, dropout and the order of sequences.
        schedule: of the learning rate, a name of `SCHEDULES`.
        averaging: decay per step of a moving average of the weights, which is what is validated and kept; 0 = none.
        input_dropout: share of the input features that are dropped while training.
        modality_dropout: chance that an utterance loses a modality while training; one always stays.
        mixstyle: chance that a sequence gets other voices while training, see `augment.mix_voices`.
        smoothing: share of the training target that is spread over all classes.
        clip: largest gradient norm; 0 = no clipping.
        attention: False switches the model's self-attention off.
        residual: False switches the connection around the attention off.
        speakers: False hides from the model who speaks.
        checkpoint: file for continuing after a kill, see `training.train`; name it after data and settings, and remove
            it once the result is safe.
        title: what the progress line says; '' = say nothing.
        watch: called with (epoch, module) after each epoch's validation, in eval mode without gradients, with the
            averaged weights where there are any.

    Returns:
        The module in eval mode with the weights of its best epoch, and the training curve.

    Raises:
        EmotionError: the arguments do not fit together, or the loss is not finite.
    """
    if schedule not in SCHEDULES:
        raise EmotionError(f"schedule is {schedule!r}, expected one of: {', '.join(SCHEDULES)}")
    seed_everything(seed)
    parts = {"attention": attention, "residual": residual, "speakers": speakers}
    where = device()
    sizes = {"hidden": hidden, "heads": heads, "dropout": dropout, "members": members}
    module = _build(splits, model, classes=classes, **sizes, **parts).to(where)
    ready = {name: splits[name].to(where) for name in ("train", "validation")}
    vary = Variation(input_dropout=input_dropout, modality_dropout=modality_dropout, mixstyle=mixstyle)
    own_loss = partial(loss, sequences=ready["train"], vary=vary, smoothing=smoothing)
    lines = train(
        module,
        batches=lambda epoch: steps(ready["train"], batch=batch, seed=seed, epoch=epoch),
        loss=lambda module, step: [partial(own_loss, module, part) for part in step],
        validate=lambda module, helper: _validate(module, ready["validation"], classes=classes, helper=helper),
        epochs=epochs,
        lr=lr,
        weight_decay=weight_decay,
        clip=clip,
        averaging=averaging,
        fused=True,
        schedule=lambda epoch: SCHEDULES[schedule](epoch, epochs),
        checkpoint=checkpoint,
        keep_checkpoint=True,
        watch=watch,
        title=title,
    )
    return module, lines


def _load(
    index_path: Path, index: Index, features: Mapping[str, Path], *, history: int | str, future: int | str
) -> dict[str, Sequences]:
    """All splits; training and validation have labels."""
    splits = dialogues.load(index, features, history=history, future=future)
    for split in ("train", "validation"):
        if not (splits[split].labels >= 0).any():
            raise EmotionError(f"{index_path}: split {split} has no labelled utterances; choose another split")
    return splits


def _build(splits: Mapping[str, Sequences], model: str, **sizes: Any) -> nn.Module:  # noqa: ANN401
    """The model; wrong names and sizes are the user's to mend."""
    dims = {name: values.shape[1] for name, values in splits["train"].features.items()}
    try:
        return registry.build(model, dims=dims, words=tuple(splits["train"].words), **sizes)
    except ValueError as error:
        raise EmotionError(str(error)) from None


def predict(module: nn.Module, sequences: Sequences, *, helper: Executor | None = None) -> Tensor:
    """Logits of every utterance.

    Args:
        module: a fusion model, in eval mode.
        sequences: on any device.
        helper: takes some of the sequences, see `gradients.threads`.

    Returns:
        (n, classes) in the order of the split's rows, on the module's device.
    """
    weight = next(module.parameters())
    sequences = sequences.to(weight.device)
    if len(sequences) == 0:
        return weight.new_zeros(0, 0)
    chunks = torch.split(torch.arange(len(sequences)), EVALUATION_BATCH)
    groups = [group for which in chunks for group in sequences.groups(which)]
    found = share([partial(_scores, module, sequences, group) for group in groups], helper)
    logits = torch.cat([values for values, _ in found])
    out: Tensor = torch.empty_like(logits)
    out[torch.cat([rows for _, rows in found])] = logits
    return out


@torch.no_grad()
def _scores(module: nn.Module, sequences: Sequences, which: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (t, classes) and rows (t,) of the sequences' targets."""
    batch = sequences.batch(which, words=getattr(module, "words", ()))
    logits = module(batch.features, batch.present, batch.speakers, batch.mask)
    return logits[batch.target], batch.rows[batch.target]


def probabilities(module: nn.Module, sequences: Sequences) -> Tensor:
    """Softmax of `predict` in double precision on the CPU, (n, classes)."""
    return torch.softmax(predict(module, sequences).double(), dim=1).cpu()


def _validate(module: nn.Module, sequences: Sequences, *, classes: int, helper: Executor | None) -> tuple[float, float]:
    """Loss and weighted F1."""
    known = sequences.labels >= 0
    logits, labels = predict(module, sequences, helper=helper)[known], sequences.labels[known]
    matrix = evaluation.confusion(labels.cpu().numpy(), logits.argmax(1).cpu().numpy(), classes=classes)
    return nn.functional.cross_entropy(logits, labels).item(), float(evaluation.weighted_f1(matrix))


def _key(splits: Mapping[str, Sequences], settings: Mapping[str, Any]) -> str:
    """Names unfinished training after everything it depends on."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for split in ("train", "validation"):
        part = splits[split]
        for tensor in (*part.features.values(), part.present, part.speakers, part.labels, part.windows):
            digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()[:16]


def _curve_csv(lines: Sequence[Epoch]) -> str:
    names = list(asdict(lines[0]))
    rows = ([str(line.epoch), *(f"{value:.6f}" for value in list(asdict(line).values())[1:])] for line in lines)
    return "\n".join(",".join(row) for row in [names, *rows]) + "\n"
