"""CMN: a conversational memory network (Hazarika et al., NAACL 2018).

For the utterance at t two histories within the 40 utterances before it are remembered: the speaker's own and the
others'. GRUs turn each into memories, and the utterance reads them in three hops of attention before it is classified;
the future is never read.

    own history    ─ GRU ─ memory 0 ─ GRU ─ memory 1 ─ GRU ─ memory 2 ─ GRU ─ memory 3
                             │ keys      values/keys      values/keys      values
    utterance ───────────► hop 1 ─────────► hop 2 ─────────► hop 3 ─► classes      (the same for the others' history)

Where this departs from the paper and from its public code:
- A history's GRU runs once along the sequence instead of once per utterance: 40 limits what is attended to, while the
  state of the oldest memory may know of still earlier utterances of the sequence. Identical for sequences of up to 41
  utterances.
- In the public code all hops read the same memory, because the memory GRU restarts from the same states; here each
  hop's output memory is a GRU over its input memory. The GRU's weights are shared by the hops.
- The public code normalises attention over both speakers' positions and squashes the scores with tanh; here each
  history is attended to by itself, by the plain dot product. An empty history reads as 0.
- All modalities enter side by side, and with more than two speakers "the others" are one history.

Shapes: `b` sequences, `u` utterances, `d` features, `p` speakers of a sequence.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import Dropout, join, roles


class Cmn(FusionModel):
    """Conversational memory network.

    Args:
        hidden: size of the utterance's embedding and of the memories.
        window: how many utterances back a history reaches.
        hops: readings of the memory.
        dropout: on the histories' states and on the attention weights.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        *,
        classes: int,
        hidden: int = 100,
        window: int = 40,
        hops: int = 3,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.modalities = tuple(dims)
        self.window, self.hops = window, hops
        width = sum(dims.values())
        self.embed = nn.Linear(width, hidden)
        self.own, self.other = Memory(width, hidden, dropout=dropout), Memory(width, hidden, dropout=dropout)
        self.classifier = nn.Linear(hidden, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`."""
        _, u = mask.shape
        x = join(features, present, mask, modalities=self.modalities)  # (b, u, d)
        q = torch.tanh(self.embed(x))  # (b, u, hidden)
        who, members = roles(speakers, mask)  # (b, u), (b, p, u)
        others = ~members & mask[:, None, :]  # (b, p, u)
        back = torch.arange(u, device=x.device)
        back = back[:, None] - back[None, :]  # (u, u): how far row t lies behind column j
        past = (back >= 1) & (back <= self.window)
        from_own, from_other = of_speaker(members, who) & past, of_speaker(others, who) & past  # (b, u, u)
        own = self.own.states(x, members, hops=self.hops)
        other = self.other.states(x, others, hops=self.hops)
        for hop in range(self.hops):
            read_own = self.own.read(q, own[hop], own[hop + 1], from_own, who)
            read_other = self.other.read(q, other[hop], other[hop + 1], from_other, who)
            q = torch.tanh(q + read_own + read_other)
        logits: Tensor = self.classifier(q)
        return logits


class Memory(nn.Module):
    """One role's memory: the histories of the utterance's own speaker, or those of the others."""

    def __init__(self, width: int, hidden: int, *, dropout: float) -> None:
        super().__init__()
        self.history = nn.GRU(width, hidden, batch_first=True)
        self.memory = nn.GRU(hidden, hidden, batch_first=True)
        self.dropout = Dropout(dropout)

    def states(self, x: Tensor, members: Tensor, *, hops: int) -> list[Tensor]:
        """Run the GRUs over each speaker's history.

            utterances   0  1  2  3  4        histories are drawn together, run, and put back in place
            members      .  1  .  1  1   ->   1 3 4 | . .   ->   .  s1  .  s3  s4

        Args:
            x: (b, u, d) inputs.
            members: (b, p, u) bool, which utterances belong to each speaker's history.
            hops: how many readings follow.

        Returns:
            `hops + 1` memories, each (b, p, u, hidden), meaningless where `members` is False.
        """
        b, p, u = members.shape
        longest = max(1, int(members.sum(-1).max()))
        order = torch.argsort((~members).to(torch.uint8), dim=-1, stable=True)[..., :longest]  # (b, p, longest)
        drawn = x[torch.arange(b, device=x.device)[:, None, None], order]  # (b, p, longest, d)
        state, _ = self.history(drawn.flatten(0, 1))  # causal: what follows the history cannot reach it
        state = torch.tanh(self.dropout(state))  # (b * p, longest, hidden)
        found = []
        for hop in range(hops + 1):
            if hop:
                state, _ = self.memory(state)
            spread = state.unflatten(0, (b, p))
            places = order[..., None].expand_as(spread)
            found.append(spread.new_zeros(b, p, u, spread.shape[-1]).scatter(2, places, spread))
        return found

    def read(self, q: Tensor, keys: Tensor, values: Tensor, allowed: Tensor, who: Tensor) -> Tensor:
        """Attend from every utterance (b, u, hidden) to the allowed positions (b, u, u) of its speaker's history.

        Keys and values, input and output memory, are (b, p, u, hidden). Gives (b, u, hidden), 0 where nothing is
        allowed.
        """
        similar = of_speaker(q[:, None] @ keys.transpose(-1, -2), who)  # (b, u, u)
        similar = similar.masked_fill(~allowed, torch.finfo(similar.dtype).min)
        weights = torch.softmax(similar, dim=-1) * allowed
        return of_speaker(self.dropout(weights)[:, None] @ values, who)


def of_speaker(x: Tensor, who: Tensor) -> Tensor:
    """From one plane per speaker, (b, p, u, n), take each utterance's row from its own speaker's plane: (b, u, n).

    Of (b, p, n), where all utterances share a speaker's row, likewise.
    """
    if x.ndim == 3:
        return x.gather(1, who[..., None].expand(-1, -1, x.shape[-1]))
    rows = who[:, None, :, None].expand(-1, 1, -1, x.shape[-1])
    return x.gather(1, rows).squeeze(1)
