"""How unlike its training data an utterance is: a warning for those who bring other people, microphones or words.

    training features    -> centres of clusters; the distance of an utterance is that to the nearest centre
    validation features  -> their distances, 0 to 100 %

An utterance at 99 is farther from the training data than 99 % of the validation utterances, which did not train the
model either. No feature of a single utterance is kept.

Measured with a model of the generated corpus: five turns of real people were all above 95 by their faces, as by the
distance to the nearest utterances; by Mahalanobis' distance one was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from sklearn.cluster import KMeans

from emotion.bundle.card import REMEDY
from emotion.core.errors import EmotionError
from emotion.core.text import shortened
from emotion.fusion.sequences import Sequences

NOVELTY: Final = "novelty.safetensors"

_FEWEST: Final = 20  # utterances of each split; of fewer a percentile says nothing
_CENTRES: Final = 32
_EACH: Final = 3  # utterances of a cluster whose centre is kept, so that it is nobody's own


@dataclass(frozen=True)
class Novelty:
    """Of one modality with `d` features.

    Attributes:
        centres: (k, d) float32 of the standardised training features.
        reference: (101,) float32, percentiles of the validation utterances' distances, rising.
    """

    centres: NDArray[np.float32]
    reference: NDArray[np.float32]

    def percentiles(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """0 to 100 for each of the standardised features (n, d)."""
        found = np.interp(_distances(values, self.centres), self.reference, np.arange(101.0))
        return np.asarray(found, np.float64)


def measure(train: Sequences, validation: Sequences) -> dict[str, Novelty]:
    """Per modality, where both splits have enough of it."""
    found = {}
    for place, name in enumerate(train.features):
        known, others = (part.features[name][part.present[:, place]].numpy() for part in (train, validation))
        if min(len(known), len(others)) < _FEWEST:
            continue
        clusters = KMeans(min(_CENTRES, len(known) // _EACH), n_init=4, random_state=0).fit(known.astype(np.float64))
        large = np.bincount(clusters.labels_, minlength=clusters.n_clusters) >= _EACH
        centres = clusters.cluster_centers_[large].astype(np.float32)
        reference = np.percentile(_distances(others, centres), np.arange(101))
        found[name] = Novelty(centres, reference.astype(np.float32))
    return found


def save(path: Path, found: Mapping[str, Novelty]) -> None:
    """Write a safetensors file."""
    tensors = {}
    for name, novelty in found.items():
        tensors[f"{name}.centres"] = torch.from_numpy(np.ascontiguousarray(novelty.centres))
        tensors[f"{name}.reference"] = torch.from_numpy(novelty.reference)
    save_file(tensors, path)


def load(path: Path, sizes: Mapping[str, int]) -> dict[str, Novelty]:
    """Read what `save` wrote; `sizes` are the features of each modality.

    Raises:
        EmotionError: it is damaged, or of another model.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        raise EmotionError(f"{path}: cannot be used ({shortened(str(error))}); {REMEDY}") from None
    found = {}
    for name in sorted({key.partition(".")[0] for key in tensors}):
        centres, reference = (tensors.get(f"{name}.{part}", torch.zeros(0)) for part in ("centres", "reference"))
        fits = centres.ndim == 2 and len(centres) > 0 and centres.shape[1] == sizes.get(name)
        if not fits or reference.shape != (101,) or not all(bool(x.isfinite().all()) for x in (centres, reference)):
            raise EmotionError(f"{path}: {shortened(name)} is not that of the classifier beside it; {REMEDY}")
        found[name] = Novelty(centres.float().numpy(), reference.float().numpy())
    return found


def _distances(values: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) from each of (n, d) to the nearest centre."""
    nearest = [np.square(values - centre, dtype=np.float64).sum(axis=1) for centre in centres]
    return np.asarray(np.sqrt(np.min(nearest, axis=0)))
