"""MDRE: a recurrent encoder per modality and attention between them (Yoon et al., SLT 2018 and ICASSP 2019).

    audio ─ Bi-GRU ─ states ─┬──────────────┐        each modality keeps its own states
                             ╳ attention    ├─ side by side ─ dense, ReLU ─ classes
    text  ─ Bi-GRU ─ states ─┴──────────────┘        and reads those of every other one

Where this departs from the papers: theirs encode the frames and the words of one utterance, and attention looks for the
words that belong to what was heard; the caches hold one vector per utterance, so the encoders run along the dialogue
and attention looks for utterances. Yoon et al. encode audio and text; here it is any number of modalities, each of
which reads every other one. A modality that is missing in an utterance is not read there. GRUs as in 2018 (200 units in
theirs), bidirectional as in 2019. Shapes: `b` sequences, `u` utterances, `d` features, `m` modalities.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import BiGru, Dropout, attend, blanked


class Mdre(FusionModel):
    """Recurrent encoders with attention between modalities.

    Args:
        hidden: GRU units per direction.
        dropout: on the inputs, on the attention weights and before the classifier.
    """

    def __init__(self, dims: Mapping[str, int], *, classes: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.modalities = tuple(dims)
        self.encoders = nn.ModuleDict({name: BiGru(d, hidden) for name, d in dims.items()})
        self.queries = nn.ModuleDict({name: nn.Linear(2 * hidden, 2 * hidden) for name in dims if len(dims) > 1})
        self.dropout = Dropout(dropout)
        self.dense = nn.Linear(2 * hidden * len(dims) ** 2, 2 * hidden)  # own states, and m - 1 readings each
        self.classifier = nn.Linear(2 * hidden, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`; this model does not look at the speakers."""
        real = present & mask[..., None]
        known = blanked(features, present, mask, modalities=self.modalities)
        states = [self.encoders[name](self.dropout(x), mask) for name, x in known.items()]  # each (b, u, 2 * hidden)
        found = list(states)
        for i, name in enumerate(self.modalities):
            for j, other in enumerate(states):
                if i != j:
                    readable = real[:, None, None, :, j]
                    found.append(
                        attend(self.queries[name](states[i]), other, other, readable, heads=1, dropout=self.dropout)
                    )
        logits: Tensor = self.classifier(self.dropout(torch.relu(self.dense(torch.cat(found, dim=-1)))))
        return logits
