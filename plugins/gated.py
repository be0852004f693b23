"""Gated multimodal units: how much of each modality counts is learnt, per utterance and unit (Arevalo et al., 2017).

    h_i = tanh(V_i x_i)             what modality i says
    z_i = sigmoid(Z_i [x_1 ... x_m])  how far it is believed, given all of them
    h   = sum of z_i * h_i  ->  dropout  ->  classes

Every utterance is classified alone: history and future have no effect.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.layers import Dropout, join


class Gated(nn.Module):
    """A gated multimodal unit and a linear classifier.

    Args:
        dims: features per modality; its order is that of the columns of `present`.
        classes: how many emotions.
        hidden: units.
        dropout: before the classifier.
    """

    source = "Arevalo et al., ICLR workshop 2017"

    def __init__(self, dims: Mapping[str, int], *, classes: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dims = dict(dims)
        self.values = nn.ModuleDict({name: nn.Linear(d, hidden) for name, d in dims.items()})
        self.gates = nn.ModuleDict({name: nn.Linear(sum(dims.values()), hidden) for name in dims})
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """Logits (b, u, classes); see README.md for the arguments."""
        x = join(features, present, mask, modalities=tuple(self.dims))  # (b, u, sum of d), 0 where missing
        parts = x.split(tuple(self.dims.values()), dim=-1)
        h = torch.zeros_like(x[..., :1])
        for i, (name, part) in enumerate(zip(self.dims, parts, strict=True)):
            said = torch.tanh(self.values[name](part)) * present[..., i, None]  # (b, u, hidden)
            h = h + torch.sigmoid(self.gates[name](x)) * said
        logits: Tensor = self.classifier(self.dropout(h))
        return logits
