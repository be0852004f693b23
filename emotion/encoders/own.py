"""Encoders of one's own in `plugins/`; and fitted encoders by the name that their folder holds, ours or one's own.

What an encoder must look like is written in plugins/README.md.
"""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.encoders.base import SETTINGS, Encoder, fit_again, read_head

E = TypeVar("E", bound=Encoder)
_PROTOCOL = "see plugins/README.md"
_OPTIONS = {
    "audio": ("dim", "rate", "front", "level", "layers", "pooling", "tune"),
    "face": ("dim", "frames", "size", "level", "layers", "pooling", "tune"),
    "text": ("dim", "level", "layers", "pooling", "tune"),
}
_OWN = {"audio": ("dim", "rate"), "face": ("dim", "frames"), "text": ("dim",)}  # numbers that the encoder itself has
_TRIAL: dict[str, Any] = {"rate": 16000, "frames": 16, "size": 48, "dim": 0}


def encoder_class(name: str) -> type[Encoder]:
    """The class of `plugins/FILE.py:CLASS`.

    Raises:
        EmotionError: there is no such class, or it is no encoder: the line says what is missing.
    """
    made = plugins.load(name)
    if not isinstance(made, type) or not issubclass(made, Encoder):
        raise EmotionError(f"{name} is no encoder, expected a class below emotion.encoders.base.Encoder; {_PROTOCOL}")
    modality = getattr(made, "modality", None)
    if modality not in _OPTIONS:
        raise EmotionError(f"{name}: modality is {modality!r}, expected one of {', '.join(_OPTIONS)}; {_PROTOCOL}")
    for method in ("settings", "collate", "cost", "forward"):
        if getattr(made, method) is getattr(Encoder, method):
            raise EmotionError(f"{name} has no method {method}, expected settings, collate, cost, forward; {_PROTOCOL}")
    made.name = name
    return made


def new(name: str, modality: str, *, rgb: bool = False, **options: Any) -> Any:  # noqa: ANN401 - an Encoder
    """An encoder yet to be fitted, `plugins/FILE.py:CLASS` of a modality; it is given two inputs first.

    Of the options, what params.yaml says, it is given those that it takes. `rgb`: face clips are in colour.

    Raises:
        EmotionError: it cannot be used; the line says why.
    """
    made = encoder_class(name)
    if made.modality != modality:
        raise EmotionError(f"{name} is an encoder of {made.modality}, expected one of {modality}; {_PROTOCOL}")
    takes = plugins.check_arguments(name, made, (), _OPTIONS[modality])
    with plugins.running(name, "cannot be made", passes=(EmotionError,)):
        encoder = made(**{key: value for key, value in options.items() if key in takes})
        again = made(**encoder.settings())
    for key in _OWN[modality]:
        value = getattr(again, key, None)
        if not isinstance(value, int) or value < 1:
            raise EmotionError(f"{name}: its {key} is {value!r}, expected a whole number > 0; {_PROTOCOL}")
    size = options.get("size", _TRIAL["size"])
    _try_out(name, again, (size, size, 3) if rgb else (size, size))
    return encoder


def default(name: str) -> Encoder:
    """One's own encoder with the defaults of params.yaml; see `new`."""
    made: Encoder = new(name, encoder_class(name).modality, **_TRIAL)
    return made


def load_one_of(kinds: Sequence[type[E]], folder: Path) -> E:
    """Read a fitted encoder of one of several kinds of the same modality, or one's own; see `Encoder.load`.

    Raises:
        EmotionError: see `Encoder.load`; or one's own encoder is no longer in plugins/.
    """
    path, remedy = folder / SETTINGS, fit_again(kinds[0].modality)
    _, name, _, code = read_head(folder, kinds[0].modality)
    if not plugins.is_name(name):
        return next((kind for kind in kinds if kind.name == name), kinds[0]).load(folder)
    plugins.check_code(name, code, source=path, done="fitted", remedy=remedy)
    try:
        made = encoder_class(name)
    except EmotionError as error:
        raise EmotionError(f"{path}: {error}; or {remedy}") from None
    return made.load(folder)  # type: ignore[return-value]


def _try_out(name: str, encoder: Encoder, frame: tuple[int, ...]) -> None:
    """See that two inputs give two vectors, the same as each gives alone."""
    inputs = _inputs(encoder, frame)
    trial = copy.deepcopy(encoder)
    with plugins.running(name, "cannot encode two inputs"), torch.no_grad(), torch.random.fork_rng(devices=[]):
        trial.prepare(inputs)
        trial.eval()
        costs = [trial.cost(value) for value in inputs]
        both, alone = trial(trial.collate(inputs)), trial(trial.collate(inputs[1:]))
        rows = trial.sequences(trial.collate(inputs))
    if not isinstance(both, Tensor) or both.shape != (2, encoder.dim):
        shape = tuple(both.shape) if isinstance(both, Tensor) else type(both).__name__
        raise EmotionError(f"{name}.forward gives {shape} for 2 inputs, expected {(2, encoder.dim)}; {_PROTOCOL}")
    if len(rows) != 2 or any(row.ndim != 2 or row.shape[1] != encoder.dim for row in rows):
        raise EmotionError(f"{name}.sequences: expected a (t, {encoder.dim}) tensor for each input; {_PROTOCOL}")
    if not all(isinstance(cost, int) for cost in costs):
        raise EmotionError(f"{name}.cost gives {costs[0]!r}, expected a whole number; {_PROTOCOL}")
    if not both.isfinite().all():
        raise EmotionError(f"{name}.forward gives features that are no numbers (NaN or infinite), expected finite ones")
    if not torch.allclose(both[1], alone[0], rtol=1e-3, atol=1e-4):
        raise EmotionError(
            f"{name}.forward gives an input another vector beside a longer one than alone; expected that padding does "
            f"not matter; {_PROTOCOL}"
        )


def _inputs(encoder: Encoder, frame: tuple[int, ...]) -> list[Any]:
    """Two inputs as extraction gives them, the first one longer where lengths differ."""
    rng = torch.Generator().manual_seed(0)
    if encoder.modality == "text":
        return ["Oh, that was more than I had hoped for!", "No."]
    if encoder.modality == "audio":
        return [(torch.rand(n, generator=rng) - 0.5).numpy() for n in (int(encoder.rate), int(encoder.rate) // 3)]  # type: ignore[arg-type]
    clip = (int(encoder.frames), *frame)  # type: ignore[arg-type]
    return [torch.randint(0, 256, clip, generator=rng, dtype=torch.uint8).numpy() for _ in range(2)]
