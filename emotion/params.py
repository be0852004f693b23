"""The one place that reads params.yaml: frozen dataclasses, each value checked when it is read."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from emotion.errors import EmotionError
from emotion.rules import Rule, choice, read_values, read_yaml

MODALITIES = ("audio", "face", "text")
MODELS = ("fusion", "cnn", "bc_lstm", "cmn", "mdre", "bilstm_cnn", "dialogue_transformer", "speaker_fusion")
HEADED = ("fusion", "dialogue_transformer", "speaker_fusion")  # models with attention heads of 2 * hidden features


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
LABEL_RULE = choice("released", "strict")
SPLIT = choice("corpus", "paper", "cosmic", "session1", "session2", "session3", "session4", "session5")
DETECTOR = Rule("haar or the path of a .onnx file", lambda value: value == "haar" or value.endswith(".onnx"))
CHECKPOINT = Rule("scratch, or the name or folder of a text checkpoint", lambda value: value.strip() != "")
ENCODER = Rule("paper, or the name or folder of a checkpoint", lambda value: value.strip() != "")
LAYERS = Rule(
    "last, last4, all, or a whole number >= 0",
    lambda value: value in ("last", "last4", "all") or (isinstance(value, int) and value >= 0),
)
POOLING = choice("mean", "mean_std", "cls")
WIDTH = Rule("a whole number from 0 to 8192", lambda value: 0 <= value <= 8192)
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
    balanced: Annotated[bool, YES_OR_NO]
    seed: Annotated[int, SEED]


@dataclass(frozen=True)
class Pretrained(Fit):
    """What is chosen of a checkpoint."""

    layers: Annotated[int | str, LAYERS]
    pooling: Annotated[str, POOLING]
    tune: Annotated[bool, YES_OR_NO]
    dim: Annotated[int, WIDTH]


@dataclass(frozen=True)
class Fitting:
    """What the fitting of all encoders has in common."""

    folds: Annotated[int, Rule("a whole number from 1 to 100", lambda value: 1 <= value <= 100)]


@dataclass(frozen=True)
class Audio(Pretrained):
    """Audio encoder; rate in Hz."""

    encoder: Annotated[str, ENCODER]
    rate: Annotated[int, RATE]
    channel: Annotated[str, choice("mix", "side")]
    front: Annotated[str, choice("waveform", "logmel")]


@dataclass(frozen=True)
class Face(Pretrained):
    """Face clips (size in px, fps in frames per second) and face encoder."""

    detector: Annotated[str, DETECTOR]
    detect_every: Annotated[int, COUNT]
    fallback: Annotated[str, choice("none", "iemocap")]
    size: Annotated[int, Rule("a whole number of pixels from 16 to 512", lambda value: 16 <= value <= 512)]
    fps: Annotated[float, POSITIVE]
    encoder: Annotated[str, ENCODER]
    frames: Annotated[int, Rule("a whole number of frames from 8 to 256", lambda value: 8 <= value <= 256)]


@dataclass(frozen=True)
class Text(Pretrained):
    """Text encoder."""

    encoder: Annotated[str, CHECKPOINT]
    level: Annotated[str, choice("utterance", "word")]


@dataclass(frozen=True)
class Recipe:
    """How a fusion model is trained, in params.yaml and in recipes/*.yaml."""

    history: Annotated[int | str, CONTEXT]
    future: Annotated[int | str, CONTEXT]
    hidden: Annotated[int, UNITS]
    heads: Annotated[int, COUNT]
    dropout: Annotated[float, BELOW_ONE]
    members: Annotated[int, Rule("a whole number from 1 to 100", lambda value: 1 <= value <= 100)]
    lr: Annotated[float, POSITIVE]
    schedule: Annotated[str, choice("constant", "cosine")]
    weight_decay: Annotated[float, NATURAL]
    clip: Annotated[float, NATURAL]
    batch: Annotated[int, COUNT]
    epochs: Annotated[int, COUNT]
    averaging: Annotated[float, BELOW_ONE]
    input_dropout: Annotated[float, BELOW_ONE]
    modality_dropout: Annotated[float, BELOW_ONE]
    mixstyle: Annotated[float, SHARE]
    smoothing: Annotated[float, BELOW_ONE]


@dataclass(frozen=True)
class Params(Recipe):
    """All of params.yaml; the keys of the fusion stage stand at the top level."""

    corpus: Annotated[str, choice("synthetic", "iemocap", "meld", "table")]
    max_missing: Annotated[float, SHARE]
    on_error: Annotated[str, choice("skip", "fail")]
    model: Annotated[str, choice(*MODELS)]
    modalities: Annotated[str, SOME_MODALITIES]
    attention: Annotated[bool, YES_OR_NO]
    residual: Annotated[bool, YES_OR_NO]
    speakers: Annotated[bool, YES_OR_NO]
    seed: Annotated[int, SEED]
    synthesize: Synthesize
    index: IndexParams
    fit: Fitting
    audio: Audio
    face: Face
    text: Text


def read_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml.

    Raises:
        EmotionError: the file is missing or no YAML, or a key is unknown, missing, of the wrong type or impossible; the
            message names file, key, value and expectation.
    """
    params = Params(**read_values(Params, read_yaml(path), source=str(path)))
    check_together(params.model, vars(params), source=str(path))
    return params


def check_together(model: str, values: Mapping[str, Any], *, source: str) -> None:
    """What no rule of a single key can say; for params.yaml and for recipes.

    Args:
        model: whose settings they are.
        values: key -> value.
        source: the file, for messages.

    Raises:
        EmotionError: `heads` does not divide twice `hidden`, or only one of history and future is `all`.
    """
    if model in HEADED and 2 * values["hidden"] % values["heads"]:
        width = 2 * values["hidden"]
        raise EmotionError(f"{source}: heads is {values['heads']}, expected a divisor of 2 * hidden = {width}")
    if (values["history"] == "all") != (values["future"] == "all"):
        raise EmotionError(
            f"{source}: history is {values['history']} and future is {values['future']}, "
            "expected all for both (the whole dialogue) or for neither"
        )


def scratch_folder() -> Path:
    """Where interrupted work is kept, outside the outputs that DVC removes before it runs a stage again.

    `DVC_ROOT` names the original project also in queued runs, which work in a temporary copy.
    """
    return Path(os.environ.get("DVC_ROOT", ".")) / ".cache" / "emotion"


def workers() -> int:
    """Number of worker processes: `EMOTION_WORKERS`, else the number of usable cores; never changes a result."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return wanted_workers() or cores


def wanted_workers() -> int:
    """`EMOTION_WORKERS`, or 0 where it is not set: the executor then takes all cores, or GPUs, that it finds."""
    return _from_environment("EMOTION_WORKERS", least=1, default=0)


def executor() -> str:
    """`EMOTION_EXECUTOR`: who extracts, local (default) or ray; never changes a result."""
    name = os.environ.get("EMOTION_EXECUTOR") or "local"
    if name not in ("local", "ray"):
        raise EmotionError(f"EMOTION_EXECUTOR is {name!r}, expected local or ray")
    return name


def budget() -> int:
    """`EMOTION_BUDGET`: batches that a worker holds in memory at once while it extracts."""
    return _from_environment("EMOTION_BUDGET", least=1, default=4)


def _from_environment(name: str, *, least: int, default: int) -> int:
    text = os.environ.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        raise EmotionError(f"{name} is {text!r}, expected a whole number >= {least}")
    return int(text)
