"""Supervised fitting of one encoder: encoder + linear head, cross-entropy, best epoch by validation weighted F1."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from torch import Tensor, nn

from emotion.encoders.adversary import Adversary, strength
from emotion.encoders.base import Encoder
from emotion.encoders.polarity import PolarityHead
from emotion.encoders.settings import Fit
from emotion.training import device, loop
from emotion.training.curve import Epoch

Examples = tuple[Sequence[Any], Sequence[int]]
"""Inputs, as an encoder's `collate` takes them, and their class numbers."""
_SMOOTHING = 0.1  # of the training labels
_CLIP = 1.0  # largest norm of a step's gradient
_POOL = 4  # batches that are sorted by length together: less padding, yet other neighbours in every epoch


class Classifier(nn.Module):
    """An encoder, prepared, with dropout and a head: batch -> logits (b, classes).

    Args:
        encoder: to fit.
        classes: how many.
        dropout: before the head.
        polarities: of each class; the head then decides these first. () = a linear head.
        speakers: how many the encoder shall not tell apart; 0 = it may.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        classes: int,
        dropout: float = 0.3,
        polarities: Sequence[str] = (),
        speakers: int = 0,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.drop = nn.Dropout(dropout)
        self.head = PolarityHead(encoder.dim, polarities) if polarities else nn.Linear(encoder.dim, classes)
        self.adversary = Adversary(encoder.dim, speakers) if speakers else None

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """See the class."""
        logits: Tensor = self.head(self.drop(self.encoder(batch)))
        return logits

    def opposed(self, batch: dict[str, Tensor], reversal: float) -> tuple[Tensor, Tensor]:
        """Logits, and those of the speakers (b, speakers) behind a reversal of that strength."""
        assert self.adversary is not None
        vectors = self.encoder(batch)
        return self.head(self.drop(vectors)), self.adversary(vectors, reversal)

    def decide(self, logits: Tensor) -> Tensor:
        """Logits (n, classes) -> class numbers (n,)."""
        return self.head.decide(logits) if isinstance(self.head, PolarityHead) else logits.argmax(-1)


class _Batch(NamedTuple):
    """Inputs, class numbers (b,), speakers' numbers (b,) or None, and how strong the reversal is."""

    inputs: dict[str, Tensor]
    labels: Tensor
    speakers: Tensor | None
    reversal: float


def fit(
    module: Classifier,
    train: Examples,
    validation: Examples,
    *,
    settings: Fit,
    speakers: Sequence[int] = (),
    checkpoint: Path | None = None,
    title: str = "",
) -> list[Epoch]:
    """Train in place; it ends with the weights of the best epoch, in eval mode on the CPU.

    The learning rate falls to zero over the epochs on a cosine after a short warm-up.

    Args:
        module: the encoder with its head; the encoder is prepared, its weights drawn after `device.seed_everything`.
        train: of the training split.
        validation: of the validation split.
        settings: epochs, learning rate and the like; the seed is that of the batches' order and of augmentation.
        speakers: number of each training input's speaker, where the module opposes telling them apart.
        checkpoint: see `loop.train`.
        title: what the progress line says; '' = fit and the modality.

    Returns:
        The training curve.
    """
    where, batch, seed = device.device(), settings.batch, settings.seed
    encoder, (inputs, labels) = module.encoder, train
    module.to(where)
    half = where.type == "cuda" and torch.cuda.is_bf16_supported()  # bfloat16 needs no loss scaling
    amp = torch.autocast(where.type, dtype=torch.bfloat16, enabled=half)
    costs = [encoder.cost(item) for item in inputs]

    def batches(epoch: int) -> Iterator[_Batch]:
        reversal = strength(settings.against_speakers, epoch, epochs=settings.epochs)
        for number, rows in enumerate(_dealt(costs, labels, settings, epoch)):
            values = _to(encoder.collate([inputs[row] for row in rows]), where)
            generator = torch.Generator().manual_seed((seed * 100_003 + epoch) * 100_003 + number)
            known = torch.tensor([labels[row] for row in rows], device=where)
            who = torch.tensor([speakers[row] for row in rows], device=where) if speakers else None
            yield _Batch(encoder.augment(values, generator), known, who, reversal)

    def validate(net: nn.Module) -> tuple[float, float]:
        logits = predict(net, encoder, validation[0], batch=batch)
        return loss_and_score(logits, validation[1], module.decide)

    history = loop.train(
        module,
        batches=batches,
        step=lambda net, item: loop.backward(_loss(module, item, amp)),
        validate=validate,
        epochs=settings.epochs,
        lr=settings.lr,
        weight_decay=settings.weight_decay,
        patience=settings.patience,
        clip=_CLIP,
        schedule=lambda epoch: warm_cosine(epoch, epochs=settings.epochs),
        rates={f"encoder.{prefix}": rate for prefix, rate in encoder.rates.items()},
        checkpoint=checkpoint,
        title=title or f"fit {encoder.modality}",
    )
    module.to("cpu")
    return history


def _dealt(costs: Sequence[int], labels: Sequence[int], settings: Fit, epoch: int) -> list[NDArray[np.int64]]:
    """Row numbers of each batch of an epoch."""
    rng = np.random.default_rng([settings.seed, epoch])
    order = balanced_rows(labels, rng=rng) if settings.balanced else rng.permutation(len(labels))
    return bucketed(costs, order, batch=settings.batch, rng=rng)


def _loss(module: Classifier, item: _Batch, amp: torch.autocast) -> Tensor:
    """Cross-entropy of the labels, and of the speakers where they are opposed."""
    with amp:
        if item.speakers is None:
            logits = module(item.inputs)
        else:
            logits, heard = module.opposed(item.inputs, item.reversal)
    loss = nn.functional.cross_entropy(logits.float(), item.labels, label_smoothing=_SMOOTHING)
    return loss if item.speakers is None else loss + nn.functional.cross_entropy(heard.float(), item.speakers)


def loss_and_score(logits: Tensor, labels: Sequence[int], decide: Callable[[Tensor], Tensor]) -> tuple[float, float]:
    """Mean cross-entropy and weighted F1 of logits (n, classes); `decide` of `Classifier` says which class is meant."""
    score = f1_score(labels, decide(logits), average="weighted", zero_division=0)
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


def _to(batch: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}
