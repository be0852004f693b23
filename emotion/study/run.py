"""One training of a study, in whatever process, and the file that it leaves behind.

The file holds predictions and no test label: what they are worth is found out when all runs are finished.
"""

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion.core.errors import EmotionError
from emotion.core.files import writing
from emotion.core.settings import read_settings
from emotion.evaluation.annotators import check_targets
from emotion.fusion import dataset, logits, train
from emotion.fusion.sequences import Sequences
from emotion.fusion.settings import TrainSettings
from emotion.study.folds import Fold
from emotion.study.missing import conditions
from emotion.study.plan import Run
from emotion.training.curve import best_epoch
from emotion.training.device import device

SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Result:
    """What a run left behind; `n` utterances of a split in the order of the index, `c` classes, `e` epochs.

    Attributes:
        epoch: the one with the best validation weighted F1, from 1.
        seconds: of training.
        curve: (e, 3) training loss, validation loss and validation weighted F1 of each epoch.
        logs: per split the chosen epoch's log-probabilities, (n, c) float32.
        by_epoch: every epoch's test predictions, (e, n) uint8.
        missing: per split the predictions under every condition of `emotion.study.missing`, (k, n) uint8; k = 0 where
            the study did not ask for them.
    """

    epoch: int
    seconds: float
    curve: NDArray[np.float64]
    logs: dict[str, NDArray[np.float32]]
    by_epoch: NDArray[np.uint8]
    missing: dict[str, NDArray[np.uint8]]


class Worker:
    """Trains runs one after the other; features are read once.

    Args:
        folds: the folds by name, test labels hidden.
        features: modality -> cache.
        told: called with a run and its epoch, from 1, when that is trained.
    """

    def __init__(
        self, folds: Mapping[str, Fold], features: Mapping[str, Path], told: Callable[[Run, int], None]
    ) -> None:
        self._folds, self._features, self._told = folds, features, told
        self._splits = lru_cache(maxsize=4)(self._load)

    def train(self, run: Run) -> None:
        """Train and write the run's file.

        Raises:
            EmotionError: it cannot be trained; the message names the run.
        """
        variant = run.variant
        target = variant.settings.get("target", "majority")
        splits = self._splits(run.fold, variant.modalities, variant.history, variant.future, target)
        by_epoch: list[NDArray[np.uint8]] = []

        def watch(epoch: int, module: nn.Module) -> None:
            if len(splits["test"]):
                by_epoch.append(_predicted(module, splits["test"]))
            self._told(run, epoch)

        start, settings = time.perf_counter(), _settings(run)
        classes = len(self._folds[run.fold].index.labels)
        try:
            module, curve = train.fit(splits, classes=classes, settings=settings, watch=watch)
            last = train.refit(splits, classes=classes, settings=settings) if settings.refit else module
        except EmotionError as error:
            raise EmotionError(f"{run}: {str(error).removeprefix(': ')}") from None
        seconds = time.perf_counter() - start
        arrays: dict[str, Any] = {
            "epoch": np.int64(best_epoch(curve).epoch),
            "seconds": np.float64(seconds),
            "curve": np.array([astuple(line)[1:] for line in curve], dtype=np.float64),
            "by_epoch": np.stack(by_epoch) if by_epoch else np.zeros((len(curve), 0), dtype=np.uint8),
        }
        for split, scorer in zip(SPLITS, (module, last), strict=True):  # who learnt the validation set is not asked
            arrays[f"{split}_logs"] = _logs(scorer, splits[split]).numpy()
            arrays[f"{split}_missing"] = _with_missing(scorer, splits[split], asked=run.conditions)
        with writing(run.path) as partial, partial.open("wb") as file:
            np.savez(file, **arrays)

    def _load(
        self, fold: str, modalities: Sequence[str], history: int | str, future: int | str, target: str
    ) -> dict[str, Sequences]:
        known = self._folds[fold]
        return load_fold(known, self._features, modalities, history=history, future=future, target=target)


def load_fold(
    fold: Fold,
    features: Mapping[str, Path],
    modalities: Sequence[str],
    *,
    history: int | str,
    future: int | str,
    target: str = "majority",
) -> dict[str, Sequences]:
    """A fold's sequences by split, on the device; for the context see `dataset.load`.

    Args:
        fold: with features of its own, or without.
        features: modality -> cache, where it has none of its own.
        modalities: to read.
        history: utterances before each.
        future: utterances after it.
        target: `votes` to train on the fold's votes.

    Raises:
        EmotionError: `target` is votes and the fold has none.
    """
    paths = {name: fold.features.get(name, features[name]) for name in modalities}
    votes = fold.votes if target == "votes" else None
    if votes is not None:
        check_targets(votes, fold.index)
    loaded = dataset.load(fold.index, paths, history=history, future=future, votes=votes)
    for split in SPLITS:
        assert list(loaded[split].utterances) == fold.rows(split), "rows in the order of the index"
    return {split: part.to(device()) for split, part in loaded.items()}


def _settings(run: Run) -> TrainSettings:
    own = {"model": run.variant.model, "seed": run.seed, "history": run.variant.history, "future": run.variant.future}
    return read_settings(TrainSettings, run.variant.settings | own, source=str(run))


def read_result(path: Path) -> Result | None:
    """Read a run's file; None where there is none or it is damaged: the run is then done again.

    Raises:
        EmotionError: the file is there and may not be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EmotionError(f"{path}: cannot be read ({error.strerror}); allow it or remove it") from None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return Result(
                epoch=int(file["epoch"]),
                seconds=float(file["seconds"]),
                curve=file["curve"],
                logs={split: file[f"{split}_logs"] for split in SPLITS},
                by_epoch=file["by_epoch"],
                missing={split: file[f"{split}_missing"] for split in SPLITS},
            )
    except Exception:  # damage has many faces: zipfile and numpy raise a dozen types
        return None


def _logs(module: nn.Module, sequences: Sequences) -> Tensor:
    """Log-probabilities on the CPU, (n, c); (0, 0) for an empty split."""
    if len(sequences) == 0:
        return torch.zeros(0, 0)
    with torch.no_grad():
        return logits.predict(module, sequences).log_softmax(1).float().cpu()


def _predicted(module: nn.Module, sequences: Sequences) -> NDArray[np.uint8]:
    return np.asarray(_logs(module, sequences).argmax(1).to(torch.uint8).numpy())


def _with_missing(module: nn.Module, sequences: Sequences, *, asked: bool) -> NDArray[np.uint8]:
    """Predictions under every condition, (k, n)."""
    if not asked or len(sequences) == 0:
        return np.zeros((0, len(sequences.utterances)), dtype=np.uint8)
    found = []
    for condition in conditions(list(sequences.features), len(sequences.utterances)):
        keep = torch.from_numpy(condition.keep).to(sequences.present.device)
        found.append(_predicted(module, hidden(sequences, keep)))
    return np.stack(found)


def hidden(sequences: Sequences, keep: Tensor) -> Sequences:
    """The same utterances with less known of them.

    Args:
        sequences: the split.
        keep: (n, m) bool, on its device; False = the modality becomes missing.
    """
    column = {name: keep[:, place] for place, name in enumerate(sequences.features)}
    return replace(
        sequences,
        features={name: values * column[name][:, None] for name, values in sequences.features.items()},
        present=sequences.present & keep,
        words={name: replace(words, count=words.count * column[name]) for name, words in sequences.words.items()},
    )
