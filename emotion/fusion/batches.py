"""The steps of an epoch, each in parts that threads share: which sequences, what is drawn for them, their loss."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from emotion.fusion.augment import Variation
from emotion.fusion.models.registry import loss_of
from emotion.fusion.models.rng import seeded
from emotion.fusion.sequences import Sequences


class Part(NamedTuple):
    """Some sequences of a step: their numbers, the seed of what is drawn for them, the step's scored utterances."""

    which: Tensor
    seed: int
    scored: int


def steps(sequences: Sequences, *, batch: int, seed: int, epoch: int) -> Iterator[list[Part]]:
    """All sequences with a labelled target, in an order that depends on seed and epoch alone.

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
    """Labelled targets of each sequence, (s,) on the CPU."""
    labels = sequences.labels[sequences.windows.clamp(min=0)]  # (s, u)
    return (sequences.target & (labels >= 0)).sum(1).cpu()


def loss(module: nn.Module, part: Part, *, sequences: Sequences, vary: Variation, smoothing: float) -> Tensor:
    """The part's share of the step's mean cross-entropy, or of the model's own loss; summed over members."""
    batch = sequences.batch(part.which, words=getattr(module, "words", ()))
    places = batch.target & (batch.labels >= 0)
    with seeded(part.seed, places.device):
        batch = vary(batch)
        outputs = module(batch.features, batch.present, batch.speakers, batch.mask)  # (..., b, u, classes)
    labels = batch.labels[places]

    def score(logits: Tensor) -> Tensor:
        return nn.functional.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="sum")

    return loss_of(module, outputs[..., places, :], score) / part.scored
