"""CNN: convolutions of several widths with max-over-time pooling (Kim, EMNLP 2014).

    words of the utterance        ─ convolutions 3, 4, 5 ─ ReLU ─ max over time ─┐
                                                                                 ├─ dropout ─ dense, ReLU ─ classes
    its vectors ─ linear ─ "words" ─ convolutions 3, 4, 5 ─ ReLU ─ max over time ┘

Kim convolves the words of a sentence; where a cache holds words, so does this. Where a cache holds one vector per
utterance, a learned linear map spreads it over a short sequence of word-like vectors, and these are convolved.
(Convolving the bare vector instead, feature after feature, learns next to nothing: max-over-time forgets which feature
it saw.) There is no context: the other utterances of the dialogue never influence an output.

Shapes: `b` sequences, `u` utterances, `d` features, `n` real utterances, `t` words.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import Dropout, join


class Cnn(FusionModel):
    """Convolutions of several widths over each utterance.

    Args:
        words: modalities that come word by word.
        spread: length of the sequence that an utterance's vectors are spread over.
        width: features per place of that sequence.
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
        words: Sequence[str] = (),
        spread: int = 8,
        width: int = 50,
        widths: Sequence[int] = (3, 4, 5),
        maps: int = 50,
        dense: int = 100,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        self.modalities, self.words = tuple(dims), tuple(name for name in dims if name in words)
        self.vectors = tuple(name for name in dims if name not in words)
        self.spread = spread
        sources = {name: dims[name] for name in self.words}
        if self.vectors:
            self.embed = nn.Linear(sum(dims[name] for name in self.vectors), width * spread)
            sources["vectors"] = width
        self.convolutions = nn.ModuleDict(
            {name: MaxOverTime(d, widths=widths, maps=maps) for name, d in sources.items()}
        )
        self.dropout = Dropout(dropout)
        self.dense = nn.Linear(maps * len(widths) * len(sources), dense)
        self.classifier = nn.Linear(dense, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`; this model does not look at the speakers. Padding gets 0."""
        b, u = mask.shape
        pooled = []  # each (n, widths * maps)
        for name in self.words:
            here = present[..., self.modalities.index(name)][mask]
            count = features[f"{name}/count"][mask].where(here, 0)
            pooled.append(self.convolutions[name](features[f"{name}/words"][mask], count))
        if self.vectors:
            columns = [self.modalities.index(name) for name in self.vectors]
            x = join(features, present[..., columns], mask, modalities=self.vectors)[mask]  # (n, d)
            words = self.embed(x).unflatten(1, (self.spread, -1))  # (n, spread, width)
            pooled.append(self.convolutions["vectors"](words, torch.full_like(x[:, 0], self.spread, dtype=torch.long)))
        logits = self.classifier(torch.relu(self.dense(self.dropout(torch.cat(pooled, dim=-1)))))  # (n, classes)
        out: Tensor = logits.new_zeros(b, u, logits.shape[-1])
        out[mask] = logits
        return out


class MaxOverTime(nn.Module):
    """Convolutions of several widths over words, ReLU, and the largest value of each map."""

    def __init__(self, inputs: int, *, widths: Sequence[int], maps: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(nn.Conv1d(inputs, maps, span, padding=span // 2) for span in widths)

    def forward(self, words: Tensor, count: Tensor) -> Tensor:
        """Words (n, t, d), of which `count` (n,) are real -> (n, widths * maps); 0 where there are no words."""
        place = torch.arange(words.shape[1], device=words.device)
        x = words.where((place < count[:, None])[..., None], 0.0).transpose(1, 2)  # (n, d, t)
        found = []
        for convolve in self.parts:
            maps = torch.relu(convolve(x))  # (n, maps, about t)
            inside = count + maps.shape[-1] - words.shape[1]  # as many places as without the padding
            place = torch.arange(maps.shape[-1], device=words.device)
            seen = (place < inside[:, None]) & (count > 0)[:, None]
            found.append(maps.where(seen[:, None], 0.0).amax(-1))  # max over time
        return torch.cat(found, dim=-1)
