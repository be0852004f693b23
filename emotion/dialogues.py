"""From feature caches and the index to the sequences a fusion model trains on, with no work per item while it does.

A split's features lie in flat tensors, one row per utterance. `windows` holds row numbers, so a batch is one indexing
operation on the device:

    rows                 0  1  2 | 3  4          two dialogues, of 3 and 2 utterances
    history 1, future 0  0 -      0 1      1 2   |  3 -      3 4          one window per utterance, eq. (1)
             target      ^          ^        ^      ^          ^
    history, future all  0 1 2   |  3 4 -                                 one sequence per dialogue
             target      ^ ^ ^      ^ ^
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emotion.cache import Cache
from emotion.corpus.utterance import SPLITS, Index, Utterance
from emotion.errors import EmotionError

WHOLE = "all"
"""The value of `history` and `future` that means the whole dialogue."""


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of the training features, both (d,) float32; constant features have deviation 1."""

    mean: Tensor
    std: Tensor


@dataclass(frozen=True)
class Batch:
    """Sequences gathered for one step: `b` sequences, `u` utterances, `m` modalities.

    Attributes:
        features: per modality (b, u, d_m) float32, 0 at the padding.
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
        scaling: per modality, what the features were standardised with.
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
        )

    def batch(self, which: Tensor) -> Batch:
        """Gather sequences, cut to the longest of them.

        Args:
            which: (b,) long sequence numbers, on the CPU.
        """
        u = int(self.lengths[which].max())
        chosen = which.to(self.windows.device)
        windows = self.windows[chosen, :u]  # (b, u)
        mask = windows >= 0
        rows = windows.clamp(min=0)
        return Batch(
            features={name: values[rows] * mask[..., None] for name, values in self.features.items()},
            present=self.present[rows] & mask[..., None],
            speakers=self.speakers[rows] * mask,
            mask=mask,
            labels=self.labels[rows].masked_fill(~mask, -1),
            target=self.target[chosen, :u],
            rows=rows,
        )


def load(index: Index, features: Mapping[str, Path], *, history: int | str, future: int | str) -> dict[str, Sequences]:
    """Read the caches of all modalities and cut each split into sequences.

    Args:
        index: the corpus.
        features: per modality the cache, one vector per utterance.
        history: utterances before the one to classify, H of eq. (1); or `all`.
        future: utterances after it; 0 = causal; or `all`.

    Returns:
        Sequences for train, validation and test; a split may be empty.

    Raises:
        EmotionError: a cache does not belong to the index or is damaged, `history` and `future` do not fit together, or
            there are no training utterances.
    """
    check_context(history, future)
    if not features:
        raise EmotionError("no modality is chosen, expected at least one of audio, face, text")
    splits = {name: [i for i, row in enumerate(index.utterances) if row.split == name] for name in SPLITS}
    if not splits["train"]:
        raise EmotionError(f"corpus {index.corpus} has no training utterances; choose another split")
    tables = {name: _read(path, index, name) for name, path in features.items()}
    scaling = {
        name: _scaling(values[splits["train"]], here[splits["train"]]) for name, (values, here) in tables.items()
    }
    people = {name: i for i, name in enumerate(sorted({row.speaker for row in index.utterances}))}
    classes = {name: i for i, name in enumerate(index.labels)}
    loaded = {}
    for split, rows in splits.items():
        utterances = tuple(index.utterances[i] for i in rows)
        windows, target = _windows(utterances, history=history, future=future)
        loaded[split] = Sequences(
            utterances=utterances,
            features={
                name: _standardised(values[rows], here[rows], scaling[name]) for name, (values, here) in tables.items()
            },
            present=torch.from_numpy(np.stack([here[rows] for _, here in tables.values()], axis=1)),
            speakers=torch.tensor([people[row.speaker] for row in utterances], dtype=torch.long),
            labels=torch.tensor([classes.get(row.label, -1) for row in utterances], dtype=torch.long),
            windows=windows,
            target=target,
            lengths=(windows >= 0).sum(1),
            scaling=scaling,
        )
    return loaded


def check_context(history: int | str, future: int | str) -> None:
    """Both are whole numbers >= 0, or both are `all`.

    Raises:
        EmotionError: otherwise.
    """
    for name, value in (("history", history), ("future", future)):
        if value != WHOLE and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise EmotionError(f"{name} is {value!r}, expected a whole number >= 0 or the word {WHOLE}")
    if (history == WHOLE) != (future == WHOLE):
        raise EmotionError(
            f"history is {history} and future is {future}: {WHOLE} (the whole dialogue) goes for both or for neither"
        )


def _read(path: Path, index: Index, modality: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Values (n, d), 0 where missing, and presence (n,), both in the order of the index."""
    mend = f"extract again: dvc repro -s extract@{modality}"
    with Cache(path) as cache:
        cache.check()
        found = cache.attributes.get("index")
        if found != index.digest:
            raise EmotionError(
                f"{path}: made for another index ({str(found)[:12]}, expected {index.digest[:12]}); {mend}"
            )
        rows = np.array([cache.row(row.utterance) for row in index.utterances], dtype=np.int64)
        packed, present, frames = cache.values(), cache.present[rows], np.diff(cache.offsets)[rows]
        first = cache.offsets[rows]
    if packed.ndim != 2 or (frames[present] != 1).any():
        raise EmotionError(f"{path}: holds frames, expected one vector per utterance; {mend}")
    values = np.zeros((len(rows), packed.shape[1]), dtype=np.float32)
    values[present] = packed[first[present]]
    broken = ~np.isfinite(values).all(axis=1)
    if broken.any():
        name = index.utterances[int(broken.argmax())].utterance
        raise EmotionError(f"{path}: values of {broken.sum()} utterances are not finite, the first is {name}; {mend}")
    return values, present


