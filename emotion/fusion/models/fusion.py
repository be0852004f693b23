"""The paper's model: Bi-LSTM, multi-head self-attention, residual connection with normalisation (Gao and Guo).

    audio ┐
    face  ├─ concatenate ─ Bi-LSTM ─ F ─┬─ multi-head attention ─ + ─ Norm ─ H ─ linear ─ classes
    text  ┘                             └─────────────────────────┘

Equations (3) and (6) print the forget gate's weight W_f for the input and output gates as well; as in every LSTM, each
gate has its own weights here. Shapes: `b` sequences, `u` utterances, `d` features.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from emotion.fusion.models.layers import BiLstm, Dropout, attend, join


class Fusion(nn.Module):
    """Bi-LSTM fusion with a residual connection around multi-head self-attention.

    Args:
        dims: features per modality; its order is that of the columns of `present`.
        classes: how many emotions.
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
        """Classify every utterance of every sequence.

        Args:
            features: per modality (b, u, d_m) float.
            present: (b, u, m) bool, False = that modality is missing.
            speakers: (b, u) long; this model does not look at them.
            mask: (b, u) bool, real utterances first.

        Returns:
            Logits, (b, u, classes); meaningless where `mask` is False.
        """
        x = self.dropout(join(features, present, mask, modalities=self.modalities))  # (b, u, d)
        f = self.recurrent(x, mask)  # eqs (2)-(7), both directions: (b, u, 2 * hidden)
        if self.attention is None:
            h = self.norm(f)
        else:
            attended = self.attention(f, mask)  # eqs (8)-(9)
            h = self.norm(f + attended if self.residual else attended)  # eq. (10)
        logits: Tensor = self.classifier(self.dropout(h))
        return logits


class SelfAttention(nn.Module):
    """Multi-head self-attention, eqs (8)-(9).

    Args:
        dim: features of the input and of the output.
        heads: must divide `dim`.
        dropout: on the attention weights.

    Raises:
        ValueError: `heads` does not divide `dim`.
    """

    def __init__(self, dim: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        if dim % heads:
            raise ValueError(f"heads is {heads}, expected a divisor of {dim} (twice the hidden size)")
        self.heads = heads
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Let every utterance attend to all real utterances of its sequence.

        Args:
            x: (b, u, d) float.
            mask: (b, u) bool, at least one True per sequence.

        Returns:
            (b, u, d).
        """
        q, key, value = self.to_qkv(x).chunk(3, dim=-1)  # each (b, u, d)
        attended = attend(q, key, value, mask[:, None, None], heads=self.heads, dropout=self.dropout)  # eq. (8)
        joined: Tensor = self.out(attended)  # eq. (9): heads side by side, times X
        return joined
