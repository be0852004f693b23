"""One trial of `emotion tune`, in whatever process, and the file that it leaves behind.

A trial trains on the inner folds one after the other. Its objective is the mean over the folds of the best validation
weighted F1 of any epoch; while it runs, a fold that has not begun counts 0, so what is reached never falls:

    fold 1            fold 2            fold 3
    b1 / 3 ........   (b1 + b2) / 3 ..  (b1 + b2 + b3) / 3       b: best so far of each

A trial that has fallen behind others at the same place is stopped.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from emotion.core.errors import EmotionError
from emotion.core.files import write_text
from emotion.core.settings import read_settings
from emotion.fusion import train
from emotion.fusion.sequences import Sequences
from emotion.fusion.settings import TrainSettings
from emotion.study.folds import Fold
from emotion.study.run import load_fold
from emotion.study.search import Finished, Stopper
from emotion.training.loop import Diverged


@dataclass(frozen=True)
class Trial:
    """Settings to try.

    Attributes:
        number: of the trial, from 0.
        model: whose settings they are.
        chosen: those that the search chose.
        settings: all of them, see `fusion.recipes.read_recipe`.
        seed: of the trainings.
        before: curves of the whole trials with which it is compared.
        path: the file for its result.
    """

    number: int
    model: str
    chosen: dict[str, Any]
    settings: dict[str, Any]
    seed: int
    before: tuple[tuple[float, ...], ...]
    path: Path

    def __str__(self) -> str:
        """Which one, for messages."""
        return f"{self.model}, trial {self.number}"


class TrialTrainer:
    """Trains trials one after the other; features are read once.

    Args:
        folds: the inner folds.
        features: modality -> cache.
        told: called with a trial and its epoch, counted over all folds from 1, when that is trained.
    """

    def __init__(self, folds: Sequence[Fold], features: Mapping[str, Path], told: Callable[[Trial, int], None]) -> None:
        self._folds, self._features, self._told = folds, features, told
        self._splits = lru_cache(maxsize=2 * len(folds))(self._load)

    def train(self, trial: Trial) -> None:
        """Try the settings and write the trial's file.

        Raises:
            EmotionError: they cannot be trained; the message names the trial.
        """
        own = {"model": trial.model, "seed": trial.seed}
        settings = read_settings(TrainSettings, trial.settings | own, source=str(trial))
        watch = _Watch(trial, settings, folds=len(self._folds), told=self._told)
        try:
            for place in range(len(self._folds)):
                splits = self._splits(place, settings.history, settings.future, settings.target)
                classes = len(self._folds[place].index.labels)
                train.fit(splits, classes=classes, settings=settings, told=watch.told)
                watch.next_fold()
        except _Behind:
            watch.stopped = True
        except Diverged:  # a rate that is too high is a poor choice, and no reason to end the search
            watch.stopped = True
        except EmotionError as error:
            raise EmotionError(f"{trial}: {str(error).removeprefix(': ')}") from None
        result = {"chosen": trial.chosen, "curve": watch.curve, "stopped": watch.stopped}
        write_text(trial.path, json.dumps(result) + "\n")

    def _load(self, place: int, history: int | str, future: int | str, target: str) -> dict[str, Sequences]:
        names = list(self._features)
        return load_fold(self._folds[place], self._features, names, history=history, future=future, target=target)


class _Behind(Exception):
    """The trial is not worth going on with."""


class _Watch:
    """What a trial has reached."""

    def __init__(
        self, trial: Trial, settings: TrainSettings, *, folds: int, told: Callable[[Trial, int], None]
    ) -> None:
        self.curve: list[float] = []
        self.stopped = False
        self._trial, self._folds, self._epochs, self._told = trial, folds, settings.epochs, told
        self._stopper = Stopper(trial.before, epochs=settings.epochs)
        self._over, self._best = 0.0, 0.0  # sum over the folds before, best of this one

    def told(self, score: float) -> None:
        """Note an epoch's score."""
        self._best = max(self._best, score)
        self.curve.append((self._over + self._best) / self._folds)
        self._told(self._trial, len(self.curve))
        if self._stopper.behind(len(self.curve) - 1, self.curve[-1]):
            raise _Behind

    def next_fold(self) -> None:
        """End a fold; one that stopped early, by its patience, stays where it was."""
        left = -len(self.curve) % self._epochs
        self.curve += self.curve[-1:] * left
        self._over, self._best = self._over + self._best, 0.0


def read_trial(path: Path) -> Finished | None:
    """Read a trial's file; None where there is none or it is damaged: the trial is then done again."""
    try:
        return Finished(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
