"""Recommended settings of the fusion models, one file recipes/<model>.yaml each."""

from pathlib import Path
from typing import Any

from emotion.errors import EmotionError
from emotion.models import registry
from emotion.params import HEADED, Recipe
from emotion.rules import read_values, read_yaml


def read_recipe(model: str, folder: Path = Path("recipes")) -> dict[str, Any]:
    """Read and check a model's recipe.

    Args:
        model: a name of `emotion.models.registry`.
        folder: where the recipes are.

    Returns:
        `history` and `future` for `dialogues.load`, everything else for `fuse.fit`; sizes that the model does not take
        are left out.

    Raises:
        EmotionError: there is no such model or recipe, or a key is unknown, missing, of the wrong type or impossible,
            or keys do not fit together.
    """
    if model not in registry.MODELS:
        raise EmotionError(f"model is {model!r}, expected one of: {', '.join(registry.NAMES)}")
    path = folder / f"{model}.yaml"
    fixed = set(registry.SIZES) - set(registry.MODELS[model].sizes)
    recipe = read_values(Recipe, read_yaml(path), source=str(path), without=fixed)
    if model in HEADED and 2 * recipe["hidden"] % recipe["heads"]:
        width = 2 * recipe["hidden"]
        raise EmotionError(f"{path}: heads is {recipe['heads']}, expected a divisor of 2 * hidden = {width}")
    if (recipe["history"] == "all") != (recipe["future"] == "all"):
        raise EmotionError(
            f"{path}: history is {recipe['history']} and future is {recipe['future']}, "
            "expected all for both (the whole dialogue) or for neither"
        )
    return recipe
