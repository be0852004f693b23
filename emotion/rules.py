"""Checked values from YAML files: dataclasses whose fields carry a rule, `Annotated[type, Rule]`."""

import difflib
from collections.abc import Callable, Collection
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from emotion.errors import EmotionError


@dataclass(frozen=True)
class Rule:
    """What a value may be, in words and as a test; stands beside the type in `Annotated`."""

    expected: str
    good: Callable[[Any], bool]


def choice(*names: str) -> Rule:
    """One of several names."""
    return Rule("one of " + ", ".join(names), lambda value: value in names)


def read_yaml(path: Path) -> object:
    """What a YAML file holds.

    Raises:
        EmotionError: the file is missing or no YAML.
    """
    try:
        # YAML 1.2: PyYAML reads 3e-4 (and DVC's own 1e-05) as text.
        return YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; run the command in the project's folder") from None
    except YAMLError as error:
        raise EmotionError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None


def read_values(
    cls: type, mapping: object, *, source: str, prefix: str = "", without: Collection[str] = ()
) -> dict[str, Any]:
    """Check a mapping against the rules of a dataclass.

    Args:
        cls: a dataclass, each field either `Annotated[type, Rule]` or a dataclass of such.
        mapping: what was read.
        source: the file, for messages.
        prefix: where in the file the mapping stands.
        without: keys of the dataclass that must not be there.

    Raises:
        EmotionError: a key is unknown, missing, of the wrong type or impossible.
    """
    if not isinstance(mapping, dict):
        raise EmotionError(f"{source}: {prefix.rstrip('.') or 'the file'} is {mapping!r}, expected keys with values")
    hints = {name: hint for name, hint in get_type_hints(cls, include_extras=True).items() if name not in without}
    unknown = [str(key) for key in mapping if key not in hints]
    if unknown:
        near = difflib.get_close_matches(unknown[0], hints, n=1)
        mend = f"did you mean {prefix}{near[0]}?" if near else "remove it"
        raise EmotionError(f"{source}: unknown key {prefix}{unknown[0]}; {mend}")
    values: dict[str, Any] = {}
    for name, hint in hints.items():
        key = prefix + name
        if name not in mapping:
            expected = "a section" if is_dataclass(hint) else get_args(hint)[1].expected
            raise EmotionError(f"{source}: key {key} is missing, expected {expected}")
        if is_dataclass(hint):
            assert isinstance(hint, type)
            values[name] = hint(**read_values(hint, mapping[name], source=source, prefix=key + "."))
        else:
            values[name] = _value(mapping[name], *get_args(hint), where=f"{source}: {key}")
    return values


def _value(value: object, kind: type | UnionType, rule: Rule, *, where: str) -> object:
    if kind is float and type(value) is int:
        value = float(value)
    kinds = get_args(kind) or (kind,)
    if type(value) not in kinds or not rule.good(value):
        names = " or ".join(item.__name__ for item in kinds)
        raise EmotionError(f"{where} is {value!r}, expected {rule.expected} ({names})")
    return value
