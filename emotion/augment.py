"""Variations of a training batch: what the model sees of an utterance changes from epoch to epoch."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from emotion.models.layers import drop
from emotion.sequences import Batch


@dataclass(frozen=True)
class Variation:
    """Which variations to apply, and how much; with zeros a batch passes through untouched.

    Attributes:
        input_dropout: chance of each input feature to be 0; the others grow to make up for it.
        modality_dropout: chance of each modality of an utterance to be missing; of those that are there one stays.
    """

    input_dropout: float = 0.0
    modality_dropout: float = 0.0

    def __call__(self, batch: Batch) -> Batch:
        """A varied copy; the draws come from torch's global generator."""
        if self.modality_dropout > 0:
            batch = replace(batch, present=drop_modalities(batch.present, self.modality_dropout))
        if self.input_dropout > 0:
            dropped = {
                name: drop(values, self.input_dropout) if values.is_floating_point() else values
                for name, values in batch.features.items()
            }
            batch = replace(batch, features=dropped)
        return batch


def drop_modalities(present: Tensor, chance: float) -> Tensor:
    """Take modalities away at random.

    Args:
        present: (b, u, m) bool.
        chance: of each modality to be taken.

    Returns:
        (b, u, m) bool; whoever had a modality before still has one.
    """
    rank = torch.rand(present.shape, device=present.device)
    kept = present & (rank >= chance)
    # Where nothing would be left, the present modality with the highest draw stays.
    best = rank.masked_fill(~present, -1.0).argmax(-1, keepdim=True)
    spared = torch.zeros_like(present).scatter(-1, best, True) & present
    return kept | (spared & ~kept.any(-1, keepdim=True))
