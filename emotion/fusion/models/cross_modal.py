"""Cross-modal attention with residual connection (CFN-SR: Fu et al., 2021, the paper's reference 9).

    frames of g ─ linear ─ + place ─ transformer, five layers ─ last state s_g
                                                                   │ guides the reading of
    frames of x ─────────────────────────┬──────────────────── attention ─ + ─ f_gx ─┐
                                         └─ mean ─────────────────────────┘          ├─ dropout ─ linear ─ classes
    mean of the frames of each modality ─────────────────────────────────────────────┘

Every modality x is read under the guidance of every other one g, word by word or frame by frame:

    s_g = Transformer(sqrt(k) W_g x_g,t + place)_last               self-attention, each frame over those before it
    a_t = softmax_t( w . tanh(V x_t + c + U s_g) )                  of the pair g, x
    f_gx = mean_t x_t + sum_t a_t x_t                               residual structure
    y = softmax( C [f_gx of all pairs, mean_t x_t of each x] + b )  fused and original representations side by side

The recipe has the published size: k = 64 (`2 * hidden`), eight heads, five layers. What lets sound (64 channels) guide
video (2048) then has 385,345 parameters, as in the public code, and 4,160 in W_g. There is no context: the other
utterances of the dialogue never influence an output.

Where this departs from its source; the paper's text was not at hand, but its abstract and its public code were:
- There, sound guides video; here every modality guides every other one, and a single one itself.
- Frames and words come from the caches, not from a ResNeXt and a 1D-CNN that are trained along.
- The public code adds up the attention of all utterances of the batch and multiplies the frames of each with the sum
  before it takes their mean, so that an output depends on its batch. Here each utterance has its own weights.
- Of the sound there all 26 states are joined to the output; here, where lengths differ, their mean.
- W_g is new: the code's sound has k channels already.
- Places are those of Vaswani et al., counted from 0.

Shapes: `b` sequences, `u` utterances, `n` real utterances, `t` frames or words, `d` features, `k` states.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import Dropout, check_heads, places


class CrossModal(FusionModel):
    """Each modality is read under the guidance of the others, frame by frame.

    Args:
        words: modalities that come frame by frame or word by word; the others are one frame.
        hidden: half of k, so that sizes compare with those of Bi-LSTM models.
        heads: attention heads of the transformers; must divide `2 * hidden`.
        dropout: on what the transformers read, and before the classifier.
        layers: of the transformers.
        inner: dropout within them.

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
        words: Sequence[str] = (),
        layers: int = 5,
        inner: float = 0.1,
    ) -> None:
        super().__init__()
        self.modalities, self.words = tuple(dims), tuple(name for name in dims if name in words)
        self.size = size = 2 * hidden
        self.pairs = [(g, x) for g in dims for x in dims if g != x or len(dims) == 1]
        self.guides = nn.ModuleDict(
            {name: Guide(d, size, heads=heads, layers=layers, dropout=dropout, inner=inner) for name, d in dims.items()}
        )
        self.blocks = nn.ModuleDict({_name(g, x): Block(dims[x], size) for g, x in self.pairs})
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(sum(dims[x] for _, x in self.pairs) + sum(dims.values()), classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`; this model does not look at the speakers. Padding gets 0."""
        frames, counts = self._frames(features, present, mask)
        means = {name: x.sum(1) / counts[name].clamp(min=1)[:, None] for name, x in frames.items()}  # (n, d)
        states = {
            name: by_length(guide, frames[name], counts[name], size=self.size) for name, guide in self.guides.items()
        }
        found = []
        for g, x in self.pairs:
            block, d = self.blocks[_name(g, x)], frames[x].shape[-1]
            guided = by_length(block, frames[x], counts[x], states[g], size=d)
            there = (counts[g] > 0)[:, None]  # who is missing guides nobody
            found.append(means[x] + guided.where(there, 0.0))
        logits = self.classifier(self.dropout(torch.cat([*found, *means.values()], dim=-1)))
        out: Tensor = logits.new_zeros(*mask.shape, logits.shape[-1])
        out[mask] = logits
        return out

    def _frames(
        self, features: Mapping[str, Tensor], present: Tensor, mask: Tensor
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Per modality the frames (n, t, d) of the real utterances, 0 behind the last, and their number (n,)."""
        frames, counts = {}, {}
        for i, name in enumerate(self.modalities):
            here = present[..., i][mask]
            several = name in self.words
            x = features[f"{name}/words"][mask] if several else features[name][mask][:, None]
            count = features[f"{name}/count"][mask].where(here, 0) if several else here.long()
            real = torch.arange(x.shape[1], device=x.device) < count[:, None]  # (n, t)
            frames[name], counts[name] = x.where(real[..., None], 0.0), count
        return frames, counts


def _name(guide: str, read: str) -> str:
    return f"{guide} to {read}"


class Guide(nn.Module):
    """A transformer over the frames of a modality; its last state has read all of them.

    Args:
        inputs: features of a frame.
        size: k.
        heads: of its attention; must divide k.
        layers: how many.
        dropout: on what it reads.
        inner: on the weights of its attention, behind it, and in its feed-forward networks.

    Raises:
        ValueError: `heads` does not divide k.
    """

    def __init__(self, inputs: int, size: int, *, heads: int, layers: int, dropout: float, inner: float) -> None:
        super().__init__()
        self.size = size
        self.enter = nn.Linear(inputs, size)
        self.layers = nn.ModuleList(Layer(size, heads=heads, dropout=inner) for _ in range(layers))
        self.norm = nn.LayerNorm(size)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, count: Tensor) -> Tensor:
        """Frames x (n, t, d), of which the first `count` (n,) are real, one at least -> s (n, k)."""
        x = math.sqrt(self.size) * self.enter(x)  # (n, t, k)
        x = self.dropout(x + places(x))
        for layer in self.layers:
            x = layer(x)
        last: Tensor = x[torch.arange(len(x), device=x.device), count - 1]
        s: Tensor = self.norm(last)
        return s


class Layer(nn.Module):
    """One transformer layer with its norms in front (as in Tsai et al., 2019); no frame sees those behind it."""

    def __init__(self, size: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        check_heads(heads, size)
        self.heads = heads
        self.to_qkv, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.widen, self.narrow = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)
        self.first, self.second = nn.LayerNorm(size), nn.LayerNorm(size)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Frames (n, t, k) -> (n, t, k). Those that are padding follow the real ones, which so never see them."""
        n, t, k = x.shape
        parts = self.to_qkv(self.first(x)).chunk(3, dim=-1)
        q, key, value = (part.reshape(n, t, self.heads, -1).transpose(1, 2) for part in parts)  # (n, heads, t, k / h)
        behind = torch.ones(t, t, dtype=torch.bool, device=x.device).triu(1)
        similar = (q @ key.transpose(-1, -2) / (k // self.heads) ** 0.5).masked_fill(behind, -math.inf)
        read = self.dropout(similar.softmax(-1)) @ value  # torch's own attention is not deterministic on a GPU
        x = x + self.dropout(self.out(read.transpose(1, 2).reshape(n, t, k)))
        wide = self.dropout(torch.relu(self.widen(self.second(x))))
        out: Tensor = x + self.dropout(self.narrow(wide))
        return out


class Block(nn.Module):
    """Which frames of a modality another one points at.

    Args:
        inputs: features of a frame.
        size: k.
    """

    def __init__(self, inputs: int, size: int) -> None:
        super().__init__()
        self.frame = nn.Linear(inputs, size)
        self.guide = nn.Linear(size, size, bias=False)
        self.score = nn.Linear(size, 1)

    def forward(self, x: Tensor, count: Tensor, s: Tensor) -> Tensor:
        """Sum of a_t x_t (n, d), of frames x (n, t, d), the first `count` (n,) of which are real, and s (n, k)."""
        scores = self.score(torch.tanh(self.frame(x) + self.guide(s)[:, None])).squeeze(-1)  # (n, t)
        real = torch.arange(x.shape[1], device=x.device) < count[:, None]
        attention = scores.masked_fill(~real, -math.inf).softmax(-1)
        return torch.einsum("nt,ntd->nd", attention, x)


def by_length(run: Callable[..., Tensor], x: Tensor, count: Tensor, *more: Tensor, size: int) -> Tensor:
    """`run` on groups of utterances whose numbers of frames are alike, so that little of it is padding.

    Args:
        run: frames (m, t, d), their number (m,), and the same rows of `more` -> (m, size).
        x: (n, t, d).
        count: (n,), 0 = nothing there.
        more: each (n, ...).
        size: of what `run` gives.

    Returns:
        (n, size), 0 where there are no frames.
    """
    out = x.new_zeros(len(x), size)
    power = count.clamp(min=1).double().log2().ceil()  # 1, 2, 3 to 4, 5 to 8 ... frames
    for level in sorted(set(power[count > 0].tolist())):
        rows = ((power == level) & (count > 0)).nonzero().squeeze(1)
        longest = int(count[rows].max())
        out = out.index_copy(0, rows, run(x[rows, :longest], count[rows], *(values[rows] for values in more)))
    return out
