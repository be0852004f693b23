"""The paper's model: Bi-LSTM, multi-head self-attention, residual connection with normalisation (Gao and Guo).

    audio ┐
    face  ├─ concatenate ─ Bi-LSTM ─ F ─┬─ multi-head attention ─ + ─ Norm ─ H ─ linear ─ classes
    text  ┘                             └─────────────────────────┘

Equations (3) and (6) print the forget gate's weight W_f for the input and output gates as well; as in every LSTM, each
gate has its own weights here. Shapes: `b` sequences, `u` utterances, `d` features.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import BiLstm, Dropout, SelfAttention, join


class Fusion(FusionModel):
    """Bi-LSTM fusion with a residual connection around multi-head self-attention.

    Args:
        hidden: LSTM units per direction.
        heads: attention heads; must divide `2 * hidden`.
        dropout: on the Bi-LSTM's input, on the attention weights and before the classifier.
        attention: False leaves the attention out: H = Norm(F).
        residual: False leaves the connection around it out: H = Norm(MultiHead(F)).

    Raises:
        ValueError: `heads` does not divide `2 * hidden`.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        *,
        classes: int,
        hidden: int,
        heads: int,
        dropout: float,
        attention: bool = True,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.modalities, self.residual = tuple(dims), residual
        self.recurrent = BiLstm(sum(dims.values()), hidden)
        self.attention = SelfAttention(2 * hidden, heads=heads, dropout=dropout) if attention else None
        self.norm = nn.LayerNorm(2 * hidden)
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(2 * hidden, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`; this model does not look at the speakers."""
        x = self.dropout(join(features, present, mask, modalities=self.modalities))  # (b, u, d)
        f = self.recurrent(x, mask)  # eqs (2)-(7), both directions: (b, u, 2 * hidden)
        if self.attention is None:
            h = self.norm(f)
        else:
            attended = self.attention(f, mask[:, None, None])  # eqs (8)-(9)
            h = self.norm(f + attended if self.residual else attended)  # eq. (10)
        logits: Tensor = self.classifier(self.dropout(h))
        return logits
