"""Search spaces: what `emotion tune` may choose of a model's settings, one file recipes/spaces/<model>.yaml each.

A file has keys of a recipe, each with the values that may be chosen or the limits between which they lie:

    batch: [4, 8, 16]                              one of these
    dropout: {low: 0.1, high: 0.6}                 anything between
    lr: {low: 1e-4, high: 5e-3, scale: log}        likewise, every power of ten equally often
    heads: {low: 1, high: 4}                       whole numbers, since both limits are
"""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, Literal

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.settings import Settings, read_settings, read_yaml
from emotion.core.text import quoted
from emotion.fusion.recipes import RECIPES, check_recipe, recipe_path

FIXED = {
    "epochs": "the epoch is chosen anyway, and trials are stopped by it",
    "members": "each costs a training of its own",
}
"""Keys of a recipe that no space may have, and why."""
_TOGETHER = ("history", "future", "hidden", "heads")  # see `check_together`
_DIGITS = 3  # of a chosen number: more would say nothing, and look as if


class Range(Settings):
    """Limits between which a setting is chosen; whole numbers where both are."""

    low: int | float
    high: int | float
    scale: Literal["even", "log"] = "even"

    @property
    def whole(self) -> bool:
        """Whether whole numbers are chosen."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def tidy(self, value: int | float) -> int | float:
        """A value as it is written: three digits, inside the limits."""
        return value if self.whole else min(max(float(f"{value:.{_DIGITS}g}"), self.low), self.high)


Space = Mapping[str, Range | tuple[Any, ...]]


def space_path(model: str, folder: Path = RECIPES) -> Path:
    """The file of a model's space: spaces/<model>.yaml beside its recipe, else beside the usual recipes.

    Where there is none, spaces/default.yaml likewise.
    """
    recipe, usual = recipe_path(model, folder), recipe_path("fusion").parent
    folders = [usual] if plugins.is_name(model) else [recipe.parent, usual]
    places = [place / "spaces" / name for name in (recipe.name, "default.yaml") for place in folders]
    return next((path for path in places if path.is_file()), places[-1])


def read_space(path: Path, model: str, recipe: Mapping[str, Any]) -> Space:
    """Read and check a space.

    Args:
        path: the file.
        model: whose settings are chosen.
        recipe: its settings, in which those of the space take the place of others.

    Raises:
        EmotionError: the file is missing or no YAML, a key is unknown or one of `FIXED`, limits are no limits, or a
            value is impossible for the model.
    """
    content = read_yaml(path)
    if not isinstance(content, Mapping) or not content:
        raise EmotionError(f"{path}: holds no settings, expected e.g. lr: {{low: 1e-4, high: 5e-3, scale: log}}")
    space = {str(key): _choice(path, str(key), given) for key, given in content.items()}
    joined = [key for key in space if key in _TOGETHER]
    trials = [dict(zip(joined, values, strict=True)) for values in product(*(_ends(space[key]) for key in joined))]
    trials += [{key: value} for key in space if key not in _TOGETHER for value in _ends(space[key])]
    for chosen in trials:
        check_recipe(model, {**recipe, **chosen}, source=str(path))
    return space


def _choice(path: Path, key: str, given: object) -> Range | tuple[Any, ...]:
    if key in FIXED:
        raise EmotionError(f"{path}: {key} cannot be tuned: {FIXED[key]}; remove it, and give it with --set")
    if isinstance(given, list):
        if not given or len({repr(value) for value in given}) < len(given):
            raise EmotionError(f"{path}: {key} is {quoted(given)}, expected different values")
        return tuple(given)
    if not isinstance(given, Mapping):
        raise EmotionError(
            f"{path}: {key} is {quoted(given)}, expected a list of values, or {{low: .., high: .., scale: even | log}}"
        )
    found = read_settings(Range, given, source=str(path), prefix=f"{key}.")
    if not found.low < found.high:
        raise EmotionError(f"{path}: {key}.low is {found.low}, expected less than {key}.high, which is {found.high}")
    if found.scale == "log" and found.low <= 0:
        raise EmotionError(f"{path}: {key}.low is {found.low}, expected more than 0 with scale: log")
    return found


def _ends(given: Range | tuple[Any, ...]) -> tuple[Any, ...]:
    """All values, or of a range the outermost; of whole numbers every one up to a hundred."""
    if not isinstance(given, Range):
        return given
    if given.whole and given.high - given.low < 100:
        return tuple(range(int(given.low), int(given.high) + 1))
    return (given.low, given.high)
