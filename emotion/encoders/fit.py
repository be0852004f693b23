"""Supervised fitting of one encoder: encoder + linear head, cross-entropy, best epoch by validation weighted F1."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from torch import Tensor, nn

from emotion.encoders.base import Encoder
from emotion.training import device, loop
from emotion.training.curve import Epoch

_POOL = 4  # batches that are sorted by length together: less padding, yet other neighbours in every epoch


class Classifier(nn.Module):
    """An encoder with a linear head: batch -> logits (b, classes).

    Args:
        encoder: prepared.
        classes: number of classes.
        dropout: before the head.
    """

    def __init__(self, encoder: Encoder, *, classes: int, dropout: float = 0.3) -> None:
        super().__init__()
        self.encoder = encoder
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.dim, classes)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """See the class."""
        logits: Tensor = self.head(self.drop(self.encoder(batch)))
        return logits


def fit(
    encoder: Encoder,
    inputs: Sequence[Any],
    labels: Sequence[int],
    validation_inputs: Sequence[Any],
    validation_labels: Sequence[int],
    *,
    classes: int,
    epochs: int,
    lr: float,
    weight_decay: float,
    batch: int,
    patience: int,
    seed: int,
    balanced: bool = False,
    dropout: float = 0.3,
    smoothing: float = 0.1,
    clip: float = 1.0,
    checkpoint: Path | None = None,
    keep_checkpoint: bool = False,
    classifier: Classifier | None = None,
    title: str = "",
) -> list[Epoch]:
    """Train the encoder in place; it ends with the weights of the best epoch, in eval mode on the CPU.

    Args:
        encoder: prepared, its weights drawn after `device.seed_everything`.
        inputs: of the training split, as the encoder's `collate` takes them.
        labels: class numbers of the training split.
        validation_inputs: of the validation split.
        validation_labels: class numbers of the validation split.
        classes: number of classes.
        epochs: how many at most; the learning rate falls to zero over them on a cosine after a short warm-up.
        lr: largest learning rate.
        weight_decay: L2 penalty.
        batch: utterances per step.
        patience: epochs without a better one before stopping; 0 = never stop early.
        seed: of the batches' order and of augmentation.
        balanced: show every class equally often, see `balanced_rows`.
        dropout: before the head.
        smoothing: label smoothing of the training loss.
        clip: largest gradient norm; 0 = no clipping.
        checkpoint: see `loop.train`.
        keep_checkpoint: see `loop.train`.
        classifier: the encoder with its head, for callers that need the head; None = a new one with `dropout`.
        title: what the progress line says; '' = fit and the modality.

    Returns:
        The training curve.
    """
    where = device.device()
    module = (classifier or Classifier(encoder, classes=classes, dropout=dropout)).to(where)
    amp = torch.autocast(where.type, dtype=torch.bfloat16, enabled=_half(where))
    costs = [encoder.cost(item) for item in inputs]

    def batches(epoch: int) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
        rng = np.random.default_rng([seed, epoch])
        order = balanced_rows(labels, rng=rng) if balanced else rng.permutation(len(labels))
        for number, rows in enumerate(bucketed(costs, order, batch=batch, rng=rng)):
            values = _to(encoder.collate([inputs[row] for row in rows]), where)
            generator = torch.Generator().manual_seed((seed * 100_003 + epoch) * 100_003 + number)
            yield encoder.augment(values, generator), torch.tensor([labels[row] for row in rows], device=where)

    def loss(net: nn.Module, item: tuple[dict[str, Tensor], Tensor]) -> Tensor:
        with amp:
            logits = net(item[0])
        return nn.functional.cross_entropy(logits.float(), item[1], label_smoothing=smoothing)

    def validate(net: nn.Module) -> tuple[float, float]:
        return loss_and_score(predict(net, encoder, validation_inputs, batch=batch), validation_labels)

    history = loop.train(
        module,
        batches=batches,
        step=lambda net, item: loop.backward(loss(net, item)),
        validate=validate,
        epochs=epochs,
        lr=lr,
        weight_decay=weight_decay,
        patience=patience,
        clip=clip,
        schedule=lambda epoch: warm_cosine(epoch, epochs=epochs),
        rates={f"encoder.{prefix}": rate for prefix, rate in encoder.rates.items()},
        checkpoint=checkpoint,
        keep_checkpoint=keep_checkpoint,
        title=title or f"fit {encoder.modality}",
    )
    module.to("cpu")
    return history


def loss_and_score(logits: Tensor, labels: Sequence[int]) -> tuple[float, float]:
    """Mean cross-entropy and weighted F1 of logits (n, classes)."""
    score = f1_score(labels, logits.argmax(-1), average="weighted", zero_division=0)
    return nn.functional.cross_entropy(logits, torch.tensor(labels)).item(), float(score)


def warm_cosine(epoch: int, *, epochs: int) -> float:
    """Factor on the learning rate: up over the first tenth of the epochs, then down on a half cosine; never zero."""
    warm = max(1, epochs // 10)
    if epoch <= warm:
        return epoch / (warm + 1)
    return 0.5 * (1 + math.cos(math.pi * (epoch - warm - 1) / (epochs - warm)))


def predict(module: nn.Module, encoder: Encoder, inputs: Sequence[Any], *, batch: int) -> Tensor:
    """Logits (n, classes) float32 on the CPU, in the order of the inputs; batches are formed of inputs of like cost."""
    device = next(module.parameters()).device
    order = sorted(range(len(inputs)), key=lambda row: encoder.cost(inputs[row]))
    parts = []
    with torch.no_grad():
        for start in range(0, len(order), batch):
            values = encoder.collate([inputs[row] for row in order[start : start + batch]])
            parts.append(module(_to(values, device)).float().cpu())
    logits = torch.cat(parts)
    return logits[torch.tensor(order).argsort()]


def balanced_rows(labels: Sequence[int], *, rng: np.random.Generator) -> NDArray[np.int64]:
    """As many rows as there are labels, every class equally often (but for one row), in random order.

    A large class shows another part of its rows in every epoch; the rows of a small one come several times, and all of
    them once before any comes again.
    """
    classes = np.unique(labels)
    share = -(-len(labels) // len(classes))
    chosen = []
    for name in classes:
        rows = np.flatnonzero(np.asarray(labels) == name)
        rounds = [rng.permutation(rows) for _ in range(-(-share // len(rows)))]
        chosen.append(np.concatenate(rounds)[:share])
    return rng.permutation(np.concatenate(chosen))[: len(labels)]


def bucketed(
    costs: Sequence[int], order: NDArray[np.int64], *, batch: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Row numbers of each batch: those of `order`, sorted by cost within pools of a few batches, batches shuffled."""
    size = _POOL * batch
    pools = [order[start : start + size] for start in range(0, len(order), size)]
    pools = [pool[np.argsort(np.asarray(costs)[pool], kind="stable")] for pool in pools]
    parts = [pool[start : start + batch] for pool in pools for start in range(0, len(pool), batch)]
    return [parts[number] for number in rng.permutation(len(parts))]


def _half(device: torch.device) -> bool:
    """Whether to compute in bfloat16, which needs no loss scaling: on GPUs that have it."""
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


def _to(batch: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}
