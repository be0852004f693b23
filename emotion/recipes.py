"""Recommended settings of the fusion models, one file recipes/<model>.yaml each."""

from pathlib import Path
from typing import Any

from emotion.errors import EmotionError
from emotion.models import registry
from emotion.params import Recipe, check_together
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
    check_together(model, recipe, source=str(path))
    return recipe
