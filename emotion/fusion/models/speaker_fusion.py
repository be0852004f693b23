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

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import BiLstm, Dropout, SelfAttention, blanked

ROLES = 3
"""Groups of heads: everyone, same speaker, others."""


class SpeakerFusion(FusionModel):
    """Gated fusion of recurrent encoders, and speaker-aware attention.

    Args:
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
        self.modalities, self.residual, self.heads = tuple(dims), residual, heads
        self.speakers = speakers
        size = 2 * hidden
        self.encoders = nn.ModuleDict({name: BiLstm(d, hidden) for name, d in dims.items()})
        self.values = nn.ModuleDict({name: nn.Linear(size, size) for name in dims})
        self.gates = nn.ModuleDict({name: nn.Linear(size, size) for name in dims})
        self.attention = SelfAttention(size, heads=heads, dropout=dropout, groups=ROLES) if attention else None
        self.norm = nn.LayerNorm(size)
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(size, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`."""
        f = self.fuse(features, present, mask)  # (b, u, size)
        if self.attention is not None:
            allowed = mask[:, None, None, :]
            if self.speakers:
                allowed = by_role(speakers, mask).repeat_interleave(self.heads, dim=1)  # (b, ROLES * heads, u, u)
            attended = self.attention(f, allowed)
            f = f + attended if self.residual else attended
        logits: Tensor = self.classifier(self.dropout(self.norm(f)))
        return logits

    def fuse(self, features: Mapping[str, Tensor], present: Tensor, mask: Tensor) -> Tensor:
        """Encode each modality by itself, then weigh them: (b, u, size); 0 where no modality is present."""
        values, gates = [], []
        for name, x in blanked(features, present, mask, modalities=self.modalities).items():
            state = self.dropout(self.encoders[name](x, mask))  # (b, u, size)
            values.append(torch.tanh(self.values[name](state)))
            gates.append(self.gates[name](state))
        there = (present & mask[..., None])[..., None]  # (b, u, m, 1)
        gate = torch.stack(gates, dim=2)
        gate = torch.softmax(gate.masked_fill(~there, torch.finfo(gate.dtype).min), dim=2) * there
        return (gate * torch.stack(values, dim=2)).sum(2)


def by_role(speakers: Tensor, mask: Tensor) -> Tensor:
    """Whom each utterance may read: everyone, those of the same speaker, and those of others; (b, ROLES, u, u) bool."""
    same = (speakers[:, :, None] == speakers[:, None, :])[:, None]  # (b, 1, u, u)
    return torch.cat([torch.ones_like(same), same, ~same], dim=1) & mask[:, None, None, :]
