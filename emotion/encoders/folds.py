"""Features without leakage: which encoder extracts which utterance, and how the encoders' vectors are made comparable.

An encoder knows the utterances that it was fitted on: their vectors are better than those of any other utterance, and a
fusion model trained on them trusts that modality too much. So with `fit.folds: k` the groups (sessions, else dialogues)
of the training split are dealt to k folds, and each training utterance is extracted by an encoder that was fitted
without its fold; validation and test are extracted by the one that was fitted on all training data.

models/encoders/audio/               fitted on all training data: number 0
                      folds.json     groups and the fold of each
                      folds/1/       fitted on all but fold 1, with alignment.safetensors
                      ...

Alignment: two encoders give the same utterance vectors that differ by an arbitrary rotation at best, and a fusion model
trained on such a mixture is far worse than one trained on leaking features. Both have vectors for the training
utterances outside the fold; the rotation, scale and shift that bring the fold's encoder closest to number 0 there
(orthogonal Procrustes: Schönemann, 1966) are applied to all that it extracts. No labels are needed, and `dim` stays as
it is.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from emotion.core.errors import EmotionError
from emotion.core.files import writing
from emotion.core.objects import read_object
from emotion.core.text import shortened
from emotion.corpus.utterance import Utterance
from emotion.encoders.base import Encoder, fit_again

FOLDS, ALIGNMENT = "folds.json", "alignment.safetensors"
_SESSION = re.compile(r"(Ses\d+)_")


def _session(row: Utterance) -> str:
    """`Ses01` of a speaker such as `Ses01_F`, '' where the speaker names no session."""
    found = _SESSION.match(row.speaker)
    return found[1] if found else ""


GROUPS: Mapping[str, Callable[[Utterance], str]] = {"session": _session, "dialogue": lambda row: row.dialogue}
"""What may hold utterances together."""


class Aligned(Encoder):
    """An encoder followed by a linear map.

    Args:
        inner: the encoder.
        matrix: (dim, dim) float32.
        shift: (dim,) float32.
    """

    def __init__(self, inner: Encoder, *, matrix: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.modality, self.name = inner.modality, inner.name  # type: ignore[misc]  # the wrapped encoder's
        self.inner, self.dim, self.together = inner, len(shift), inner.together
        self.matrix: Tensor
        self.shift: Tensor
        self.register_buffer("matrix", matrix)
        self.register_buffer("shift", shift)

    def settings(self) -> dict[str, Any]:
        """Those of the wrapped encoder."""
        return self.inner.settings()

    def collate(self, inputs: Sequence[Any]) -> dict[str, Tensor]:
        """See `Encoder.collate`."""
        return self.inner.collate(inputs)

    def cost(self, item: Any) -> int:  # noqa: ANN401 - each modality has its own inputs
        """See `Encoder.cost`."""
        return self.inner.cost(item)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """One vector per input, (b, dim) float32."""
        return self._map(self.inner(batch))

    def sequences(self, batch: dict[str, Tensor]) -> list[Tensor]:
        """One (t_i, dim) sequence per input."""
        return [self._map(rows) for rows in self.inner.sequences(batch)]

    def save_extra(self, folder: Path) -> None:
        """See `Encoder.save_extra`."""
        self.inner.save_extra(folder)

    def _map(self, vectors: Tensor) -> Tensor:
        with torch.autocast(vectors.device.type, enabled=False):
            return vectors.float() @ self.matrix + self.shift


def load_folds(folder: Path, load: Callable[[Path], Encoder]) -> tuple[list[Encoder], Callable[[Utterance], int]]:
    """The encoders in a fitted folder, which `load` reads one by one, and which of them extracts an utterance.

    Returns:
        The encoders, number 0 fitted on all training data; and utterance -> number.

    Raises:
        EmotionError: a file is missing or damaged.
    """
    encoders = [load(folder)]
    path = folder / FOLDS
    if not path.is_file():
        return encoders, partial(_number, by="dialogue", folds={})
    remedy = fit_again(encoders[0].modality)
    try:
        about = read_object(path, remedy=remedy, most=64 << 20)
        by, folds = str(about["by"]), {str(name): int(fold) for name, fold in about["groups"].items()}
        numbers = sorted(set(folds.values()))
        if by not in GROUPS or numbers != list(range(1, len(numbers) + 1)):
            raise ValueError(by)
    except EmotionError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EmotionError(f"{path}: not the folds of an encoder; {remedy}") from None
    encoders += [_load_aligned(fold_folder(folder, number), load, remedy) for number in numbers]
    return encoders, partial(_number, by=by, folds=folds)


def fold_folder(folder: Path, number: int) -> Path:
    """Where the encoder is that was fitted without a fold; folds count from 1."""
    return folder / "folds" / str(number)


def deal(rows: Sequence[Utterance], *, folds: int) -> tuple[str, dict[str, int]]:
    """Deal groups of training utterances to folds of like size.

    Returns:
        What the groups are (a name of `GROUPS`): sessions where every speaker names one, else dialogues; and group ->
        fold, from 1. The largest group goes first, each to the fold that has the fewest utterances.

    Raises:
        EmotionError: there are fewer groups than folds.
    """
    by = "session" if all(GROUPS["session"](row) for row in rows) else "dialogue"
    counts = Counter(GROUPS[by](row) for row in rows)
    if len(counts) < folds:
        raise EmotionError(
            f"fit.folds is {folds}, but the training split has {len(counts)} {by}s; give at most {len(counts)}"
        )
    sizes, dealt = [0] * folds, {}
    for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        fold = sizes.index(min(sizes))
        sizes[fold] += count
        dealt[name] = fold + 1
    return by, dict(sorted(dealt.items()))


def align(vectors: NDArray[np.float32], target: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
    """Rotation with scale, and shift, that bring vectors (n, dim) closest to target (n, dim) in the square.

    Returns:
        matrix (dim, dim) and shift (dim,), float32: target is about vectors @ matrix + shift.
    """
    source, goal = vectors.astype(np.float64), target.astype(np.float64)
    centre, middle = source.mean(0), goal.mean(0)
    left, weights, right = np.linalg.svd((source - centre).T @ (goal - middle))
    scale = weights.sum() / max(float(((source - centre) ** 2).sum()), 1e-12)
    matrix = scale * (left @ right)
    return torch.from_numpy(matrix).float(), torch.from_numpy(middle - centre @ matrix).float()


def save_folds(folder: Path, *, by: str, groups: Mapping[str, int]) -> None:
    """Write which group is in which fold."""
    with writing(folder / FOLDS) as path:
        path.write_text(json.dumps({"by": by, "groups": groups}, indent=2) + "\n", encoding="utf-8")


def save_alignment(folder: Path, matrix: Tensor, shift: Tensor) -> None:
    """Write what `align` found beside a fold's encoder."""
    with writing(folder / ALIGNMENT, SafetensorError) as path:
        save_file({"matrix": matrix.contiguous(), "shift": shift.contiguous()}, path)


def _load_aligned(folder: Path, load: Callable[[Path], Encoder], remedy: str) -> Encoder:
    encoder, path = load(folder), folder / ALIGNMENT
    try:
        found = load_file(path)
        return Aligned(encoder, matrix=found["matrix"], shift=found["shift"]).eval()
    except (OSError, SafetensorError, KeyError) as error:
        raise EmotionError(f"{path}: cannot be used ({shortened(str(error))}); {remedy}") from None


def _number(row: Utterance, *, by: str, folds: Mapping[str, int]) -> int:
    """The fold of a training utterance; 0 for validation and test."""
    return folds.get(GROUPS[by](row), 0) if row.split == "train" else 0
