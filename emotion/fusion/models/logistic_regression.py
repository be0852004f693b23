"""Logistic regression on the features of all modalities side by side: the line that every other model has to pass.

    audio ┐
    face  ├─ side by side ─ linear ─ classes
    text  ┘

`weight_decay` is its only regularisation. There is no context, and who speaks has no effect.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import join


class LogisticRegression(FusionModel):
    """One linear layer; its sizes are those of the inputs."""

    def __init__(self, dims: Mapping[str, int], *, classes: int) -> None:
        super().__init__()
        self.modalities = tuple(dims)
        self.classifier = nn.Linear(sum(dims.values()), classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`."""
        logits: Tensor = self.classifier(join(features, present, mask, modalities=self.modalities))
        return logits
