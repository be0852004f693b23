"""Inertia, ours: each utterance by itself, then the mean over the same speaker's turns around it.

    audio ─ linear, ReLU ─┐
    face  ─ linear, ReLU ─┼─ side by side ─ mean over the speaker's turns ─ linear ─ classes
    text  ─ linear, ReLU ─┘

How somebody feels lasts longer than a turn ("emotional inertia": Kuppens et al., Psychological Science 2010). This
model knows that and nothing else of a dialogue: neither the order of what is said nor the answers. So there is little
of a play that it could learn by heart: it is meant for scenes that were not met in training.

    mean of h at turn t = (1 - lasts) h_t + lasts * sum over s of w_ts h_s / sum of w_ts,   w_ts = exp(-|t - s| / turns)

over all turns s of the same speaker, t among them. Shapes: `b` sequences, `u` utterances, `d` features.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import Dropout, blanked, join


class Inertia(FusionModel):
    """A layer per modality, and a mean over what the same speaker says.

    Args:
        hidden: units per modality.
        dropout: on the inputs and before the classifier.
        speakers: False takes the mean over all turns, whoever speaks.
        lasts: share 0..1 of the mean.
        turns: after so many turns of the dialogue a weight has fallen to 1 / e.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        *,
        classes: int,
        hidden: int,
        dropout: float,
        speakers: bool = True,
        lasts: float = 0.8,
        turns: float = 4.0,
    ) -> None:
        super().__init__()
        self.modalities, self.speakers, self.lasts, self.turns = tuple(dims), speakers, lasts, turns
        self.layers = nn.ModuleDict({name: nn.Linear(d, hidden) for name, d in dims.items()})
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(hidden * len(dims), classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`."""
        inputs = blanked(features, present, mask, modalities=self.modalities)
        found = {name: torch.relu(self.layers[name](self.dropout(x))) for name, x in inputs.items()}  # each (b, u, d)
        h = join(found, present, mask, modalities=self.modalities)
        near = self.lasts * (self.weights(speakers, mask) @ h) + (1 - self.lasts) * h
        logits: Tensor = self.classifier(self.dropout(near))
        return logits

    def weights(self, speakers: Tensor, mask: Tensor) -> Tensor:
        """How much of the mean at each turn is each turn of the same speaker: (b, u, u), rows add up to 1."""
        allowed = mask[:, None, :] & mask[:, :, None]
        if self.speakers:
            allowed = allowed & (speakers[:, :, None] == speakers[:, None, :])
        place = torch.arange(mask.shape[1], device=mask.device)
        weights = torch.exp(-(place[:, None] - place).abs() / self.turns) * allowed
        return weights / weights.sum(-1, keepdim=True).clamp(min=1e-6)
