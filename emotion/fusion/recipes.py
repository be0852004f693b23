"""Recommended settings of the fusion models, one file recipes/<model>.yaml each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import create_model

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.settings import Settings, read_settings, read_yaml
from emotion.core.text import is_printable, quoted
from emotion.fusion import own
from emotion.fusion.models import registry
from emotion.fusion.settings import Recipe, check_together

RECIPES = Path("recipes")
_SHIPPED = next(  # those that an installed package brings along, see setup.py; an editable one has the clone's
    (
        folder
        for folder in (Path(__file__).with_name("shipped_recipes"), Path(__file__).parents[2] / RECIPES)
        if folder.is_dir()
    ),
    RECIPES,
)
CHOSEN = "chosen"
UNSAID = "not said in its recipe"


def read_recipe(model: str, folder: Path = RECIPES, *, changes: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Read and check the recipe of a model of the registry, or `plugins/FILE.py:CLASS`, which need not have one.

    Gives `history` and `future` for `dataset.load`, everything else for `train.fit`, without sizes that it does not
    take; `changes` are set over it.

    Raises:
        EmotionError: there is no such model or recipe, or a key is unknown, missing, of the wrong type or impossible,
            or keys do not fit together.
    """
    own.entry(model)  # an unknown model is named before a file that is not there
    path = recipe_path(model, folder)
    content, source = _content(path, model), str(path)
    if isinstance(content, Mapping):
        content = {key: value for key, value in content.items() if key != CHOSEN}
        if changes:
            content, source = content | dict(changes), f"{path} with --set"
    return check_recipe(model, content, source=source)


def check_recipe(model: str, values: object, *, source: str) -> dict[str, Any]:
    """All settings of a model, defaults included, from a mapping of some of them; `source` is named in messages.

    Raises:
        EmotionError: there is no such model, or see `read_recipe`.
    """
    fixed = set(registry.SIZES) - set(own.entry(model).sizes)
    fields: Any = {name: (info.annotation, info) for name, info in Recipe.model_fields.items() if name not in fixed}
    recipe = dict(read_settings(create_model("Recipe", __base__=Settings, **fields), values, source=source))
    check_together(model, recipe, source=source)
    return recipe


def read_chosen(model: str, folder: Path = RECIPES, *, changes: Mapping[str, object] | None = None) -> str:
    """Who chose the settings of a recipe, on what, as its key `chosen` says; and what is set over it.

    Raises:
        EmotionError: the recipe cannot be read, or says it in more than one line.
    """
    path = recipe_path(model, folder)
    content = _content(path, model)
    said = content.get(CHOSEN, UNSAID) if isinstance(content, Mapping) else UNSAID
    if not isinstance(said, str) or not said.strip() or not is_printable(said):
        raise EmotionError(f"{path}: {CHOSEN} is {quoted(said)}, expected one line: who chose these settings, on what")
    return f"{said}{by_hand(changes or {})}"


def by_hand(changes: Mapping[str, object]) -> str:
    """What was set over a recipe, behind who chose that; '' = nothing."""
    given = ", ".join(f"{key} {value}" for key, value in changes.items())
    return f"; set by hand: {given}" if given else ""


def _content(path: Path, model: str) -> object:
    if path.is_file() or not plugins.is_name(model):
        if not path.is_file() and path.parent == _SHIPPED:
            raise EmotionError(
                f"{RECIPES / path.name}: not found, and this installation brings none of that name; run the command in "
                "the project's folder, or name the folder of the recipes with --recipes"
            )
        return read_yaml(path)
    return {}  # one's own may have none


def recipe_path(model: str, folder: Path = RECIPES) -> Path:
    """The file of a model's recipe: `<folder>/<model>.yaml`; outside a clone, where there is no `recipes`, ours.

    Of one's own model FILE.yaml: beside it, or in the folder where that is not the usual one.
    """
    if not plugins.is_name(model):
        return (_SHIPPED if folder == RECIPES and not folder.exists() else folder) / f"{model}.yaml"
    beside = plugins.path_of(model).with_suffix(".yaml")
    return beside if folder == RECIPES else folder / beside.name
