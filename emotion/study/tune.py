"""Choose a model's settings on held-out groups of the training part: `emotion tune`, and the folds of a tuned study.

    recipe -> trial 0                              the test set takes no part: its rows are left out
    space  -> trials 1, 2, ... in rounds of five   of the index before a feature is looked at
           -> the best whole trial

WORK/trials.sqlite    finished trials, as Optuna keeps them
    /*.json           finished trials of a round that is not over
    /folds/...        features of each inner fold, where the encoders know what it holds out, see `refit`
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from emotion.core.closure import read_code
from emotion.core.errors import EmotionError
from emotion.core.locks import hold
from emotion.core.tasks import Tasks
from emotion.corpus.utterance import Index
from emotion.evaluation.annotators import Targets, digest_of
from emotion.fusion.dataset import check_frames
from emotion.fusion.recipes import by_hand, check_recipe
from emotion.store.cache import Cache
from emotion.study.inner import Inner, inner_folds
from emotion.study.plan import code_digest
from emotion.study.refit import refit_features
from emotion.study.search import Finished, optuna, propose, stored
from emotion.study.space import Space
from emotion.study.trials import Trial, TrialTrainer, read_trial
from emotion.training.device import device
from emotion.training.workers import train_all

ROUND = 5
"""Trials that are proposed together, whatever the number of processes."""
DATABASE = "trials.sqlite"


@dataclass(frozen=True)
class Search:
    """How settings are searched for.

    Attributes:
        model: whose.
        recipe: where the search begins: all settings, see `fusion.recipes.read_recipe`.
        space: what may be chosen of them.
        trials: how many, that of the recipe included.
        seed: of the search and its trainings.
        protocol: what the inner folds hold out, see `inner.inner_folds`.
        folds: inner folds at most.
        by_hand: of the recipe, what was set over it.
    """

    model: str
    recipe: dict[str, Any]
    space: Space
    trials: int
    seed: int = 1
    protocol: str = "session"
    folds: int = 3
    by_hand: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Tuned:
    """What a search chose.

    Attributes:
        search: how it was searched.
        recipe: all settings, the best ones.
        best: number of the trial that they are from; 0 = the recipe itself.
        score: its mean validation weighted F1, 0..1.
        default: that of the recipe.
        stopped: how many trials ended early.
        folds: inner folds.
        what: of what the held-out groups are.
        counts: utterances and dialogues of the training part.
    """

    search: Search
    recipe: dict[str, Any]
    best: int
    score: float
    default: float
    stopped: int
    folds: int
    what: str
    counts: tuple[int, int]

    @property
    def chosen(self) -> str:
        """Who chose the settings, on what, in one line."""
        s = self.search
        return (
            f"emotion tune, {s.trials} trials, seed {s.seed}, on {self.folds} held-out groups of {self.what} of the "
            f"training part{by_hand(s.by_hand)}"
        )


def tune(
    index: Index,
    features: Mapping[str, Path],
    search: Search,
    *,
    data: Path,
    work: Path,
    votes: Targets | None = None,
    title: str = "tune",
    workers: int = 1,
) -> Tuned:
    """Search, as far as that has not been done; the same search ends with the same settings however often it is killed.

    Args:
        index: of which only training and validation utterances are used.
        features: modality -> cache.
        search: what for.
        data: folder of the caches, for encoders that are to be fitted again.
        work: folder for finished trials; what is in it may be removed.
        votes: of the raters, for `target: votes`; nothing of the test set.
        title: for the progress line.
        workers: processes. Does not change the result.

    Raises:
        EmotionError: Optuna is not installed, nothing can be held out, a trial cannot be trained, or another process
            searches there.
    """
    optuna()
    check_frames([search.model], features)
    inner = inner_folds(index, protocol=search.protocol, most=search.folds)
    inner = replace(inner, folds=[replace(fold, votes=votes or {}) for fold in inner.folds])
    work.mkdir(parents=True, exist_ok=True)
    with hold(work / DATABASE):
        inner = replace(inner, folds=refit_features(inner.folds, features, data=data, out=work / "folds"))
        key = _key(inner, features, search)
        make = partial(TrialTrainer, inner.folds, dict(features))
        with stored(work / DATABASE, key, search.space) as store:
            done = store.trials()
            steps = dict.fromkeys(range(search.trials), int(search.recipe["epochs"]) * len(inner.folds))
            tasks = Tasks(title, "trials", "epochs", steps=steps, todo=set(range(len(done), search.trials)))
            with tasks.shown():
                while len(done) < search.trials:
                    trials = _round(search, done, work / key)
                    found = _try(trials, make, tasks, workers=workers)
                    for trial in found:
                        store.add(trial)
                    done += found
                    for trial_file in trials:
                        trial_file.path.unlink(missing_ok=True)
        done = done[: search.trials]
    return _tuned(search, inner, done)


def _round(search: Search, done: Sequence[Finished], stem: Path) -> list[Trial]:
    """The trials of the round in which the next one is."""
    first = len(done) - len(done) % ROUND
    before = list(done[:first])
    whole = tuple(tuple(trial.curve) for trial in before if not trial.stopped)
    found = []
    for number in range(len(done), min(first + ROUND, search.trials)):
        chosen = (
            propose(search.space, before, number=number, seed=search.seed)
            if number
            else {key: search.recipe[key] for key in search.space}
        )
        settings = check_recipe(search.model, {**search.recipe, **chosen}, source=f"trial {number}")
        path = stem.with_name(f"{stem.name}-{number}.json")
        found.append(Trial(number, search.model, chosen, settings, search.seed, whole, path))
    return found


def _try(
    trials: Sequence[Trial], make: Callable[..., TrialTrainer], tasks: Tasks[int], *, workers: int
) -> list[Finished]:
    todo = []
    for trial in trials:
        known = read_trial(trial.path)
        if known is None or known.chosen != trial.chosen:
            todo.append(trial)
        else:
            tasks.finish(trial.number)
    told = train_all(todo, make, workers=workers, told=lambda trial, epoch: tasks.reach(trial.number, epoch))
    for trial in told:
        tasks.finish(trial.number)
    results = [read_trial(trial.path) for trial in trials]
    for trial, result in zip(trials, results, strict=True):
        if result is None:
            raise EmotionError(f"{trial.path}: the result of a trial has vanished; run the same command again")
    return [result for result in results if result is not None]


def _tuned(search: Search, inner: Inner, done: Sequence[Finished]) -> Tuned:
    """The best whole trial; of equal ones the first."""
    whole = [number for number, trial in enumerate(done) if not trial.stopped]
    if 0 not in whole:
        raise EmotionError(
            f"the loss of {search.model} is not finite with the settings of its recipe; lower lr there, or with --set"
        )
    best = max(whole, key=lambda number: (done[number].score, -number))
    used = [row for row in inner.rows if row.label]
    return Tuned(
        search=search,
        recipe={**search.recipe, **done[best].chosen},
        best=best,
        score=done[best].score,
        default=done[0].score,
        stopped=len(done) - len(whole),
        folds=len(inner.folds),
        what=inner.what,
        counts=(len(used), len({row.dialogue for row in used})),
    )


def _key(inner: Inner, features: Mapping[str, Path], search: Search) -> str:
    """Names a search by all that its trials depend on; their number is not among that."""
    known: dict[str, Any] = {"model": search.model, "recipe": search.recipe, "seed": search.seed}
    known["space"] = {key: repr(choice) for key, choice in search.space.items()}
    known["folds"] = [hashlib.sha256(repr(fold.index).encode()).hexdigest() for fold in inner.folds]
    known["features"] = [
        {name: _checksum(fold.features.get(name, path)) for name, path in features.items()} for fold in inner.folds
    ]
    if search.recipe.get("target") == "votes" or "target" in search.space:
        known["votes"] = [digest_of(fold.votes) for fold in inner.folds]
    own = [read_code(Path(__file__).with_name(f"{name}.py")).digest for name in ("search", "trials")]
    known |= {"code": [code_digest(search.model), *own], "torch": str(torch.__version__), "device": device().type}
    known["optuna"] = str(optuna().__version__)
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]


def _checksum(path: Path) -> str:
    with Cache(path) as cache:
        return str(cache.attributes.get("checksum"))
