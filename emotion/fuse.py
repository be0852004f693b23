"""Train a fusion model on cached features: plain arguments in, files out.

Only the training labels teach, only the validation labels choose the epoch; the test labels are never read here.
"""

import csv
import hashlib
import io
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from emotion import dialogues, evaluation
from emotion.corpus.utterance import Index, read_index
from emotion.dialogues import Batch, Sequences
from emotion.errors import EmotionError
from emotion.files import write_text, writing
from emotion.models import registry
from emotion.training import Epoch, best_epoch, device, seed_everything, train

EVALUATION_BATCH = 256  # sequences; the result does not depend on it


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
    hidden: int,
    heads: int,
    dropout: float,
    lr: float,
    weight_decay: float,
    batch: int,
    epochs: int,
    seed: int,
) -> None:
    """Train a model and write it, its probabilities for validation and test, and its training curve.

    Args:
        index_path: data/index.csv.
        features: per modality the feature cache.
        out: folder for `model.safetensors`, `settings.json` and `probabilities.csv`; it appears complete or not at all.
        curve: CSV file for the training curve.
        scratch: folder for unfinished training; an interrupted run goes on from its last epoch.
        model: a name of `emotion.models.registry`.
        history: context before each utterance, eq. (1), or `all`.
        future: context after it, or `all`.
        hidden: LSTM units per direction (`fusion`).
        heads: attention heads (`fusion`).
        dropout: (`fusion`).
        lr: Adam's learning rate.
        weight_decay: L2 penalty.
        batch: sequences per step: windows, or dialogues where the context is `all`.
        epochs: how many; the one with the best validation weighted F1 is kept.
        seed: of weights, dropout and the order of sequences.

    Raises:
        EmotionError: index, caches and arguments do not fit together, or a split has no labels.
    """
    index = read_index(index_path)
    splits = _load(index_path, index, features, history=history, future=future)
    dims = {name: values.shape[1] for name, values in splits["train"].features.items()}
    seed_everything(seed)
    module = _build(model, dims, classes=len(index.labels), hidden=hidden, heads=heads, dropout=dropout)
    settings: dict[str, Any] = {"model": model, "dims": dims, "labels": list(index.labels)}
    settings |= {"hidden": hidden, "heads": heads, "dropout": dropout, "history": history, "future": future}
    # All that tells two runs apart: queued experiments share the scratch folder.
    how = {"batch": batch, "seed": seed, "lr": lr, "weight_decay": weight_decay, "epochs": epochs}
    key = _key(splits, settings | how)
    where = device()
    module.to(where)
    ready = {name: split.to(where) for name, split in splits.items()}
    lines = train(
        module,
        batches=lambda epoch: _batches(ready["train"], batch=batch, seed=seed, epoch=epoch),
        loss=_loss,
        validate=lambda module: _validate(module, ready["validation"], classes=len(index.labels)),
        epochs=epochs,
        lr=lr,
        weight_decay=weight_decay,
        checkpoint=scratch / f"fuse-{key}.pt",
        title=f"fuse {model}",
    )
    scored = [ready[name] for name in ("validation", "test") if len(ready[name])]
    _write(out, module, settings, scored)
    write_text(curve, _curve_csv(lines))
    best = best_epoch(lines)
    sys.stderr.write(
        f"fuse: {model} on {'+'.join(dims)} -> {out}, best epoch {best.epoch} of {len(lines)}, "
        f"validation weighted F1 {100 * best.validation_weighted_f1:.2f} %\n"
    )


def _load(
    index_path: Path, index: Index, features: Mapping[str, Path], *, history: int | str, future: int | str
) -> dict[str, Sequences]:
    """All splits; training and validation have labels."""
    splits = dialogues.load(index, features, history=history, future=future)
    for split in ("train", "validation"):
        if not (splits[split].labels >= 0).any():
            raise EmotionError(f"{index_path}: split {split} has no labelled utterances; choose another split")
    return splits


