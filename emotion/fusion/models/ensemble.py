"""Several models that vote: copies with other starting weights, trained side by side (deep ensemble).

On a few thousand utterances a single run moves by a point or two with its seed; the mean of several models'
probabilities moves less, and is better than most of them (Lakshminarayanan et al., NeurIPS 2017). Each copy has its own
loss.
"""

import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel


class Members(FusionModel):
    """The vote of several models.

    Args:
        members: models with the same inputs and classes.
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.words = getattr(self.members[0], "words", ())

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`.

        Returns:
            While training, each member's logits, (members, b, u, classes). Otherwise logarithms of the mean of their
            probabilities, (b, u, classes), which serve as logits.
        """
        logits = torch.stack([member(features, present, speakers, mask) for member in self.members])
        if self.training:
            return logits
        return logits.log_softmax(-1).logsumexp(0) - math.log(len(self.members))
