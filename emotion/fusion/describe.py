"""What a fusion model is made of: its text, its parts, how many parameters they have, its recipe."""

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from pathlib import Path

from torch import nn

from emotion.core import logs, plugins
from emotion.core.errors import EmotionError
from emotion.core.limits import MODALITIES
from emotion.fusion import own
from emotion.fusion.models import registry
from emotion.fusion.recipes import RECIPES, read_recipe, recipe_path
from emotion.fusion.settings import Recipe

_CLASSES = 6  # the paper's
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
        path: its recipe file; one's own model may have none.
        recipe: that file as it is written, or ''.
    """

    entry: registry.Entry
    text: str
    parts: tuple[Part, ...]
    parameters: int
    members: int
    path: Path
    recipe: str


def describe(name: str, *, dims: Mapping[str, int], recipes: Path = RECIPES) -> Description:
    """Build a model of the registry or of `plugins/` by its recipe and look at it; `dims` are features per modality.

    Raises:
        EmotionError: there is no such model or recipe.
    """
    recipe = read_recipe(name, recipes)
    entry = own.entry(name)
    # Where a recipe says nothing about a size, the model does not take it.
    sizes = {key: recipe.get(key, getattr(Recipe(), key)) for key in registry.SIZES}
    module = own.build(name, dims=dims, classes=_CLASSES, **sizes)
    parts = tuple(Part(key, _count(child), _made_of(child)) for key, child in module.named_children() if _count(child))
    text = inspect.getdoc(sys.modules[type(module).__module__]) or ""
    path = recipe_path(name, recipes)
    written = path.read_text(encoding="utf-8").rstrip() if path.is_file() else ""
    return Description(entry, text, parts, _count(module), recipe["members"], path, written)


def own_models() -> list[str]:
    """Names of one's own models in plugins/: modules whose `forward` is a model's. What cannot be used is told."""
    found = []
    for name in plugins.in_folder():
        try:
            made = plugins.load(name)
            module = isinstance(made, type) and issubclass(made, nn.Module)
            if module and "present" in signature(made.forward).parameters:
                own.entry(name)
                found.append(name)
        except EmotionError as error:
            logs.warning(str(error))
    return found


def read_dims(text: str) -> dict[str, int]:
    """`audio=128,text=300` -> {"audio": 128, "text": 300}; EmotionError where it is not of that form."""
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
