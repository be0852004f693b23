"""The one place that reads params.yaml: frozen dataclasses, each value checked when it is read."""

import difflib
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from emotion.errors import EmotionError

MODALITIES = ("audio", "face", "text")
T = TypeVar("T")


@dataclass(frozen=True)
class Rule:
    """What a value may be, in words and as a test; stands beside the type in `Annotated`."""

    expected: str
    good: Callable[[Any], bool]


def _choice(*names: str) -> Rule:
    return Rule("one of " + ", ".join(names), lambda value: value in names)


def _some_modalities(value: str) -> bool:
    names = value.split(",")
    return len(set(names)) == len(names) and set(names) <= set(MODALITIES)


def _is_context(value: int | str) -> bool:
    return value == "all" or (isinstance(value, int) and value >= 0)


POSITIVE = Rule("a finite number > 0", lambda value: 0 < value < math.inf)
NATURAL = Rule("a finite number >= 0", lambda value: 0 <= value < math.inf)
COUNT = Rule("a whole number from 1 to 100000", lambda value: 1 <= value <= 100_000)
COUNT_OR_NONE = Rule("a whole number from 0 to 100000", lambda value: 0 <= value <= 100_000)
UNITS = Rule("a whole number from 1 to 8192", lambda value: 1 <= value <= 8192)
RATE = Rule("a whole number of Hz from 1000 to 192000", lambda value: 1000 <= value <= 192_000)
SEED = Rule("a whole number from 0 to 4294967295", lambda value: 0 <= value < 2**32)
SHARE = Rule("a number from 0 to 1", lambda value: 0 <= value <= 1)
BELOW_ONE = Rule("a number from 0 to below 1", lambda value: 0 <= value < 1)
CONTEXT = Rule("a whole number >= 0, or all", _is_context)
SOME_MODALITIES = Rule("some of audio, face, text, with commas and no spaces", _some_modalities)
LABEL_RULE = _choice("released", "strict")
SPLIT = _choice("corpus", "paper", "cosmic", "session1", "session2", "session3", "session4", "session5")
DETECTOR = Rule("haar or the path of a .onnx file", lambda value: value == "haar" or value.endswith(".onnx"))
CHECKPOINT = Rule("scratch, or the name or folder of a RoBERTa checkpoint", lambda value: value.strip() != "")
YES_OR_NO = Rule("true or false", lambda value: value in (True, False))


@dataclass(frozen=True)
class Synthesize:
    """The generated corpus."""

    seed: Annotated[int, SEED]


@dataclass(frozen=True)
class IndexParams:
    """Reading the corpus."""

    label_rule: Annotated[str, LABEL_RULE]
    split: Annotated[str, SPLIT]
    allow_speaker_overlap: Annotated[bool, YES_OR_NO]


@dataclass(frozen=True)
class Fit:
    """Supervised fitting of one encoder."""

    epochs: Annotated[int, COUNT]
    lr: Annotated[float, POSITIVE]
    weight_decay: Annotated[float, NATURAL]
    batch: Annotated[int, COUNT]
    patience: Annotated[int, COUNT_OR_NONE]
    seed: Annotated[int, SEED]


@dataclass(frozen=True)
class Audio(Fit):
    """Audio encoder; rate in Hz."""

    encoder: Annotated[str, _choice("paper")]
    rate: Annotated[int, RATE]


@dataclass(frozen=True)
class Face(Fit):
    """Face clips (size in px, fps in frames per second) and face encoder."""

    detector: Annotated[str, DETECTOR]
    detect_every: Annotated[int, COUNT]
    size: Annotated[int, Rule("a whole number of pixels from 16 to 512", lambda value: 16 <= value <= 512)]
    fps: Annotated[float, POSITIVE]
    encoder: Annotated[str, _choice("paper")]
    frames: Annotated[int, Rule("a whole number of frames from 8 to 256", lambda value: 8 <= value <= 256)]


@dataclass(frozen=True)
class Text(Fit):
    """Text encoder."""

    encoder: Annotated[str, CHECKPOINT]


@dataclass(frozen=True)
class Params:
    """All of params.yaml; the keys of the fusion stage stand at the top level."""

    corpus: Annotated[str, _choice("synthetic", "iemocap", "meld", "table")]
    max_missing: Annotated[float, SHARE]
    model: Annotated[str, _choice("fusion", "bc_lstm", "cmn", "cnn")]
    modalities: Annotated[str, SOME_MODALITIES]
    history: Annotated[int | str, CONTEXT]
    future: Annotated[int | str, CONTEXT]
    hidden: Annotated[int, UNITS]
    heads: Annotated[int, COUNT]
    dropout: Annotated[float, BELOW_ONE]
    lr: Annotated[float, POSITIVE]
    weight_decay: Annotated[float, NATURAL]
    batch: Annotated[int, COUNT]
    epochs: Annotated[int, COUNT]
    seed: Annotated[int, SEED]
    synthesize: Synthesize
    index: IndexParams
    audio: Audio
    face: Face
    text: Text


def read_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml.

    Raises:
        EmotionError: the file is missing or no YAML, or a key is unknown, missing, of the wrong type or impossible; the
            message names file, key, value and expectation.
    """
    try:
        # YAML 1.2: PyYAML reads 3e-4 (and DVC's own 1e-05) as text.
        mapping = YAML(typ="safe", pure=True).load(path)
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; run the command in the project's folder") from None
    except YAMLError as error:
        raise EmotionError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    params = _build(Params, mapping, source=str(path), prefix="")
    if params.model == "fusion" and 2 * params.hidden % params.heads:
        raise EmotionError(f"{path}: heads is {params.heads}, expected a divisor of 2 * hidden = {2 * params.hidden}")
    if (params.history == "all") != (params.future == "all"):
        raise EmotionError(
            f"{path}: history is {params.history} and future is {params.future}, "
            "expected all for both (the whole dialogue) or for neither"
        )
    return params


def _build(cls: type[T], mapping: object, *, source: str, prefix: str) -> T:
    if not isinstance(mapping, dict):
        raise EmotionError(f"{source}: {prefix.rstrip('.') or 'the file'} is {mapping!r}, expected keys with values")
    hints = get_type_hints(cls, include_extras=True)
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
            values[name] = _build(hint, mapping[name], source=source, prefix=key + ".")
        else:
            values[name] = _value(mapping[name], *get_args(hint), where=f"{source}: {key}")
    return cls(**values)


def _value(value: object, kind: type | UnionType, rule: Rule, *, where: str) -> object:
    if kind is float and type(value) is int:
        value = float(value)
    kinds = get_args(kind) or (kind,)
    if type(value) not in kinds or not rule.good(value):
        names = " or ".join(item.__name__ for item in kinds)
        raise EmotionError(f"{where} is {value!r}, expected {rule.expected} ({names})")
    return value


def scratch_folder() -> Path:
    """Where interrupted work is kept, outside the outputs that DVC removes before it runs a stage again.

    `DVC_ROOT` names the original project also in queued runs, which work in a temporary copy.
    """
    return Path(os.environ.get("DVC_ROOT", ".")) / ".cache" / "emotion"


def workers() -> int:
    """Number of worker processes: `EMOTION_WORKERS`, else the number of usable cores; never changes a result."""
    text = os.environ.get("EMOTION_WORKERS", "")
    if not text:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not text.isdecimal() or int(text) < 1:
        raise EmotionError(f"EMOTION_WORKERS is {text!r}, expected a whole number > 0")
    return int(text)
