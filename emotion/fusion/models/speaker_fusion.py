"""Speaker fusion, ours: a Bi-LSTM per modality, gates between them, attention that knows who speaks.

    audio ─ Bi-LSTM ─ linear, tanh ─┐
    face  ─ Bi-LSTM ─ linear, tanh ─┼─ gates ─ F ─┬─ heads: everyone, same, others ─ + ─ Norm ─ linear ─ classes
    text  ─ Bi-LSTM ─ linear, tanh ─┘             └──────────────────────────────────┘

- One encoder per modality: a noisy modality does not disturb the states of a good one.
- The gates are a softmax over the modalities that are present in an utterance, feature by feature, so any subset of
  modalities works, and what is missing has no say. (Gates between modalities: Arevalo et al., "Gated multimodal
  units", 2017; theirs are sigmoids of all modalities side by side.)
- Three groups of attention heads look at all utterances, at the same speaker's, and at the other speakers': how
  somebody feels depends on how they felt before, and on what is said to them. (Shen et al., "DialogXL", AAAI 2021.)
- Residual connection and norm as in the paper's eq. (10).

Shapes: `b` sequences, `u` utterances, `d` features, `m` modalities.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.layers import BiLstm, Dropout, attend

ROLES = 3
"""Groups of heads: everyone, same speaker, others."""


class SpeakerFusion(nn.Module):
    """Gated fusion of recurrent encoders, and speaker-aware attention.

    Args:
        dims: features per modality; its order is that of the columns of `present`.
        classes: how many emotions.
        hidden: LSTM units per direction.
        heads: attention heads of each group; must divide `2 * hidden`.
        dropout: on the encoders' states, on the attention weights and before the classifier.
        attention: False leaves the attention out.
        residual: False leaves the connection around it out.
        speakers: False lets all heads look at everyone.

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
        speakers: bool = True,
    ) -> None:
        super().__init__()
        self.modalities, self.residual = tuple(dims), residual
        size = 2 * hidden
        self.encoders = nn.ModuleDict({name: BiLstm(d, hidden) for name, d in dims.items()})
        self.values = nn.ModuleDict({name: nn.Linear(size, size) for name in dims})
        self.gates = nn.ModuleDict({name: nn.Linear(size, size) for name in dims})
        self.attention = RoleAttention(size, heads=heads, dropout=dropout, speakers=speakers) if attention else None
        self.norm = nn.LayerNorm(size)
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(size, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """Classify every utterance of every sequence.

        Args:
            features: per modality (b, u, d_m) float.
            present: (b, u, m) bool, False = that modality is missing.
            speakers: (b, u) long, who speaks.
            mask: (b, u) bool, real utterances first.

        Returns:
            Logits, (b, u, classes); meaningless where `mask` is False.
        """
        f = self.fuse(features, present & mask[..., None], mask)  # (b, u, size)
        if self.attention is not None:
            attended = self.attention(f, speakers, mask)
            f = f + attended if self.residual else attended
        logits: Tensor = self.classifier(self.dropout(self.norm(f)))
        return logits

    def fuse(self, features: Mapping[str, Tensor], real: Tensor, mask: Tensor) -> Tensor:
        """Encode each modality by itself, then weigh them against each other.

        Args:
            features: per modality (b, u, d_m).
            real: (b, u, m) bool, present and no padding.
            mask: (b, u) bool.

        Returns:
            (b, u, size); 0 where no modality is present.
        """
        values, gates = [], []
        for i, name in enumerate(self.modalities):
            x = features[name].where(real[..., i, None], 0.0)
            state = self.dropout(self.encoders[name](x, mask))  # (b, u, size)
            values.append(torch.tanh(self.values[name](state)))
            gates.append(self.gates[name](state))
        there = real[..., None]  # (b, u, m, 1)
        gate = torch.stack(gates, dim=2)
        gate = torch.softmax(gate.masked_fill(~there, torch.finfo(gate.dtype).min), dim=2) * there
        return (gate * torch.stack(values, dim=2)).sum(2)


class RoleAttention(nn.Module):
    """Self-attention with a group of heads for everyone, one for the same speaker and one for the others.

    Args:
        size: features of the input and of the output.
        heads: of each group; must divide `size`.
        dropout: on the attention weights.
        speakers: False lets all groups look at everyone.

    Raises:
        ValueError: `heads` does not divide `size`.
    """

    def __init__(self, size: int, *, heads: int, dropout: float, speakers: bool) -> None:
        super().__init__()
        if size % heads:
            raise ValueError(f"heads is {heads}, expected a divisor of {size} (twice the hidden size)")
        self.heads, self.speakers = heads, speakers
        self.to_qkv = nn.Linear(size, 3 * ROLES * size)
        self.out = nn.Linear(ROLES * size, size)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """Let every utterance read what each group may look at.

        Args:
            x: (b, u, size).
            speakers: (b, u) long.
            mask: (b, u) bool.

        Returns:
            (b, u, size).
        """
        allowed = mask[:, None, None, :]  # everyone, (b, 1, 1, u)
        if self.speakers:
            same = (speakers[:, :, None] == speakers[:, None, :])[:, None]  # (b, 1, u, u)
            groups = torch.cat([torch.ones_like(same), same, ~same], dim=1) & allowed  # (b, 3, u, u)
            allowed = groups.repeat_interleave(self.heads, dim=1)  # (b, 3 * heads, u, u)
        q, key, value = self.to_qkv(x).chunk(3, dim=-1)  # each (b, u, 3 * size)
        attended = attend(q, key, value, allowed, heads=ROLES * self.heads, dropout=self.dropout)
        joined: Tensor = self.out(attended)
        return joined
