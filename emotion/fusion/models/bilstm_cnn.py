"""Bi-LSTM-CNN: recurrent context, then convolutions (Wang, Wang and Cheng, 2022, for audio and text).

    each modality ─ Bi-LSTM ─┐
                             ├─ side by side ─ convolutions over neighbouring utterances ─ ReLU ─ linear ─ classes
    each modality ─ Bi-LSTM ─┘

Where this departs from the paper: theirs runs over the words and frames of one utterance and fuses two modalities at
the end; the caches hold one vector per utterance, so Bi-LSTMs and convolutions run along the dialogue, over any number
of modalities. An utterance must keep its place, so there is no pooling over time. The paper's sizes are not ours to
know; the widths are Kim's odd ones. Shapes: `b` sequences, `u` utterances, `d` features, `m` modalities.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import BiLstm, Dropout, blanked


class BiLstmCnn(FusionModel):
    """Bi-LSTM per modality, then convolutions.

    Args:
        hidden: LSTM units per direction.
        dropout: on the inputs and before the classifier.
        widths: of the convolutions, in utterances; odd.
        maps: feature maps per width.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        *,
        classes: int,
        hidden: int,
        dropout: float,
        widths: Sequence[int] = (3, 5),
        maps: int = 100,
    ) -> None:
        super().__init__()
        self.modalities = tuple(dims)
        self.encoders = nn.ModuleDict({name: BiLstm(d, hidden) for name, d in dims.items()})
        width = 2 * hidden * len(dims)
        self.convolutions = nn.ModuleList(nn.Conv1d(width, maps, span, padding=span // 2) for span in widths)
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(maps * len(widths), classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`; this model does not look at the speakers."""
        known = blanked(features, present, mask, modalities=self.modalities)
        states = [self.encoders[name](self.dropout(x), mask) for name, x in known.items()]  # each (b, u, 2 * hidden)
        # Beyond the last utterance there is silence, as before the first.
        context = torch.cat(states, dim=-1).where(mask[..., None], 0.0).transpose(1, 2)  # (b, m * 2 * hidden, u)
        maps = torch.cat([torch.relu(convolve(context)) for convolve in self.convolutions], dim=1)
        logits: Tensor = self.classifier(self.dropout(maps.transpose(1, 2)))
        return logits
