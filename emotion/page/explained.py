"""What a trained classifier says about every utterance: probabilities, what it attends to, what a modality changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emotion.corpus.utterance import SPLITS, Index
from emotion.fusion import dataset
from emotion.fusion.logits import EVALUATION_BATCH, probabilities
from emotion.fusion.models.layers import recording
from emotion.fusion.saved import Classifier
from emotion.fusion.sequences import Batch, Sequences
from emotion.study.run import hidden

TOP = 5
"""Utterances that are shown of those an utterance attends to."""


@dataclass(frozen=True)
class Explained:
    """All in the order of the index: n utterances, c classes, m modalities.

    Attributes:
        probabilities: (n, c).
        hidden: (m, n, c), each modality hidden everywhere; None where there is only one.
        present: (n, m).
        features: modality -> (n, d) float32, standardised; 0 where missing.
        attended: (n, TOP) rows of the index, -1 = none; None where the model has no attention.
        weights: (n, TOP) shares of the attention, 0..1.
    """

    probabilities: NDArray[np.float64]
    hidden: NDArray[np.float64] | None
    present: NDArray[np.bool_]
    features: dict[str, NDArray[np.float32]]
    attended: NDArray[np.int64] | None
    weights: NDArray[np.float64] | None


def explain(classifier: Classifier, index: Index, features: Mapping[str, Path]) -> Explained:
    """Run a classifier over all splits.

    Args:
        classifier: of `saved.load`.
        index: the corpus.
        features: modality -> cache; in the order of the classifier's modalities.

    Raises:
        EmotionError: caches, index and classifier do not fit together.
    """
    settings = classifier.settings
    context = {"history": settings["history"], "future": settings["future"]}
    splits = dataset.load(index, features, scaling=classifier.scaling, **context)
    n, c, m = len(index.utterances), len(classifier.labels), len(features)
    out = Explained(
        probabilities=np.zeros((n, c)),
        hidden=np.zeros((m, n, c)) if m > 1 else None,
        present=np.zeros((n, m), dtype=np.bool_),
        features={name: np.zeros((n, d), dtype=np.float32) for name, d in settings["dims"].items()},
        attended=np.full((n, TOP), -1, dtype=np.int64),
        weights=np.zeros((n, TOP)),
    )
    attention = False
    for name in SPLITS:
        rows = np.array([i for i, row in enumerate(index.utterances) if row.split == name], dtype=np.int64)
        if len(rows):
            attention |= _fill(out, rows, classifier, splits[name])
    return out if attention else replace(out, attended=None, weights=None)


def _fill(out: Explained, rows: NDArray[np.int64], classifier: Classifier, split: Sequences) -> bool:
    """One split, its utterances at `rows` of the index; whether the model has attention."""
    out.present[rows] = split.present.numpy()
    for modality, values in split.features.items():
        out.features[modality][rows] = values.numpy()
    if out.hidden is not None:
        for i in range(len(out.hidden)):
            keep = torch.ones_like(split.present)
            keep[:, i] = False
            out.hidden[i, rows] = probabilities(classifier.module, hidden(split, keep)).numpy()
    assert out.attended is not None
    assert out.weights is not None
    attention = False
    for which in torch.split(torch.arange(len(split)), EVALUATION_BATCH):  # as `train.predict` does: the same bits
        for group in split.groups(which):
            batch = split.batch(group, words=getattr(classifier.module, "words", ()))
            own = rows[batch.rows[batch.target].numpy()]
            out.probabilities[own], seen = _scored(classifier, batch)
            if seen:
                attention = True
                others, parts = _strongest(seen, batch)
                out.weights[own, : parts.shape[1]] = parts
                out.attended[own, : parts.shape[1]] = np.where(others >= 0, rows[others], -1)
    return attention


@torch.no_grad()
def _scored(classifier: Classifier, batch: Batch) -> tuple[NDArray[np.float64], list[Tensor]]:
    """Probabilities of the targets (t, c), and the attention weights of each layer (b, u, v)."""
    with recording() as seen:
        logits = classifier.module(batch.features, batch.present, batch.speakers, batch.mask)[batch.target]
    return torch.softmax(logits.double(), dim=1).numpy(), seen


def _strongest(seen: list[Tensor], batch: Batch) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows (t, k) of the split that the targets attend to most, -1 = none, and the shares (t, k)."""
    u = batch.mask.shape[1]
    # Models that read several modalities side by side have (b, u, m * u): an utterance is all of its modalities.
    weights = torch.stack([found.reshape(*found.shape[:2], -1, u).sum(2) for found in seen]).mean(0)  # (b, u, u)
    weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)
    weights = weights.masked_fill(torch.eye(u, dtype=torch.bool), 0.0).masked_fill(~batch.mask[:, None], 0.0)
    wanted, sequence = weights[batch.target], batch.target.nonzero()[:, :1]  # (t, u), (t, 1)
    best, place = (found[:, :TOP] for found in wanted.sort(dim=-1, descending=True, stable=True))
    others = torch.where(best > 0, batch.rows[sequence, place], -1)
    return others.numpy(), best.double().numpy()
