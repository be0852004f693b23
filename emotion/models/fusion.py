"""The paper's model: Bi-LSTM, multi-head self-attention, residual connection with normalisation (Gao and Guo).

    audio ┐
    face  ├─ concatenate ─ Bi-LSTM ─ F ─┬─ multi-head attention ─ + ─ Norm ─ H ─ linear ─ classes
    text  ┘                             └─────────────────────────┘

Equations (3) and (6) print the forget gate's weight W_f for the input and output gates as well; as in every LSTM, each
gate has its own weights here. Shapes: `b` sequences, `u` utterances, `d` features, `h` heads, `k` features per head.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emotion.models.layers import join, run_recurrent


class Fusion(nn.Module):
    """Bi-LSTM fusion with a residual connection around multi-head self-attention.

    Args:
        dims: features per modality; its order is that of the columns of `present`.
        classes: how many emotions.
        hidden: LSTM units per direction.
        heads: attention heads; must divide `2 * hidden`.
        dropout: on the Bi-LSTM's input, on the attention weights and before the classifier.

    Raises:
        ValueError: `heads` does not divide `2 * hidden`.
    """

    def __init__(self, dims: Mapping[str, int], *, classes: int, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.modalities = tuple(dims)
        self.recurrent = nn.LSTM(sum(dims.values()), hidden, batch_first=True, bidirectional=True)
        self.attention = SelfAttention(2 * hidden, heads=heads, dropout=dropout)
        self.norm = nn.LayerNorm(2 * hidden)
        self.dropout = nn.Dropout(dropout)
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
        f = run_recurrent(self.recurrent, x, mask)  # eqs (2)-(7), both directions: (b, u, 2 * hidden)
        h = self.norm(f + self.attention(f, mask))  # eq. (10)
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
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Let every utterance attend to all real utterances of its sequence.

        Args:
            x: (b, u, d) float.
            mask: (b, u) bool, at least one True per sequence.

        Returns:
            (b, u, d).
        """
        b, u, d = x.shape
        k = d // self.heads
        q, key, value = self.to_qkv(x).reshape(b, u, 3, self.heads, k).permute(2, 0, 3, 1, 4)  # each (b, h, u, k)
        similar = q @ key.transpose(-1, -2) / k**0.5  # (b, h, u, u)
        similar = similar.masked_fill(~mask[:, None, None, :], float("-inf"))
        weights = self.dropout(torch.softmax(similar, dim=-1))
        attended = weights @ value  # eq. (8): (b, h, u, k)
        joined: Tensor = self.out(attended.transpose(1, 2).reshape(b, u, d))  # eq. (9): heads side by side, times X
        return joined