def _build(model: str, dims: Mapping[str, int], *, classes: int, hidden: int, heads: int, dropout: float) -> nn.Module:
    """The model; wrong names and sizes are the user's to mend."""
    try:
        module = registry.build(model, dims=dims, classes=classes, hidden=hidden, heads=heads, dropout=dropout)
    except ValueError as error:
        raise EmotionError(str(error)) from None
    if model not in registry.SIZED:
        sys.stderr.write(f"fuse: {model} keeps its published sizes; hidden, heads and dropout are for other models\n")
    return module


def predict(module: nn.Module, sequences: Sequences) -> Tensor:
    """Logits of every utterance.

    Args:
        module: a fusion model, in eval mode.
        sequences: on the module's device.

    Returns:
        (n, classes) in the order of the split's rows.
    """
    found, rows = [], []
    for which in _chunks(torch.arange(len(sequences)), EVALUATION_BATCH):
        batch = sequences.batch(which)
        logits = module(batch.features, batch.present, batch.speakers, batch.mask)
        found.append(logits[batch.target])
        rows.append(batch.rows[batch.target])
    logits = torch.cat(found)
    out: Tensor = torch.empty_like(logits)
    out[torch.cat(rows)] = logits
    return out


def _batches(sequences: Sequences, *, batch: int, seed: int, epoch: int) -> Iterator[Batch]:
    """All sequences with a labelled target, in an order that depends on seed and epoch alone."""
    order = np.random.default_rng([seed, epoch]).permutation(_labelled(sequences))
    for which in _chunks(torch.from_numpy(order), batch):
        yield sequences.batch(which)


def _chunks(which: Tensor, size: int) -> Iterator[Tensor]:
    return (which[start : start + size] for start in range(0, len(which), size))


def _labelled(sequences: Sequences) -> NDArray[np.int64]:
    labels = sequences.labels[sequences.windows.clamp(min=0)]  # (s, u)
    useful = (sequences.target & (labels >= 0)).any(1)
    return useful.nonzero().squeeze(1).cpu().numpy()


def _loss(module: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy over the labelled targets."""
    logits = module(batch.features, batch.present, batch.speakers, batch.mask)
    scored = batch.target & (batch.labels >= 0)
    return nn.functional.cross_entropy(logits[scored], batch.labels[scored])


def _validate(module: nn.Module, sequences: Sequences, *, classes: int) -> tuple[float, float]:
    """Loss and weighted F1."""
    known = sequences.labels >= 0
    logits, labels = predict(module, sequences)[known], sequences.labels[known]
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


def _write(out: Path, module: nn.Module, settings: Mapping[str, Any], scored: Sequence[Sequences]) -> None:
    """Fill a folder beside `out`, then put it in place."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        tensors = {f"model.{name}": value.cpu().contiguous() for name, value in module.state_dict().items()}
        for name, scaling in scored[0].scaling.items():
            tensors |= {f"scaling.{name}.mean": scaling.mean, f"scaling.{name}.std": scaling.std}
        with writing(partial / "model.safetensors", SafetensorError) as file:
            save_file(tensors, file)
        (partial / "settings.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        (partial / "probabilities.csv").write_text(
            _probabilities_csv(module, settings["labels"], scored), encoding="utf-8"
        )
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _probabilities_csv(module: nn.Module, labels: Sequence[str], scored: Sequence[Sequences]) -> str:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["utterance", "dialogue", "split", *labels])
    with torch.no_grad():
        for sequences in scored:
            probabilities = torch.softmax(predict(module, sequences).double(), dim=1).cpu()
            for row, values in zip(sequences.utterances, probabilities.tolist(), strict=True):
                writer.writerow([row.utterance, row.dialogue, row.split, *(f"{value:.6f}" for value in values)])
    return table.getvalue()


def _curve_csv(lines: Sequence[Epoch]) -> str:
    names = list(asdict(lines[0]))
    rows = ([str(line.epoch), *(f"{value:.6f}" for value in list(asdict(line).values())[1:])] for line in lines)
    return "\n".join(",".join(row) for row in [names, *rows]) + "\n"
