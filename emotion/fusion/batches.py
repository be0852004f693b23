"""The steps of an epoch, each in parts that threads share: which sequences, what is drawn for them, their loss."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from emotion.fusion.augment import Variation
from emotion.fusion.models.building import loss_of
from emotion.fusion.models.rng import seeded
from emotion.fusion.sequences import Sequences

_FOCUS = 2.0  # the exponent that its authors found best


class Part(NamedTuple):
    """Some sequences of a step: their numbers, the seed of what is drawn for them, the step's scored utterances."""

    which: Tensor
    seed: int
    scored: int


def steps(sequences: Sequences, *, batch: int, seed: int, epoch: int) -> Iterator[list[Part]]:
    """All sequences with a target that is known, in an order that depends on seed and epoch alone.

    Each step's sequences come in groups of like length: the same step with less padding.
    """
    rng = np.random.default_rng([seed, epoch])
    scored = _scored(sequences)
    order = rng.permutation(scored.nonzero().squeeze(1).numpy())
    for which in torch.split(torch.from_numpy(order), batch):
        groups, total = sequences.groups(which), int(scored[which].sum())
        seeds = rng.integers(2**63, size=len(groups)).tolist()
        yield [Part(group, own, total) for group, own in zip(groups, seeds, strict=True)]


def _scored(sequences: Sequences) -> Tensor:
    """Targets of each sequence that are known, (s,) on the CPU."""
    known = sequences.known[sequences.windows.clamp(min=0)]  # (s, u)
    return (sequences.target & known).sum(1).cpu()


class Criterion(NamedTuple):
    """How far logits are from labels.

    Attributes:
        smoothing: share of the target that is spread over all classes.
        weights: (classes,) of each class, from `class_weights`; None = all count alike.
        focus: exponent g of the focal loss (Lin et al., 2017): an utterance counts (1 - p)^g times, p being the
            probability of its label (of a vote drawn at random, where it has a distribution); 0 = every one alike.
    """

    smoothing: float = 0.0
    weights: Tensor | None = None
    focus: float = 0.0

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Summed cross-entropy of logits (n, classes) and class numbers (n,), or distributions (n, classes)."""
        cross_entropy = partial(
            nn.functional.cross_entropy, logits, targets, weight=self.weights, label_smoothing=self.smoothing
        )
        if not self.focus:
            return cross_entropy(reduction="sum")
        given = logits.softmax(1)
        right = given.gather(1, targets[:, None]).squeeze(1) if targets.ndim == 1 else (given * targets).sum(1)
        return ((1 - right) ** self.focus * cross_entropy(reduction="none")).sum()


def criterion(sequences: Sequences, *, classes: int, smoothing: float, balanced: str) -> Criterion:
    """What `smoothing` and `balanced` of the settings mean on these training sequences.

    - `none`: cross-entropy.
    - `weights`: an utterance counts n / (c n_k) times, n_k of the n labelled ones being of its class and c the number
      of classes that occur, so that all classes count alike and the mean is 1. Of distributions n_k is their sum.
    - `focal`: focal loss with exponent 2 and without class weights.
    """
    weights = None
    if balanced == "weights":
        known = sequences.targets[sequences.known]
        counts = torch.bincount(known, minlength=classes).to(torch.float32) if known.ndim == 1 else known.sum(0)
        weights = counts.sum() / (counts.count_nonzero() * counts.where(counts > 0, 1.0))
    return Criterion(smoothing, weights, _FOCUS if balanced == "focal" else 0.0)


def loss(module: nn.Module, part: Part, *, sequences: Sequences, vary: Variation, criterion: Criterion) -> Tensor:
    """The part's share of the step's mean loss, or of the model's own; summed over members."""
    batch = sequences.batch(part.which, words=getattr(module, "words", ()))
    places = batch.target & sequences.known[batch.rows]
    with seeded(part.seed, places.device):
        batch = vary(batch)
        outputs = module(batch.features, batch.present, batch.speakers, batch.mask)  # (..., b, u, classes)
    targets = sequences.targets[batch.rows[places]]
    return loss_of(module, outputs[..., places, :], lambda logits: criterion(logits, targets)) / part.scored
