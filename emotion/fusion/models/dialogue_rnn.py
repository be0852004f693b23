"""DialogueRNN: GRUs follow the dialogue, each of its parties and the emotion (Majumder et al., AAAI 2019).

For the utterance u_t, which party s says:

    g_t = GRU_G(g_t-1, [u_t, q_s,t-1])                                     the dialogue as a whole
    c_t = sum of a_j g_j over j < t,  a = softmax of u_t W_a g_j           what of it matters now
    q_s,t = GRU_P(q_s,t-1, [u_t, c_t])                                     that party; the others stay as they are
    e_t = GRU_E(e_t-1, q_s,t)                                              the emotion
    e  = both directions of e side by side                                 BiDialogueRNN
    e' = sum of b_j e_j over the dialogue,  b = softmax of e_t W_b e_j     + Att
    classes = W' ReLU(W e' + w) + w'

This is the variant that the paper reports as best, BiDialogueRNN + Att; sizes and dropout are those of its public code.
With text of 100 features, 6 classes: 8,880,406 parameters.

Where this departs from the paper and from its public code:
- W_b has a bias, as in the public code; the paper prints none.
- Dropout is on the emotion's states when they are read; the public code also drops within GRU_E.
- All modalities enter side by side, as in the paper's multimodal setting; the public code reads the text alone.

Shapes: `b` sequences, `u` utterances, `d` features, `p` parties of a sequence.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import Dropout, attend, join, roles
from emotion.training.recurrent import mirror, take


class DialogueRnn(FusionModel):
    """BiDialogueRNN with attention over the dialogue.

    Args:
        whole: size of the dialogue's state, g.
        party: size of a party's state, q.
        emotion: size of the emotion's state, e, per direction.
        dense: units of the fully connected layer.
        dropout_rec: on g and q at every step.
        dropout_emotion: on e.
        dropout: before the classifier.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        *,
        classes: int,
        whole: int = 500,
        party: int = 500,
        emotion: int = 300,
        dense: int = 600,
        dropout_rec: float = 0.1,
        dropout_emotion: float = 0.25,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.modalities = tuple(dims)
        sizes = {"whole": whole, "party": party, "emotion": emotion}
        self.forwards = Direction(sum(dims.values()), **sizes, dropout=dropout_rec)
        self.backwards = Direction(sum(dims.values()), **sizes, dropout=dropout_rec)
        self.query = nn.Linear(2 * emotion, 2 * emotion)
        self.dense = nn.Linear(2 * emotion, dense)
        self.classifier = nn.Linear(dense, classes)
        self.dropout_emotion, self.dropout = Dropout(dropout_emotion), Dropout(dropout)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`."""
        x = join(features, present, mask, modalities=self.modalities)  # (b, u, d)
        who, members = roles(speakers, mask)  # (b, u), (b, p, u)
        turned, parties = mirror(mask), members.shape[1]
        there = self.forwards(x, who, parties)
        back = take(self.backwards(take(x, turned), who.gather(1, turned), parties), turned)
        e = self.dropout_emotion(torch.cat([there, back], dim=-1))  # (b, u, 2 * emotion)
        query = self.query(e) * e.shape[-1] ** 0.5  # the paper's attention is not scaled
        read = attend(query, e, e, mask[:, None, None], heads=1, dropout=nn.Identity())
        logits: Tensor = self.classifier(self.dropout(torch.relu(self.dense(read))))
        return logits


class Direction(nn.Module):
    """The recurrences, in one direction."""

    def __init__(self, inputs: int, *, whole: int, party: int, emotion: int, dropout: float) -> None:
        super().__init__()
        self.whole = nn.GRUCell(inputs + party, whole)
        self.party = nn.GRUCell(inputs + whole, party)
        self.emotion = nn.GRU(party, emotion, batch_first=True)
        self.query = nn.Linear(inputs, whole, bias=False)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, who: Tensor, parties: int) -> Tensor:
        """Follow x (b, u, d), said by the parties `who` (b, u), below `parties`; gives e, (b, u, emotion).

        What follows an utterance cannot reach it: padding stands at the end.
        """
        b, u, _ = x.shape
        speaks = nn.functional.one_hot(who, parties).bool()[..., None]  # (b, u, p, 1)
        queries = self.query(x)
        whole, party = Cell(self.whole, x), Cell(self.party, x)
        g = x.new_zeros(b, self.whole.hidden_size)
        history = x.new_zeros(b, 0, self.whole.hidden_size)
        q = x.new_zeros(b, parties, self.party.hidden_size)
        said = []
        for t in range(u):
            own = take(q, who[:, t, None])[:, 0]  # (b, party), the speaker's state before
            c = _look_back(queries[:, t], history)
            g = self.dropout(whole(own, g))
            own = self.dropout(party(c, own))
            q = torch.where(speaks[:, t], own[:, None], q)
            history = torch.cat([history, g[:, None]], dim=1)  # (b, t + 1, whole)
            said.append(own)
        e: Tensor = self.emotion(torch.stack(said, dim=1))[0]
        return e


def _look_back(query: Tensor, history: Tensor) -> Tensor:
    """Attention from query (b, d) to history (b, t, d): (b, d), 0 where there is none."""
    weights = torch.softmax(history @ query[..., None], dim=1)  # (b, t, 1)
    return (weights * history).sum(1)


class Cell:
    """A GRU cell that goes along utterances x (b, u, d): its input is [x_t, state of another cell].

    What x_t adds is computed for all utterances at once.
    """

    def __init__(self, cell: nn.GRUCell, x: Tensor) -> None:
        b, u, d = x.shape
        from_x = nn.functional.linear(x.transpose(0, 1), cell.weight_ih[:, :d], cell.bias_ih)  # (u, b, 3 * hidden)
        self.from_other = Steps(cell.weight_ih[:, d:], from_x)
        self.from_own = Steps(cell.weight_hh, cell.bias_hh.expand(u, b, -1))

    def __call__(self, other: Tensor, h: Tensor) -> Tensor:
        """The next state (b, hidden), from the other cell's (b, other) and the last one (b, hidden)."""
        *gates, new = self.from_other(other).tensor_split((2 * h.shape[-1],), dim=-1)
        *before, old = self.from_own(h).tensor_split((2 * h.shape[-1],), dim=-1)
        reset, keep = torch.sigmoid(gates[0] + before[0]).chunk(2, dim=-1)
        return torch.lerp(torch.tanh(new + reset * old), h, keep)


class Steps:
    """y_t = base_t + W x_t for one step after the other, with base (u, b, out).

    The gradient of W is one matrix product over all steps, in place of one a step: a third of the work of a step.
    """

    def __init__(self, weight: Tensor, base: Tensor) -> None:
        self.inputs: list[Tensor] = []
        self.weight = weight.detach().t()
        taps: Tensor = _Taps.apply(weight, self.inputs, base.shape)  # type: ignore[no-untyped-call]
        self.base = (base + taps).unbind(0)

    def __call__(self, x: Tensor) -> Tensor:
        """The next step: x (b, in) -> (b, out)."""
        y = torch.addmm(self.base[len(self.inputs)], x, self.weight)
        self.inputs.append(x.detach())
        return y


class _Taps(torch.autograd.Function):
    """Zeros that are added to every step's output; their gradient is that of the outputs."""

    @staticmethod
    def forward(ctx: FunctionCtx, weight: Tensor, inputs: list[Tensor], shape: torch.Size) -> Tensor:
        ctx.inputs = inputs  # type: ignore[attr-defined]  # filled by the steps
        return weight.new_zeros(shape)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None, None]:
        inputs = torch.cat(ctx.inputs)  # type: ignore[attr-defined]
        return gradient.flatten(0, 1).t() @ inputs, None, None
