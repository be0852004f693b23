"""CNN: convolutions of several widths with max-over-time pooling (Kim, EMNLP 2014).

Kim convolves the words of a sentence. The caches hold one vector per utterance, so here a learned linear map spreads
the utterance's own vector over a short sequence of word-like vectors, and these are convolved; word-level text comes
with word-level caches. (Convolving the bare vector instead, feature after feature, learns next to nothing:
max-over-time forgets which feature it saw.) There is no context: the other utterances of the dialogue never influence
an output.

Shapes: `b` sequences, `u` utterances, `d` features, `n` real utterances.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from emotion.models.layers import join


class Cnn(nn.Module):
    """Convolutions of several widths over each utterance's features.

    Args:
        dims: features per modality; its order is that of the columns of `present`.
        classes: how many emotions.
        words: length of the sequence an utterance is spread over.
        width: features per word.
        widths: of the convolutions, in words.
        maps: feature maps per width.
        dense: units of the utterance's representation.
        dropout: on the pooled maps.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        *,
        classes: int,
        words: int = 8,
        width: int = 50,
        widths: Sequence[int] = (3, 4, 5),
        maps: int = 50,
        dense: int = 100,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.modalities = tuple(dims)
        self.words = words
        self.embed = nn.Linear(sum(dims.values()), width * words)
        self.convolutions = nn.ModuleList(nn.Conv1d(width, maps, span, padding=span // 2) for span in widths)
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(maps * len(widths), dense)
        self.classifier = nn.Linear(dense, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """Classify every utterance by itself.

        Args:
            features: per modality (b, u, d_m) float.
            present: (b, u, m) bool, False = that modality is missing.
            speakers: (b, u) long; this model does not look at them.
            mask: (b, u) bool.

        Returns:
            Logits, (b, u, classes); 0 where `mask` is False.
        """
        b, u = mask.shape
        x = join(features, present, mask, modalities=self.modalities)[mask]  # (n, d)
        words = self.embed(x).unflatten(1, (-1, self.words))  # (n, width, words)
        maps = [torch.relu(convolve(words)) for convolve in self.convolutions]  # each (n, maps, about words)
        pooled = torch.cat([one.amax(-1) for one in maps], dim=-1)  # max over time: (n, widths * maps)
        logits = self.classifier(torch.relu(self.dense(self.dropout(pooled))))  # (n, classes)
        out: Tensor = logits.new_zeros(b, u, logits.shape[-1])
        out[mask] = logits
        return out
