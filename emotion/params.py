"""The one place that reads params.yaml: frozen dataclasses, each value checked when it is read."""

import difflib
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, cast, get_type_hints

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from emotion.errors import EmotionError

MODALITIES = ("audio", "face", "text")
T = TypeVar("T")


def _checked(expected: str, good: Callable[[Any], bool]) -> Any:
    return field(metadata={"expected": expected, "good": good})


def _choice(*names: str) -> Any:
    return _checked("one of " + ", ".join(names), lambda value: value in names)


def _positive() -> Any:
    return _checked("a finite number > 0", lambda value: 0 < value < math.inf)


def _natural() -> Any:
    return _checked("a finite number >= 0", lambda value: 0 <= value < math.inf)


def _share() -> Any:
    return _checked("a number from 0 to 1", lambda value: 0 <= value <= 1)


def _modalities(value: str) -> bool:
    names = value.split(",")
    return len(set(names)) == len(names) and set(names) <= set(MODALITIES)


def _context() -> Any:
    return _checked("a whole number >= 0, or all", lambda value: value == "all" or (isinstance(value, int) and value >= 0))


@dataclass(frozen=True)
class Synthesize:
    """The generated corpus."""

    seed: int = _natural()


@dataclass(frozen=True)
class IndexParams:
    """Reading the corpus."""

    label_rule: str = _choice("released", "strict")
    split: str = _choice("paper", "cosmic", "session1", "session2", "session3", "session4", "session5")


@dataclass(frozen=True)
class Fit:
    """Supervised fitting of one encoder."""

    epochs: int = _positive()
    lr: float = _positive()
    weight_decay: float = _natural()
    batch: int = _positive()
    patience: int = _natural()
    seed: int = _natural()


@dataclass(frozen=True)
class Audio(Fit):
    """Audio encoder; rate in Hz."""

    encoder: str = _choice("paper")
    rate: int = _positive()


@dataclass(frozen=True)
class Face(Fit):
    """Face clips (size in px, fps in frames per second) and face encoder."""

    detector: str = _checked("haar or the path of a .onnx file", lambda value: value == "haar" or value.endswith(".onnx"))
    detect_every: int = _positive()
    size: int = _checked("a whole number of pixels from 16 to 512", lambda value: 16 <= value <= 512)
    fps: float = _positive()
    encoder: str = _choice("paper")
    frames: int = _checked("a whole number of frames from 8 to 256", lambda value: 8 <= value <= 256)


@dataclass(frozen=True)
class Text(Fit):
    """Text encoder."""

    encoder: str = _checked("scratch, or the name or folder of a RoBERTa checkpoint", lambda value: value.strip() != "")


@dataclass(frozen=True)
class Params:
    """All of params.yaml; the keys of the fusion stage stand at the top level."""

    corpus: str = _choice("synthetic", "iemocap")
    max_missing: float = _share()
    model: str = _choice("fusion", "bc_lstm", "cmn", "cnn")
    modalities: str = _checked("some of audio, face, text, with commas and no spaces", _modalities)
    history: int | str = _context()
    future: int | str = _context()
    hidden: int = _positive()
    heads: int = _positive()
    dropout: float = _checked("a number from 0 to below 1", lambda value: 0 <= value < 1)
    lr: float = _positive()
    weight_decay: float = _natural()
    batch: int = _positive()
    epochs: int = _positive()
    seed: int = _natural()
    synthesize: Synthesize = field()
    index: IndexParams = field()
    audio: Audio = field()
    face: Face = field()
    text: Text = field()


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
            f"{path}: history is {params.history} and future is {params.future}, expected all for both (the whole dialogue) or for neither"
        )
    return params


def _build(cls: type[T], mapping: Any, *, source: str, prefix: str) -> T:
    if not isinstance(mapping, dict):
        raise EmotionError(f"{source}: {prefix.rstrip('.') or 'the file'} is {mapping!r}, expected keys with values")
    hints = get_type_hints(cls)
    unknown = [str(key) for key in mapping if key not in hints]
    if unknown:
        near = difflib.get_close_matches(unknown[0], hints, n=1)
        mend = f"did you mean {prefix}{near[0]}?" if near else "remove it"
        raise EmotionError(f"{source}: unknown key {prefix}{unknown[0]}; {mend}")
    values = {}
    for item in fields(cast(Any, cls)):
        key = prefix + item.name
        if item.name not in mapping:
            raise EmotionError(f"{source}: key {key} is missing, expected {item.metadata.get('expected', 'a section')}")
        value, hint = mapping[item.name], hints[item.name]
        if is_dataclass(hint):
            values[item.name] = _build(cast(type, hint), value, source=source, prefix=key + ".")
        else:
            values[item.name] = _value(value, hint, item.metadata, f"{source}: {key}")
    return cls(**values)


def _value(value: Any, hint: Any, metadata: Any, where: str) -> Any:
    if hint is float and type(value) is int:
        value = float(value)
    kinds = (int, str) if hint == int | str else (hint,)
    if type(value) not in kinds or not metadata["good"](value):
        raise EmotionError(f"{where} is {value!r}, expected {metadata['expected']} ({' or '.join(k.__name__ for k in kinds)})")
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
