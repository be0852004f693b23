"""Bare loops over the layers of four fusion models, of published size, as one would write them first.

They compute no loss but cross-entropy, hide no padding, know one speaker, and are not the models: only as much work.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.sequences import Batch

CLASSES = 6


class BareDialogueRnn(nn.Module):
    """Three GRU cells in two directions, step by step, and the layers behind them."""

    def __init__(self, dims: Mapping[str, int]) -> None:
        super().__init__()
        d = sum(dims.values())
        self.cells = nn.ModuleList(
            nn.ModuleList([nn.GRUCell(d + 500, 500), nn.GRUCell(d + 500, 500), nn.GRUCell(500, 300)]) for _ in "fb"
        )
        self.queries = nn.ModuleList(nn.Linear(d, 500, bias=False) for _ in "fb")
        self.match, self.dense, self.out = nn.Linear(600, 600), nn.Linear(600, 600), nn.Linear(600, CLASSES)

    def forward(self, batch: Batch) -> Tensor:
        """Logits (b, u, classes)."""
        x = torch.cat(list(batch.features.values()), dim=-1).transpose(0, 1)  # (u, b, d)
        both = []
        for cells, query, inputs in zip(self.cells, self.queries, (x, x.flip(0)), strict=True):
            g = q = x.new_zeros(x.shape[1], 500)
            e, history, found = x.new_zeros(x.shape[1], 300), [g], []
            for step in inputs:
                past = torch.stack(history, dim=1)  # (b, t, 500)
                c = (torch.softmax(past @ query(step)[..., None], dim=1) * past).sum(1)
                g = cells[0](torch.cat([step, q], dim=-1), g)
                q = cells[1](torch.cat([step, c], dim=-1), q)
                e = cells[2](q, e)
                history.append(g)
                found.append(e)
            both.append(torch.stack(found, dim=1))
        e = torch.cat(both, dim=-1)  # (b, u, 600)
        read = torch.softmax(self.match(e) @ e.transpose(1, 2), dim=-1) @ e
        logits: Tensor = self.out(torch.relu(self.dense(read)))
        return logits


class BareMmgcn(nn.Module):
    """Linear maps, an LSTM, and 64 graph convolutions over all nodes of a dialogue, with edges of equal weight."""

    def __init__(self, dims: Mapping[str, int]) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(nn.Linear(d, 200) for d in dims.values())
        self.lstm = nn.LSTM(200, 100, num_layers=2, bidirectional=True, batch_first=True)
        self.first = nn.Linear(200, 100)
        self.layers = nn.ModuleList(nn.Linear(200, 100, bias=False) for _ in range(64))
        self.out = nn.Linear(300 * len(dims), CLASSES)

    def forward(self, batch: Batch) -> Tensor:
        """Logits (b, u, classes)."""
        audio, face, text = (layer(x) for layer, x in zip(self.encoders, batch.features.values(), strict=True))
        x = torch.cat([audio, face, self.lstm(text)[0]], dim=1)  # (b, 3 * u, 200)
        edges = x.new_full((len(x), x.shape[1], x.shape[1]), 1 / x.shape[1])
        first = h = torch.relu(self.first(x))
        for layer in self.layers:
            passed = edges @ h
            h = torch.relu(0.9 * passed + 0.1 * first + layer(torch.cat([passed, first], dim=-1)))
        parts = torch.cat([x, h], dim=-1).chunk(3, dim=1)
        logits: Tensor = self.out(torch.relu(torch.cat(parts, dim=-1)))
        return logits


class BareSdt(nn.Module):
    """Nine transformer layers with `nn.MultiheadAttention`, their gates and what joins them."""

    def __init__(self, dims: Mapping[str, int], *, size: int = 1024) -> None:
        super().__init__()
        self.embed = nn.ModuleList(nn.Linear(d, size, bias=False) for d in dims.values())
        pairs = range(len(dims) ** 2)
        self.attention = nn.ModuleList(nn.MultiheadAttention(size, 8, batch_first=True) for _ in pairs)
        self.feed = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(size), nn.Linear(size, size), nn.GELU(), nn.Linear(size, size)) for _ in pairs
        )
        self.gates = nn.ModuleList(nn.Linear(size, size, bias=False) for _ in pairs)
        self.reduce = nn.ModuleList(nn.Linear(len(dims) * size, size) for _ in dims)
        self.last = nn.Linear(size, size, bias=False)
        self.out = nn.ModuleList(nn.Linear(size, CLASSES) for _ in range(1 + len(dims)))

    def forward(self, batch: Batch) -> Tensor:
        """Logits (b, u, classes), those of the students added."""
        x = [layer(values) for layer, values in zip(self.embed, batch.features.values(), strict=True)]
        streams, pair = [], 0
        for one in x:
            found = []
            for other in x:
                f = one + self.attention[pair](one, other, other, need_weights=False)[0]
                f = f + self.feed[pair](f)
                found.append(torch.sigmoid(self.gates[pair](f)) * f)
                pair += 1
            streams.append(self.reduce[len(streams)](torch.cat(found, dim=-1)))
        joined = torch.stack(streams)
        fused = (torch.softmax(self.last(joined), dim=0) * joined).sum(0)
        logits = [layer(h) for layer, h in zip(self.out, (fused, *streams), strict=True)]
        return torch.stack(logits).sum(0)


class BareCrossModal(nn.Module):
    """A transformer of torch per modality over all frames of a batch, padding included, and what reads by its state."""

    def __init__(self, dims: Mapping[str, int], *, size: int = 64) -> None:
        super().__init__()
        self.enter = nn.ModuleDict({name: nn.Linear(d, size) for name, d in dims.items()})
        layer = nn.TransformerEncoderLayer(size, 8, 4 * size, batch_first=True, norm_first=True)
        self.guides = nn.ModuleDict(
            {name: nn.TransformerEncoder(layer, 5, enable_nested_tensor=False) for name in dims}
        )
        self.pairs = [(g, x) for g in dims for x in dims if g != x]
        self.frames = nn.ModuleDict({f"{g} {x}": nn.Linear(dims[x], size) for g, x in self.pairs})
        self.states = nn.ModuleDict({f"{g} {x}": nn.Linear(size, size, bias=False) for g, x in self.pairs})
        self.scores = nn.ModuleDict({f"{g} {x}": nn.Linear(size, 1) for g, x in self.pairs})
        self.out = nn.Linear(sum(dims[x] for _, x in self.pairs) + sum(dims.values()), CLASSES)

    def forward(self, batch: Batch) -> Tensor:
        """Logits (b, u, classes), 0 at the padding."""
        x = {name: batch.features[f"{name}/words"][batch.mask] for name in self.enter}  # (n, t, d)
        s = {name: self.guides[name](self.enter[name](values))[:, -1] for name, values in x.items()}
        found = [values.mean(1) for values in x.values()]
        for g, r in self.pairs:
            key = f"{g} {r}"
            scores = self.scores[key](torch.tanh(self.frames[key](x[r]) + self.states[key](s[g])[:, None]))
            found.append(x[r].mean(1) + (torch.softmax(scores, dim=1) * x[r]).sum(1))
        logits = self.out(torch.cat(found, dim=-1))
        out: Tensor = logits.new_zeros(*batch.mask.shape, CLASSES)
        out[batch.mask] = logits
        return out


BARE: dict[str, Callable[[Mapping[str, int]], nn.Module]] = {
    "dialogue_rnn": BareDialogueRnn,
    "mmgcn": BareMmgcn,
    "sdt": BareSdt,
}


def bare_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of the real utterances."""
    return nn.functional.cross_entropy(logits[batch.mask], batch.labels[batch.mask])
