"""MMGCN: a deep graph convolution network over modalities and utterances (Hu et al., ACL 2021).

    audio ─ linear ──────────────────────┐
    face  ─ linear ──────────────────────┼─ nodes x ─ graph convolutions ─ h ─ [x, h] of all modalities ─ ReLU ─ classes
    text  ─ linear ─ Bi-LSTM ─ + speaker ┘

A dialogue is one graph: a node per utterance and modality. Nodes of the same modality are all connected, and so are the
nodes of one utterance; the nearer two nodes' features, the heavier the edge, itself included:

    A_ij = 1 - arccos(cos(x_i, x_j)) / pi,    P = D^-1/2 A D^-1/2,    D = the rows' sums of A
    h_0 = ReLU(W x + w)
    h_l = ReLU((1 - b_l) ((1 - a) P h_l-1 + a h_0) + b_l [P h_l-1, h_0] W_l),    b_l = log(0.5 / l + 1),  a = 0.1

Sizes and dropout are those of the public code: 64 layers. With audio of 1582 features, face of 342, text of 100, two
speakers and 6 classes: 2,194,506 parameters.

Where this departs from the paper; in the first four points it follows the authors' public code:
- W_l reads P h and h_0 side by side (GCNII*, Chen et al., 2020); the paper prints W_l times their weighted sum (GCNII).
- The paper's figures are of 4 layers. The public code always makes 64, whatever its option says.
- The speaker's embedding is added to the text alone; the paper joins it to all modalities.
- Edges between modalities weigh as much as those within; the paper gives them a factor of their own.
- Speakers are numbered by their first utterance in the sequence. From `parties` on they share an embedding.
- A modality that is missing in an utterance has no edges there.

Shapes: `b` sequences, `u` utterances, `d` features, `m` modalities.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import BiLstm, Dropout, blanked, roles

SPOKEN = "text"
"""The modality that has a Bi-LSTM and knows who speaks; without text, every modality."""


class Mmgcn(FusionModel):
    """Graph convolutions over all utterances and modalities of a sequence.

    Args:
        hidden: LSTM units per direction; nodes have twice as many features.
        size: features of a graph convolution.
        layers: graph convolutions.
        parties: embeddings of speakers.
        dropout: between the LSTM layers, between the graph convolutions, and before the classifier.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        *,
        classes: int,
        hidden: int = 100,
        size: int = 100,
        layers: int = 64,
        parties: int = 9,
        dropout: float = 0.4,
    ) -> None:
        super().__init__()
        self.modalities, self.parties = tuple(dims), parties
        width = 2 * hidden
        self.spoken = tuple(name for name in dims if name == SPOKEN or SPOKEN not in dims)
        self.encoders = nn.ModuleDict({name: nn.Linear(d, width) for name, d in dims.items()})
        self.recurrent = nn.ModuleDict({name: BiLstm(width, hidden, layers=2, dropout=dropout) for name in self.spoken})
        self.speakers = nn.Embedding(parties, width)
        self.graph = Convolutions(width, size, layers=layers, dropout=dropout)
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear((width + size) * len(dims), classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`."""
        who, _ = roles(speakers, mask)  # (b, u)
        person = self.speakers(who.clamp(max=self.parties - 1))
        nodes = []
        for name, known in blanked(features, present, mask, modalities=self.modalities).items():
            x = self.encoders[name](known)  # (b, u, width)
            nodes.append(self.recurrent[name](x, mask) + person if name in self.spoken else x)
        x = torch.stack(nodes, dim=1)  # (b, m, u, width)
        found = self.graph(x, *edges(x, (present & mask[..., None]).transpose(1, 2)))  # (b, m, u, width + size)
        joined = found.transpose(1, 2).flatten(2)  # (b, u, m * (width + size))
        logits: Tensor = self.classifier(torch.relu(self.dropout(joined)))
        return logits


def edges(x: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """The normalised edges P between the nodes x (b, m, u, d), of which `real` (b, m, u) bool says which there are.

    Returns:
        Those within a modality, (b, m, u, u), and those between the modalities of an utterance, (b, u, m, m), without
        the nodes' own. 0 where a node is not real.
    """
    way = nn.functional.normalize(x, dim=-1)
    within = _weights(way @ way.transpose(-1, -2)) * (real[..., None] & real[..., None, :])
    way, here = way.transpose(1, 2), real.transpose(1, 2)  # (b, u, m, d), (b, u, m)
    other = ~torch.eye(x.shape[1], dtype=torch.bool, device=x.device)
    between = _weights(way @ way.transpose(-1, -2)) * (here[..., None] & here[..., None, :] & other)
    degree = within.sum(-1) + between.sum(-1).transpose(1, 2)  # (b, m, u)
    scale = degree.where(real, 1.0).rsqrt()
    within = within * scale[..., None] * scale[..., None, :]
    scale = scale.transpose(1, 2)
    return within, between * scale[..., None] * scale[..., None, :]


def _weights(cosine: Tensor) -> Tensor:
    """Angular similarity, 0..1. The factor keeps arccos away from 1, where its slope is infinite."""
    return 1 - torch.acos(0.99999 * cosine) / math.pi


class Convolutions(nn.Module):
    """The layers of GCNII* over one graph per sequence.

    Args:
        inputs: features of a node.
        size: features of a layer.
        layers: how many.
        dropout: on the nodes and on what every layer gives.
        start: a, the share of the first layer in every layer.
        decay: b_1 = log(decay + 1), and less in every further layer.
    """

    def __init__(
        self, inputs: int, size: int, *, layers: int, dropout: float, start: float = 0.1, decay: float = 0.5
    ) -> None:
        super().__init__()
        self.start, self.decay = start, decay
        self.first = nn.Linear(inputs, size)
        self.weights = nn.Parameter(torch.empty(layers, 2 * size, size).uniform_(-(size**-0.5), size**-0.5))
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, within: Tensor, between: Tensor) -> Tensor:
        """Pass nodes x (b, m, u, inputs) along the edges, see `edges`; gives [x, h], (b, m, u, inputs + size)."""
        x = self.dropout(x)
        start = h = torch.relu(self.first(x))  # (b, m, u, size)
        for layer, weight in enumerate(self.weights.unbind(0), start=1):
            share = math.log(self.decay / layer + 1)
            h = self.dropout(h)
            passed = within @ h + (between @ h.transpose(1, 2)).transpose(1, 2)  # P h
            kept = torch.lerp(passed, start, self.start)
            h = torch.relu(torch.lerp(kept, torch.cat([passed, start], dim=-1) @ weight, share))
        return torch.cat([x, self.dropout(h)], dim=-1)