def _scaling(values: NDArray[np.float32], present: NDArray[np.bool_]) -> Scaling:
    """Mean and deviation over the rows where the modality is present; nothing is scaled where there are none."""
    known = values[present].astype(np.float64)
    if len(known) == 0:
        return Scaling(torch.zeros(values.shape[1]), torch.ones(values.shape[1]))
    mean, std = known.mean(axis=0), known.std(axis=0)
    constant = std <= 1e-6 * np.maximum(1.0, np.abs(mean))  # rounding noise must not be blown up
    return Scaling(torch.from_numpy(mean).float(), torch.from_numpy(np.where(constant, 1.0, std)).float())


def _standardised(values: NDArray[np.float32], present: NDArray[np.bool_], scaling: Scaling) -> Tensor:
    scaled = (torch.from_numpy(values) - scaling.mean) / scaling.std
    return scaled * torch.from_numpy(present)[:, None]


def _windows(utterances: Sequence[Utterance], *, history: int | str, future: int | str) -> tuple[Tensor, Tensor]:
    """Row numbers and targets of all sequences, each (s, u)."""
    dialogues: dict[str, list[int]] = {}
    for row, utterance in enumerate(utterances):
        dialogues.setdefault(utterance.dialogue, []).append(row)
    for rows in dialogues.values():
        rows.sort(key=lambda row: utterances[row].turn)
    longest = max(map(len, dialogues.values()), default=0)
    if history == WHOLE or future == WHOLE:
        windows = torch.full((len(dialogues), longest), -1, dtype=torch.long)
        for line, rows in zip(windows, dialogues.values(), strict=True):
            line[: len(rows)] = torch.tensor(rows)
        return windows, windows >= 0
    before, after = min(int(history), longest), min(int(future), longest)
    windows = torch.full((len(utterances), before + 1 + after), -1, dtype=torch.long)
    target = torch.zeros_like(windows, dtype=torch.bool)
    for rows in dialogues.values():
        for place, row in enumerate(rows):
            start = max(0, place - before)
            inside = rows[start : place + after + 1]  # eq. (1), and the utterance itself
            windows[row, : len(inside)] = torch.tensor(inside)
            target[row, place - start] = True
    longest_window = int((windows >= 0).sum(1).max()) if len(windows) else 0
    return windows[:, :longest_window], target[:, :longest_window]
