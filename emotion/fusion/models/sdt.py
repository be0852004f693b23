"""SDT: a transformer with self-distillation (Ma et al., IEEE Transactions on Multimedia, 2023).

    audio ─┐  + place   ┌─ reads audio, face, text, each by a transformer of its own ─ gates ─ linear ─ H_audio ─┐
    face  ─┼─ + speaker ┼─ the same ─────────────────────────────────────────────────────────────── H_face ──┼─ gate ─ H
    text  ─┘            └─ the same ─────────────────────────────────────────────────────────────── H_text ──┘

For a modality m that reads a modality n, which may be m itself:

    x_m = W_m u_m + place + speaker
    F_mn = x_m + MultiHead(x_m, x_n, x_n);   T_mn = F_mn + FFN(Norm(F_mn))     intra- and inter-modal transformers
    G_mn = sigmoid(W_mn T_mn) * T_mn                                           unimodal gates
    H_m = W'_m [G_ma, G_mf, G_mt] + w'_m
    H = sum over m of softmax_m(V H_m) * H_m                                   multimodal gate, feature by feature
    y = softmax(W H + w),   y_m = softmax(W_m ReLU(H_m) + w_m)                 teacher and students

While training, the students learn from the labels and from the teacher, whose logits and theirs are divided by tau:

    L = g_1 CE(y) + g_2 sum of CE(y_m) + g_3 sum of KL(y / tau, y_m / tau),   tau and all g 1, as in the public code

The recipe has the published size, features of 1024 in 8 heads. With text of 1024 features, audio of 1582, face of 342,
two speakers and 6 classes: 79,668,248 parameters.

Where this departs from the paper; in the first two points it follows the authors' public code:
- The teacher learns from the KL term as well.
- The convolutions before the transformers have width 1: linear maps.
- Their norms before the attention are left out: the public code makes but never uses them (18,432 parameters).
- Speakers are numbered by their first utterance in the sequence. From `parties` on they share an embedding.
- A modality that is missing in an utterance is not read there.

Shapes: `b` sequences, `u` utterances, `d` features, `m` modalities.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import Dropout, attend, blanked, check_heads, places, roles


class Sdt(FusionModel):
    """Transformers between all modalities, gates, and a student per modality.

    Args:
        hidden: half the features of a stream, so that sizes compare with those of Bi-LSTM models.
        heads: attention heads; must divide `2 * hidden`.
        dropout: on the streams, on the attention weights, on what a transformer adds and before the students.
        parties: embeddings of speakers.
        temperature: tau.
        shares: g_1, g_2 and g_3.

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
        parties: int = 9,
        temperature: float = 1.0,
        shares: tuple[float, float, float] = (1.0, 1.0, 1.0),
    ) -> None:
        super().__init__()
        self.modalities, self.parties = tuple(dims), parties
        self.temperature, self.shares = temperature, shares
        size = 2 * hidden
        self.embed = nn.ModuleDict({name: nn.Linear(d, size, bias=False) for name, d in dims.items()})
        self.speakers = nn.Embedding(parties, size)
        self.streams = nn.ModuleDict({name: Stream(size, dims, heads=heads, dropout=dropout) for name in dims})
        self.gate = nn.Linear(size, size, bias=False)
        self.students = nn.ModuleDict({name: nn.Linear(size, classes) for name in dims})
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(size, classes)

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`.

        Returns:
            While training, the logits of the teacher and of every student, (1 + m, b, u, classes), for `loss`.
            Otherwise the teacher's, (b, u, classes).
        """
        who, _ = roles(speakers, mask)  # (b, u)
        person = self.speakers(who.clamp(max=self.parties - 1))
        x = {}
        for name, known in blanked(features, present, mask, modalities=self.modalities).items():
            embedded = self.embed[name](known)  # (b, u, size)
            x[name] = self.dropout(embedded + places(embedded) + person)
        real = present & mask[..., None]
        readable = {name: real[:, None, None, :, i] for i, name in enumerate(self.modalities)}
        found = torch.stack([stream(x[name], x, readable) for name, stream in self.streams.items()])  # (m, b, u, size)
        fused = (torch.softmax(self.gate(found), dim=0) * found).sum(0)
        logits: Tensor = self.classifier(fused)
        if not self.training:
            return logits
        heads = zip(self.students.values(), self.dropout(torch.relu(found)), strict=True)
        return torch.stack([logits, *(student(h) for student, h in heads)])

    def loss(self, outputs: Tensor, score: Callable[[Tensor], Tensor]) -> Tensor:
        """See `FusionModel.loss`: L above, of outputs (1 + m, n, classes)."""
        hard = torch.stack([score(logits) for logits in outputs])
        soft = torch.log_softmax(outputs / self.temperature, dim=-1)
        teacher, students = soft[0].expand_as(soft[1:]), soft[1:]
        distilled = nn.functional.kl_div(students, teacher, reduction="sum", log_target=True)
        task, labels, teaching = self.shares
        return task * hard[0] + labels * hard[1:].sum() + teaching * distilled


class Stream(nn.Module):
    """A modality reads every modality by a transformer of its own, and weighs what it found."""

    def __init__(self, size: int, sources: Mapping[str, int], *, heads: int, dropout: float) -> None:
        super().__init__()
        self.readers = nn.ModuleDict({name: Reader(size, heads=heads, dropout=dropout) for name in sources})
        self.gates = nn.ModuleDict({name: nn.Linear(size, size, bias=False) for name in sources})
        self.out = nn.Linear(size * len(sources), size)

    def forward(self, x: Tensor, sources: Mapping[str, Tensor], readable: Mapping[str, Tensor]) -> Tensor:
        """H_m (b, u, size) of x (b, u, size), from sources of the same shape, each `readable` (b, 1, 1, u) or not."""
        found = []
        for name, reader in self.readers.items():
            read = reader(x, sources[name], readable[name])
            found.append(torch.sigmoid(self.gates[name](read)) * read)
        out: Tensor = self.out(torch.cat(found, dim=-1))
        return out


class Reader(nn.Module):
    """One transformer layer: attention from one modality to one, and a feed-forward network."""

    def __init__(self, size: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        check_heads(heads, size)
        self.heads = heads
        self.query, self.key, self.value = nn.Linear(size, size), nn.Linear(size, size), nn.Linear(size, size)
        self.out = nn.Linear(size, size)
        self.norm = nn.LayerNorm(size, eps=1e-6)
        self.widen, self.narrow = nn.Linear(size, size), nn.Linear(size, size)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, source: Tensor, readable: Tensor) -> Tensor:
        """T_mn (b, u, size) of x_m and x_n, both of that shape."""
        q, key, value = self.query(x), self.key(source), self.value(source)
        f = x + self.dropout(self.out(attend(q, key, value, readable, heads=self.heads, dropout=self.dropout)))
        wide = nn.functional.gelu(self.widen(self.norm(f)), approximate="tanh")
        out: Tensor = f + self.dropout(self.narrow(self.dropout(wide)))
        return out
