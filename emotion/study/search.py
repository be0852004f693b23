"""What Optuna does for `emotion tune`: propose settings, stop trials that fall behind, keep them in SQLite.

Every trial is proposed from the trials of earlier rounds alone, by a sampler with a seed of its own, so neither the
number of processes nor a kill changes what is proposed. The database holds finished trials only, in their order.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion.core.errors import EmotionError
from emotion.core.text import shortened
from emotion.study.space import Range, Space

_RANDOM = 10  # trials before the sampler learns from them
_BEFORE_STOPS = 5  # finished trials that one is compared with, at least
WARM_UP = 0.25
"""Share of a training's epochs that no trial is stopped in."""


@dataclass(frozen=True)
class Finished:
    """A trial that is over.

    Attributes:
        chosen: key -> value, of the space's keys.
        curve: the objective so far, epoch by epoch of one fold after the other, see `trials`.
        stopped: whether it ended early.
    """

    chosen: dict[str, Any]
    curve: list[float]
    stopped: bool

    @property
    def score(self) -> float:
        """The objective, or what was reached of it."""
        return self.curve[-1]


def optuna() -> Any:  # noqa: ANN401 - untyped, and not always installed
    """The module, quiet.

    Raises:
        EmotionError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise EmotionError(
            "tuning needs Optuna, which is not installed: pip install -e '.[tune]' where the project is"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def propose(space: Space, before: Sequence[Finished], *, number: int, seed: int) -> dict[str, Any]:
    """Settings for a trial: key -> value.

    Args:
        space: what may be chosen.
        before: the trials of earlier rounds, in their order.
        number: of the trial.
        seed: of the search.
    """
    module = optuna()
    own = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    sampler = module.samplers.TPESampler(seed=own, n_startup_trials=_RANDOM)
    study = module.create_study(direction="maximize", sampler=sampler)
    study.add_trials([_frozen(trial, space) for trial in before])
    found = study.ask(_distributions(space)).params
    return {key: choice.tidy(found[key]) if isinstance(choice, Range) else found[key] for key, choice in space.items()}


class Stopper:
    """Whether a trial has fallen behind the median of the whole ones before it, at the same epoch of the same fold.

    Args:
        before: curves of the whole trials of earlier rounds.
        epochs: of a training, in the first part of which no trial is stopped.
    """

    def __init__(self, before: Sequence[Sequence[float]], *, epochs: int) -> None:
        module = optuna()
        pruner = module.pruners.MedianPruner(n_startup_trials=_BEFORE_STOPS, n_warmup_steps=round(WARM_UP * epochs))
        study = module.create_study(direction="maximize", pruner=pruner)
        study.add_trials(
            [module.trial.create_trial(value=curve[-1], intermediate_values=dict(enumerate(curve))) for curve in before]
        )
        self._trial = study.ask()

    def behind(self, step: int, reached: float) -> bool:
        """Note what was reached at a step, counted from 0; whether it is too little."""
        self._trial.report(reached, step)
        return bool(self._trial.should_prune())


@contextmanager
def stored(path: Path, name: str, space: Space) -> Iterator["Stored"]:
    """The trials of a search in a SQLite file.

    Args:
        path: the file; other searches may be in it.
        name: of the search.
        space: of its settings.

    Raises:
        EmotionError: the file is no such database, or cannot be read or written.
    """
    module = optuna()
    import sqlalchemy

    database = sqlalchemy.engine.URL.create("sqlite", database=str(path)).render_as_string()
    storage = None
    try:
        storage = module.storages.RDBStorage(database)
        study = module.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
        yield Stored(study, space)
    except (sqlalchemy.exc.SQLAlchemyError, RuntimeError) as error:
        reason = shortened(str(getattr(error, "orig", None) or error))
        raise EmotionError(
            f"{path}: cannot be used ({reason}), expected a database of finished trials; remove it, and run again"
        ) from None
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()


class Stored:
    """Finished trials of one search, in their order."""

    def __init__(self, study: Any, space: Space) -> None:  # noqa: ANN401 - of Optuna
        self._study, self._space = study, space

    def trials(self) -> list[Finished]:
        """All that are there."""
        return [
            Finished(
                chosen=dict(trial.user_attrs["chosen"]),
                curve=[trial.intermediate_values[step] for step in sorted(trial.intermediate_values)],
                stopped=trial.state.name == "PRUNED",
            )
            for trial in self._study.get_trials(deepcopy=False)
        ]

    def add(self, trial: Finished) -> None:
        """Append one."""
        self._study.add_trial(_frozen(trial, self._space))


def _frozen(trial: Finished, space: Space) -> Any:  # noqa: ANN401 - of Optuna
    """As Optuna keeps it: a setting outside of the space, as a recipe may have, is not among its parameters."""
    module, known = optuna(), _distributions(space)
    inside = {key: value for key, value in trial.chosen.items() if _contains(space[key], value)}
    states = module.trial.TrialState
    return module.trial.create_trial(
        state=states.PRUNED if trial.stopped else states.COMPLETE,
        value=trial.score,
        params=inside,
        distributions={key: known[key] for key in inside},
        intermediate_values=dict(enumerate(trial.curve)),
        user_attrs={"chosen": trial.chosen},
    )


def _contains(choice: Range | tuple[Any, ...], value: Any) -> bool:  # noqa: ANN401
    if not isinstance(choice, Range):
        return value in choice
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and choice.low <= value <= choice.high and (not choice.whole or isinstance(value, int))


def _distributions(space: Space) -> Mapping[str, Any]:
    kinds, found = optuna().distributions, {}
    for key, choice in space.items():
        if isinstance(choice, Range):
            kind = kinds.IntDistribution if choice.whole else kinds.FloatDistribution
            found[key] = kind(choice.low, choice.high, log=choice.scale == "log")
        else:
            found[key] = kinds.CategoricalDistribution(choice)
    return found
