"""Sequences of utterances on the device, and the batches gathered from them.

A split's features lie in flat tensors, one row per utterance. `windows` holds row numbers, so a batch is one indexing
operation on the device::

    rows                 0  1  2 | 3  4          two dialogues, of 3 and 2 utterances
    history 1, future 0  0 -      0 1      1 2   |  3 -      3 4          one window per utterance, eq. (1)
             target      ^          ^        ^      ^          ^
    history, future all  0 1 2   |  3 4 -                                 one sequence per dialogue
             target      ^ ^ ^      ^ ^
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from emotion.corpus.utterance import Utterance

# When sequences are cut into groups: those of LONG utterances and more, once FEW are together and the next one is
# shorter than LIKE times the longest. An LSTM's step costs about the same for four rows as for one.
LONG, FEW, LIKE = 24, 4, 0.8


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of the training features, both (d,) float32; constant features have deviation 1."""

    mean: Tensor
    std: Tensor


@dataclass(frozen=True)
class Words:
    """Word-level features of a modality, packed: those of row i are `values[first[i] : first[i] + count[i]]`.

    Attributes:
        values: (w, d) float32, standardised with the words of the training rows.
        first: (n,) long.
        count: (n,) long, 0 = missing.
    """

    values: Tensor
    first: Tensor
    count: Tensor

    def to(self, device: torch.device) -> "Words":
        """The same on a device."""
        return Words(self.values.to(device), self.first.to(device), self.count.to(device))

    def gather(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Words (b, u, t, d) of rows (b, u), 0 behind the last one, and their count (b, u)."""
        count = self.count[rows]
        place = torch.arange(max(1, int(count.max())), device=rows.device)  # (t,)
        real = place < count[..., None]  # (b, u, t)
        known = self.values if len(self.values) else self.values.new_zeros(1, self.values.shape[1])
        values = known[(self.first[rows][..., None] + place).where(real, 0)]
        return values.where(real[..., None], 0.0), count


@dataclass(frozen=True)
class Batch:
    """Sequences that are computed together: `b` sequences, `u` utterances, `m` modalities.

    Attributes:
        features: per modality (b, u, d_m) float32, 0 at the padding; where words were asked for also `<modality>/words`
            (b, u, t, d_m) float32 and `<modality>/count` (b, u) long.
        present: (b, u, m) bool, False at the padding.
        speakers: (b, u) long.
        mask: (b, u) bool, True = real; the real utterances of a sequence come first.
        labels: (b, u) long, -1 = hidden or padding.
        target: (b, u) bool, the positions that are scored.
        rows: (b, u) long row numbers, 0 at the padding.
    """

    features: dict[str, Tensor]
    present: Tensor
    speakers: Tensor
    mask: Tensor
    labels: Tensor
    target: Tensor
    rows: Tensor


@dataclass(frozen=True)
class Sequences:
    """One split: `n` utterances, `s` sequences of at most `u` utterances.

    Attributes:
        utterances: (n) the rows of the index.
        features: per modality (n, d_m) float32, standardised with the training rows; 0 where missing.
        present: (n, m) bool, in the order of `features`.
        speakers: (n,) long, a number per person.
        labels: (n,) long, -1 = hidden.
        windows: (s, u) long row numbers, -1 = padding; it follows the real rows.
        target: (s, u) bool, the positions that are scored; each row is a target exactly once.
        lengths: (s,) long, real rows per sequence; stays on the CPU.
        scaling: per modality, what the features were standardised with; `<modality>/words` for its words.
        words: the modalities that come word by word; their `features` are the words' mean.
        votes: (n, classes) float32, the raters' distribution that is trained on in place of `labels`; 0 where there is
            none. None = labels are trained on.
    """

    utterances: tuple[Utterance, ...]
    features: dict[str, Tensor]
    present: Tensor
    speakers: Tensor
    labels: Tensor
    windows: Tensor
    target: Tensor
    lengths: Tensor
    scaling: dict[str, Scaling]
    words: dict[str, Words] = field(default_factory=dict)
    votes: Tensor | None = None

    @property
    def targets(self) -> Tensor:
        """Class numbers (n,), or distributions (n, classes), that are trained on."""
        return self.labels if self.votes is None else self.votes

    @property
    def known(self) -> Tensor:
        """(n,) bool, which utterances have a target."""
        return self.labels >= 0 if self.votes is None else self.votes.sum(1) > 0

    def __len__(self) -> int:
        return len(self.windows)

    def to(self, device: torch.device) -> "Sequences":
        """The same on a device; only `lengths` stays on the CPU, where batches are planned."""
        return replace(
            self,
            features={name: values.to(device) for name, values in self.features.items()},
            present=self.present.to(device),
            speakers=self.speakers.to(device),
            labels=self.labels.to(device),
            windows=self.windows.to(device),
            target=self.target.to(device),
            words={name: words.to(device) for name, words in self.words.items()},
            votes=None if self.votes is None else self.votes.to(device),
        )

    def groups(self, which: Tensor) -> list[Tensor]:
        """Cut sequences (b,), numbers on the CPU, into groups of like length, so that little of a batch is padding.

        The group with most to compute comes first: threads that share them then end together.
        """
        lengths, order = self.lengths[which].sort(descending=True, stable=True)
        starts = [0]
        for place, length in enumerate(lengths.tolist()):
            longest = int(lengths[starts[-1]])
            if longest >= LONG and length < LIKE * longest and place - starts[-1] >= FEW:
                starts.append(place)
        found = which[order].tensor_split(starts[1:])
        return sorted(found, key=lambda group: -len(group) * int(self.lengths[group[0]]))

    def batch(self, which: Tensor, *, words: Collection[str] = ()) -> Batch:
        """Gather sequences (b,), numbers on the CPU, cut to the longest; with the words of modalities in `words`."""
        u = int(self.lengths[which].max())
        chosen = which.to(self.windows.device)
        windows = self.windows[chosen, :u]  # (b, u)
        mask = windows >= 0
        rows = windows.clamp(min=0)
        features = {name: values[rows] * mask[..., None] for name, values in self.features.items()}
        for name in words:
            features[f"{name}/words"], features[f"{name}/count"] = self.words[name].gather(rows)
        return Batch(
            features=features,
            present=self.present[rows] & mask[..., None],
            speakers=self.speakers[rows] * mask,
            mask=mask,
            labels=self.labels[rows].masked_fill(~mask, -1),
            target=self.target[chosen, :u],
            rows=rows,
        )


def join(first: Sequences, second: Sequences) -> Sequences:
    """Two splits of the same caches as one: the rows of the first, then those of the second."""
    u = max(first.windows.shape[1], second.windows.shape[1])

    def padded(values: Tensor, fill: int) -> Tensor:
        return nn.functional.pad(values, (0, u - values.shape[1]), value=fill)

    moved = second.windows.where(second.windows < 0, second.windows + len(first.utterances))
    return replace(
        first,
        utterances=first.utterances + second.utterances,
        features={name: torch.cat([values, second.features[name]]) for name, values in first.features.items()},
        present=torch.cat([first.present, second.present]),
        speakers=torch.cat([first.speakers, second.speakers]),
        labels=torch.cat([first.labels, second.labels]),
        windows=torch.cat([padded(first.windows, -1), padded(moved, -1)]),
        target=torch.cat([padded(first.target, 0), padded(second.target, 0)]),
        lengths=torch.cat([first.lengths, second.lengths]),
        words={
            name: replace(
                words,
                first=torch.cat([words.first, second.words[name].first]),
                count=torch.cat([words.count, second.words[name].count]),
            )
            for name, words in first.words.items()
        },
        votes=None if first.votes is None or second.votes is None else torch.cat([first.votes, second.votes]),
    )
