"""Checked values from YAML files: pydantic models whose fields carry limits and a description.

An error is one line with file, key, value, what was expected and, where a name is nearly right, a suggestion.
"""

import difflib
import io
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.text import quoted, shortened

S = TypeVar("S", bound="Settings")
_LARGEST, _DEEPEST = 1 << 20, 20  # bytes of a settings file, levels in it
_KINDS = {int: "a whole number", float: "a finite number", str: "text", bool: "true or false"}


class Settings(BaseModel):
    """A section of settings: frozen, exact about types, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())


def read_yaml(path: Path) -> object:
    """What a YAML 1.2 file holds.

    Raises:
        EmotionError: the file is missing, unreadable, too large or no plain YAML: aliases and deep nesting have no
            place in settings.
    """
    check_waits(path)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; check the path, or run the command in the project's folder") from None
    except OSError as error:
        raise cannot("be read", path, error) from None
    if len(content) > _LARGEST:
        raise EmotionError(f"{path}: larger than {_LARGEST >> 20} MiB, expected a file of settings")
    return parse_yaml(content, where=str(path))


def parse_yaml(content: bytes | str, *, where: str) -> object:
    """What YAML 1.2 means, e.g. `1e-3` a number; `where` names it in messages.

    Raises:
        EmotionError: it is no plain YAML.
    """
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    try:
        _check_plain(content, where)
        # YAML 1.2: PyYAML reads 3e-4 (and DVC's own 1e-05) as text.
        return YAML(typ="safe", pure=True).load(io.BytesIO(content))
    except EmotionError:
        raise
    except (YAMLError, ValueError, RecursionError, LookupError, TypeError, AttributeError, AssertionError) as error:
        # ruamel raises ValueError for dates that do not exist and for numbers of thousands of digits
        raise EmotionError(f"{where}: not valid YAML: {shortened(str(error))}; correct that line") from None


def read_changes(given: Sequence[str]) -> dict[str, object]:
    """Settings as they are typed, `lr=1e-3`: key -> value, read as YAML 1.2 reads it.

    Raises:
        EmotionError: there is no `=`, no plain value behind it, or a key comes twice.
    """
    found: dict[str, object] = {}
    for text in given:
        key, equals, written = text.partition("=")
        value = parse_yaml(written, where=f"--set {shortened(text)}")
        if not equals or not key.strip() or isinstance(value, Mapping | list | None):
            raise EmotionError(
                f"--set {shortened(text)}: expected KEY=VALUE, e.g. lr=1e-3; for the keys: emotion params"
            )
        if key.strip() in found:
            raise EmotionError(f"--set {shortened(text)}: {key.strip()} is set twice; leave one out")
        found[key.strip()] = value
    return found


def _check_plain(content: bytes, where: str) -> None:
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(io.BytesIO(content)):
        if isinstance(event, AliasEvent):
            raise EmotionError(f"{where}: line {event.start_mark.line + 1} has an alias (*name); write the value there")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > _DEEPEST:
            raise EmotionError(f"{where}: line {event.start_mark.line + 1} is nested deeper than {_DEEPEST} levels")


def read_settings(cls: type[S], mapping: object, *, source: str, prefix: str = "") -> S:
    """Check a mapping against a model.

    Args:
        cls: the model.
        mapping: what was read.
        source: the file, for messages.
        prefix: where in the file the mapping stands, e.g. `face.`.

    Raises:
        EmotionError: a key is unknown, missing, of the wrong type or impossible.
    """
    if not isinstance(mapping, Mapping):
        raise EmotionError(
            f"{source}: {prefix.rstrip('.') or 'the file'} is {'empty' if mapping is None else quoted(mapping)}, "
            "expected keys with values"
        )
    try:
        named = {key if isinstance(key, str) else quoted(key): value for key, value in mapping.items()}
        return cls.model_validate(named)
    except ValidationError as error:
        raise EmotionError(_message(cls, error.errors(include_url=False), source=source, prefix=prefix)) from None


def read_part(cls: type[S], path: Path = Path("params.yaml"), *, others: bool = True) -> S:
    """Read what one stage needs of a file that holds the settings of all; each key must stand there.

    Args:
        cls: the model; of a section that it shares with others it has its own keys only.
        path: the file.
        others: whether keys that the model does not know are those of other stages; else they are errors.

    Raises:
        EmotionError: the file is missing or no YAML, or a key is unknown, missing, of the wrong type or impossible.
    """
    mapping = read_yaml(path)
    if not others:
        read_settings(cls, mapping, source=str(path))
    return read_settings(cls, _part(cls, mapping, source=str(path)), source=str(path))


def _part(cls: type[Settings], mapping: object, *, source: str, prefix: str = "") -> object:
    if not isinstance(mapping, Mapping):
        return mapping
    part = {}
    for name, info in cls.model_fields.items():
        if name not in mapping:
            others = [key for key in mapping if isinstance(key, str) and key not in cls.model_fields]
            for near in difflib.get_close_matches(name, others, n=1):
                raise EmotionError(f"{source}: unknown key {shortened(prefix + near)}; did you mean {prefix}{name}?")
            raise EmotionError(f"{source}: key {prefix}{name} is missing, expected {expectation(info)}")
        part[name], kind = mapping[name], info.annotation
        if isinstance(kind, type) and issubclass(kind, Settings):
            part[name] = _part(kind, mapping[name], source=source, prefix=f"{prefix}{name}.")
    return part


def expectation(field: FieldInfo) -> str:
    """What the value of a field may be, in words."""
    return _expected(field.annotation, field.metadata)


def _message(cls: type[Settings], problems: list[ErrorDetails], *, source: str, prefix: str) -> str:
    """One line about the weightiest problem: an unknown key first, it explains a missing one."""
    order = {"extra_forbidden": 0, "missing": 2}
    problem = min(problems, key=lambda found: order.get(found["type"], 1))
    path = [str(part) for part in problem["loc"]]
    owner, field = _find(cls, path)
    keys = path[: path.index(field) + 1] if field in path else path  # what follows names a branch of a union
    key = prefix + ".".join(keys)
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], owner.model_fields, n=1)
        remedy = f"did you mean {'.'.join([*key.split('.')[:-1], near[0]])}?" if near else "remove it"
        return f"{source}: unknown key {shortened(key)}; {remedy}"
    info = owner.model_fields.get(field or "")
    expected = expectation(info) if info is not None else problem["msg"]
    if problem["type"] == "missing":
        return f"{source}: key {key} is missing, expected {expected}"
    if problem["type"] == "value_error":
        expected = str(problem["ctx"]["error"])
    value = problem["input"]
    near = difflib.get_close_matches(value, _choices(info.annotation), n=1) if info and isinstance(value, str) else []
    return f"{source}: {key} is {quoted(value)}, expected {expected}" + (f"; did you mean {near[0]}?" if near else "")


def _find(cls: type[Settings], path: list[str]) -> tuple[type[Settings], str | None]:
    """The model that owns what a path of keys names, and the key there."""
    for part in path:
        info = cls.model_fields.get(part)
        if info is None:
            return cls, None
        kind = info.annotation
        if not (isinstance(kind, type) and issubclass(kind, Settings)) or part == path[-1]:
            return cls, part
        cls = kind
    return cls, None


def _choices(kind: Any) -> list[str]:  # noqa: ANN401 - an annotation may be anything
    if get_origin(kind) is Literal:
        return [value for value in get_args(kind) if isinstance(value, str)]
    if get_origin(kind) in (Union, types.UnionType, typing.Annotated):
        return [name for part in get_args(kind) for name in _choices(part)]
    return []


def _expected(kind: Any, metadata: list[Any]) -> str:  # noqa: ANN401
    for item in metadata:
        if isinstance(item, Expected):
            return item.words
    if get_origin(kind) is typing.Annotated:
        return _expected(get_args(kind)[0], list(get_args(kind)[1:]))
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    if get_origin(kind) in (Union, types.UnionType):
        return ", or ".join(_expected(part, metadata) for part in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Settings):
        return "a section"
    return _KINDS.get(kind, "a value") + _range(metadata)


def _range(metadata: list[Any]) -> str:
    limits: dict[str, Any] = {}
    for item in metadata:
        for name in ("ge", "gt", "le", "lt"):
            if getattr(item, name, None) is not None:
                limits[name] = getattr(item, name)
    if "ge" in limits and "le" in limits:
        return f" from {limits['ge']} to {limits['le']}"
    words = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    return "".join(" and"[: 4 * bool(place)] + f" {words[name]} {limits[name]}" for place, name in enumerate(limits))


class Expected:
    """Stands in `Annotated` where words of our own say better what a value may be.

    Args:
        words: follow "expected".
    """

    def __init__(self, words: str) -> None:
        self.words = words
