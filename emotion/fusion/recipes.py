"""Recommended settings of the fusion models, one file recipes/<model>.yaml each."""

from pathlib import Path
from typing import Any

from pydantic import create_model

from emotion.core import plugins
from emotion.core.settings import Settings, read_settings, read_yaml
from emotion.fusion import own
from emotion.fusion.models import registry
from emotion.fusion.settings import Recipe, check_together

RECIPES = Path("recipes")
_SHIPPED = Path(__file__).with_name("shipped_recipes")  # those that an installed package brings along, see setup.py


def read_recipe(model: str, folder: Path = RECIPES) -> dict[str, Any]:
    """Read and check the recipe of a model of the registry, or `plugins/FILE.py:CLASS`, which need not have one.

    Gives `history` and `future` for `dataset.load`, everything else for `train.fit`, without sizes that it does not
    take.

    Raises:
        EmotionError: there is no such model or recipe, or a key is unknown, missing, of the wrong type or impossible,
            or keys do not fit together.
    """
    fixed = set(registry.SIZES) - set(own.entry(model).sizes)
    path = recipe_path(model, folder)
    fields: Any = {name: (info.annotation, info) for name, info in Recipe.model_fields.items() if name not in fixed}
    kind = create_model("Recipe", __base__=Settings, **fields)
    content = read_yaml(path) if path.is_file() or not plugins.is_name(model) else {}  # one's own may have none
    recipe = dict(read_settings(kind, content, source=str(path)))
    check_together(model, recipe, source=str(path))
    return recipe


def recipe_path(model: str, folder: Path = RECIPES) -> Path:
    """The file of a model's recipe: `<folder>/<model>.yaml`; outside a clone, where there is no `recipes`, ours.

    Of one's own model FILE.yaml: beside it, or in the folder where that is not the usual one.
    """
    if not plugins.is_name(model):
        return (_SHIPPED if folder == RECIPES and not folder.exists() else folder) / f"{model}.yaml"
    beside = plugins.path_of(model).with_suffix(".yaml")
    return beside if folder == RECIPES else folder / beside.name
