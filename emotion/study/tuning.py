"""`emotion tune`: from features and a search space to a recipe."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.files import check_name, write_text
from emotion.corpus.utterance import read_index
from emotion.fusion.recipes import CHOSEN, RECIPES, read_recipe
from emotion.fusion.settings import Recipe
from emotion.study.inner import PROTOCOLS
from emotion.study.space import read_space, space_path
from emotion.study.study import caches_of, votes_of
from emotion.study.tune import Search, Tuned, tune

_BEGINS = "# Chosen by `emotion tune`"


def tune_recipe(
    features: Path,
    *,
    model: str,
    out: Path,
    trials: int = 50,
    folds: int = 3,
    seed: int = 1,
    protocol: str = "session",
    space: Path | None = None,
    recipes: Path = RECIPES,
    changes: Mapping[str, object] | None = None,
    workers: int = 1,
) -> Tuned:
    """Search for a model's settings and write them as a recipe; finished trials are kept beside it, in `<name>.tune`.

    Args:
        features: folder with `index.csv` and `features/*.h5`; labels of the test set are not read.
        model: of the registry, or `plugins/FILE.py:CLASS`.
        out: the recipe; a file there that no search wrote is not replaced.
        trials: how many, that of the present recipe included.
        folds: inner folds at most.
        seed: of the search and its trainings.
        protocol: what the inner folds hold out, see `inner.inner_folds`.
        space: the search space; None = see `space_path`.
        recipes: folder of the recipe that the search begins with.
        changes: set over that, and not searched for.
        workers: processes. Does not change the result.

    Raises:
        EmotionError: names, files and options do not fit together, or see `tune`.
    """
    check_name(out, begins=_BEGINS.encode(), suffixes=(".yaml", ".yml"))
    for what, value, least in (("trials", trials, 1), ("folds", folds, 2)):
        if not least <= value <= 100_000:
            raise EmotionError(f"{what} is {value}, expected a whole number from {least} to 100000")
    if protocol not in PROTOCOLS:
        raise EmotionError(f"protocol is {protocol!r}, expected one of {', '.join(PROTOCOLS)}")
    search = make_search(model, trials=trials, recipes=recipes, space=space, changes=changes or {})
    index = read_index(features / "index.csv")
    votes = votes_of(features / "annotators.csv", index.labels)
    found = tune(
        index,
        caches_of(features),
        replace(search, folds=folds, seed=seed, protocol=protocol),
        data=features,
        work=out.with_suffix(".tune"),
        votes=votes.targets(index) if votes else {},
        title=f"tune {model}",
        workers=workers,
    )
    write_text(out, recipe_text(found))
    logs.info(
        f"tune: {model}, best is trial {found.best} of {trials} ({found.stopped} stopped early), mean weighted F1 "
        f"{100 * found.score:.2f} on held-out groups, {100 * found.default:.2f} with the recipe -> {out}; "
        f"next: emotion study --features {features} --recipes {out.parent} --models {model}"
    )
    return found


def make_search(
    model: str,
    *,
    trials: int,
    recipes: Path = RECIPES,
    space: Path | None = None,
    changes: Mapping[str, object] | None = None,
) -> Search:
    """The search that begins with a model's recipe; for the arguments and errors see `tune_recipe`."""
    changes = dict(changes or {})
    recipe = read_recipe(model, recipes, changes=changes)
    choices = read_space(space or space_path(model, recipes), model, recipe)
    return Search(
        model=model,
        recipe=recipe,
        space={key: choice for key, choice in choices.items() if key not in changes},
        trials=trials,
        by_hand=changes,
    )


def recipe_text(found: Tuned) -> str:
    """The recipe as a file: who chose it on what, and all settings that are not the usual ones."""
    search = found.search
    utterances, dialogues = found.counts
    source = f"trial {found.best}" if found.best else "trial 0, which is the recipe it began with; none was better"
    here, there = (f"{100 * score:.2f}" for score in (found.score, found.default))
    lines = [
        f"{_BEGINS} for {search.model}: {source}.",
        f"# Trials: {search.trials}, {found.stopped} of them stopped early; seed {search.seed}.",
        f"# Score: mean weighted F1 on {found.folds} groups of {found.what} of the training part, each held out once",
        f"# ({utterances} utterances in {dialogues} dialogues): {here}; of the recipe it began with {there}.",
        "# The epoch is chosen on the same groups, so both are too high for other data: they are for choosing. Test",
        "# utterances took no part.",
        f"{CHOSEN}: {json.dumps(found.chosen)} # who chose these settings, on what",
    ]
    usual = Recipe()
    for name, info in Recipe.model_fields.items():
        if name in found.recipe and (name in search.space or found.recipe[name] != getattr(usual, name)):
            tuned = "; tuned" if name in search.space else ""
            lines.append(f"{f'{name}: {_written(found.recipe[name])}':<24}# {info.description}{tuned}")
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    """As YAML 1.2 reads it back."""
    return str(value).lower() if isinstance(value, bool) else str(value)
