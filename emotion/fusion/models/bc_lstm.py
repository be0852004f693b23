"""bc-LSTM: a bidirectional contextual LSTM (Poria et al., ACL 2017).

The utterances' features of all modalities side by side -> 2-layer Bi-LSTM, 100 units per direction -> 200 to 100 with
ReLU -> classes; dropout 0.25. The paper trains a contextual LSTM per modality before it fuses them; like the field's
re-runs on IEMOCAP this is its one-stage form. Shapes: `b` sequences, `u` utterances, `d` features.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import BiLstm, Dropout, join


class BcLstm(FusionModel):
    """Bidirectional contextual LSTM.

    Args:
        hidden: LSTM units per direction.
        depth: LSTM layers.
        dense: units of the fully connected layer.
        dropout: between the LSTM layers and before the classifier.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        *,
        classes: int,
        hidden: int = 100,
        depth: int = 2,
        dense: int = 100,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.modalities = tuple(dims)
        self.recurrent = BiLstm(sum(dims.values()), hidden, layers=depth, dropout=dropout)
        self.dense = nn.Linear(2 * hidden, dense)
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(dense, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`; this model does not look at the speakers."""
        x = join(features, present, mask, modalities=self.modalities)  # (b, u, d)
        context = self.recurrent(x, mask)  # (b, u, 2 * hidden)
        logits: Tensor = self.classifier(self.dropout(torch.relu(self.dense(context))))
        return logits
