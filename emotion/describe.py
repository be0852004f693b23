"""What a fusion model is made of: its text, its parts, how many parameters they have, its recipe."""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from emotion.errors import EmotionError
from emotion.models import registry
from emotion.params import MODALITIES
from emotion.recipes import read_recipe

SIZES = {"hidden": 128, "heads": 4, "dropout": 0.3}
"""Where a recipe says nothing about a size, the model does not take it."""
USUAL = (", bias=True", ", batch_first=True", "in_features=", "out_features=", ", eps=1e-05, elementwise_affine=True")


@dataclass(frozen=True)
class Part:
    """A direct child of the model."""

    name: str
    parameters: int
    made_of: str


@dataclass(frozen=True)
class Description:
    """A model for given dimensions.

    Attributes:
        entry: its line in the registry.
        text: docstring of its file.
        parts: its direct children.
        parameters: trainable numbers of one copy.
        members: how many copies the recipe trains.
        recipe: its recipe file as it is written.
    """

    entry: registry.Entry
    text: str
    parts: tuple[Part, ...]
    parameters: int
    members: int
    recipe: str


def describe(name: str, *, dims: Mapping[str, int], recipes: Path = Path("recipes"), classes: int = 6) -> Description:
    """Build a model by its recipe and look at it.

    Args:
        name: a name of `emotion.models.registry`.
        dims: features per modality.
        recipes: folder with the recipes.
        classes: how many emotions.

    Raises:
        EmotionError: there is no such model or recipe.
    """
    recipe = read_recipe(name, recipes)
    entry = registry.MODELS[name]
    sizes = {key: recipe.get(key, value) for key, value in SIZES.items()}
    module = registry.build(name, dims=dims, classes=classes, **sizes)
    parts = tuple(Part(key, _count(child), _made_of(child)) for key, child in module.named_children() if _count(child))
    text = inspect.getdoc(sys.modules[type(module).__module__]) or ""
    written = (recipes / f"{name}.yaml").read_text(encoding="utf-8")
    return Description(entry, text, parts, _count(module), recipe["members"], written.rstrip())


def read_dims(text: str) -> dict[str, int]:
    """`audio=128,text=300` -> {"audio": 128, "text": 300}.

    Raises:
        EmotionError: it is not of that form.
    """
    dims = {}
    for item in text.split(","):
        name, _, size = item.partition("=")
        if name not in MODALITIES or not size.isdecimal() or int(size) < 1:
            raise EmotionError(f"dims is {text!r}, expected features per modality, e.g. audio=128,face=128,text=300")
        dims[name] = int(size)
    return dims


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _made_of(module: nn.Module) -> str:
    """The layers inside with their sizes, equal ones counted."""
    found: dict[str, int] = {}
    for part in module.modules():
        if part._parameters:
            line = repr(part)
            for usual in USUAL:
                line = line.replace(usual, "")
            found[line] = found.get(line, 0) + 1
    return ", ".join(f"{count} x {line}" if count > 1 else line for line, count in found.items())
