"""A dialogue transformer: attention between modalities with residual connections, in the manner of DR-Transformer.

    audio ─ linear + place ─┬─ reads text, face ── + ─ Norm ─ feed-forward ─ + ─ Norm ─┐
    face  ─ linear + place ─┼─ reads audio, text ─ + ─ Norm ─ feed-forward ─ + ─ Norm ─┼─ side by side ─ dense ─ classes
    text  ─ linear + place ─┴─ reads audio, face ─ + ─ Norm ─ feed-forward ─ + ─ Norm ─┘   (as many layers as wanted)

Sources: attention between modalities as in MulT (Tsai et al., ACL 2019), blocks as in Vaswani et al. (2017), with the
norm after the residual connection. The text of "DR-Transformer" (Chen et al., which the paper discusses) is not openly
available: what is named after it here follows the paper's one sentence about it. Departures from MulT: one stream per
modality instead of one per pair, which reads all other modalities and itself at once; a modality that is missing in an
utterance is not read there. Shapes: `b` sequences, `u` utterances, `d` features, `m` modalities.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import Dropout, attend, blanked, check_heads, places


class DialogueTransformer(FusionModel):
    """Cross-modal transformer over the utterances of a dialogue.

    Args:
        hidden: half the features of a stream, so that sizes compare with those of Bi-LSTM models.
        heads: attention heads; must divide `2 * hidden`.
        dropout: on the inputs, on the attention weights, on what a block adds and before the classifier.
        depth: layers.

    Raises:
        ValueError: `heads` does not divide `2 * hidden`.
    """

    def __init__(
        self, dims: Mapping[str, int], *, classes: int, hidden: int, heads: int, dropout: float, depth: int = 2
    ) -> None:
        super().__init__()
        self.modalities = tuple(dims)
        size = 2 * hidden
        self.embed = nn.ModuleDict({name: nn.Linear(d, size) for name, d in dims.items()})
        self.layers = nn.ModuleList(
            nn.ModuleDict({name: Block(size, heads=heads, dropout=dropout) for name in dims}) for _ in range(depth)
        )
        self.dropout = Dropout(dropout)
        self.dense = nn.Linear(size * len(dims), size)
        self.classifier = nn.Linear(size, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`; this model does not look at the speakers."""
        real = present & mask[..., None]
        streams = {}
        for name, known in blanked(features, present, mask, modalities=self.modalities).items():
            x = self.embed[name](self.dropout(known))
            streams[name] = x + places(x)  # (b, u, size)
        readable = real.transpose(1, 2).flatten(1)[:, None, None]  # (b, 1, 1, m * u), modality after modality
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleDict)
            everything = torch.cat(list(streams.values()), dim=1)  # (b, m * u, size)
            streams = {name: block(streams[name], everything, readable) for name, block in layer.items()}
        joined = torch.cat(list(streams.values()), dim=-1)
        logits: Tensor = self.classifier(self.dropout(torch.relu(self.dense(joined))))
        return logits


class Block(nn.Module):
    """Attention to all streams and a feed-forward network, each with a residual connection and a norm."""

    def __init__(self, size: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        check_heads(heads, size)
        self.heads = heads
        self.query, self.key, self.value = nn.Linear(size, size), nn.Linear(size, size), nn.Linear(size, size)
        self.out = nn.Linear(size, size)
        self.widen, self.narrow = nn.Linear(size, 2 * size), nn.Linear(2 * size, size)
        self.norm, self.last_norm = nn.LayerNorm(size), nn.LayerNorm(size)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, everything: Tensor, readable: Tensor) -> Tensor:
        """One stream (b, u, size) reads all streams (b, m * u, size) where `readable` (b, 1, 1, m * u) allows it."""
        q, key, value = self.query(x), self.key(everything), self.value(everything)
        x = self.norm(
            x + self.dropout(self.out(attend(q, key, value, readable, heads=self.heads, dropout=self.dropout)))
        )
        out: Tensor = self.last_norm(x + self.dropout(self.narrow(self.dropout(torch.relu(self.widen(x))))))
        return out
