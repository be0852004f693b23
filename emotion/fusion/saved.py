"""A trained classifier on disk: `model.safetensors`, `settings.json` and `probabilities.csv` in one folder.

`save` writes it; `load` makes the same module of it again, whoever wrote the folder.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from emotion.core import plugins
from emotion.core.errors import EmotionError, cannot
from emotion.core.objects import read_object
from emotion.core.tables import csv_text
from emotion.core.text import quoted, shortened
from emotion.fusion import own
from emotion.fusion.models import registry
from emotion.fusion.sequences import Scaling, Sequences

Scored = Sequence[tuple[Sequences, Tensor]]
WEIGHTS, SETTINGS, PROBABILITIES = "model.safetensors", "settings.json", "probabilities.csv"
REMEDY = "train it again: dvc repro fuse"
_MOST_BYTES = 4 << 30  # of the weights
_MOST = {"hidden": 8192, "heads": 100_000, "members": 100}
_MOST_DIMS = 1 << 17  # features of one modality
_MOST_CLASSES = 10_000


@dataclass(frozen=True)
class Classifier:
    """A trained model and all that is needed to use it.

    Attributes:
        module: in eval mode, on the CPU.
        settings: what `save` was given.
        scaling: per modality, and `<modality>/words`, what features are standardised with.
    """

    module: nn.Module
    settings: dict[str, Any]
    scaling: dict[str, Scaling]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(self.settings["labels"])

    @property
    def modalities(self) -> tuple[str, ...]:
        """In the order of the columns of `present`."""
        return tuple(self.settings["dims"])


def save(
    folder: Path, module: nn.Module, *, settings: Mapping[str, Any], scaling: Mapping[str, Scaling], scored: Scored
) -> None:
    """Fill a folder that is new and empty (`files.writing_folder`).

    Args:
        folder: where to write.
        module: the trained model.
        settings: what `own.make` needs to make it again; `labels`, the names of the classes; of one's own model
            `plugin`, the digest of its code.
        scaling: per modality, what its features were standardised with.
        scored: splits, each with its probabilities (n, classes).
    """
    tensors = {f"model.{name}": value.cpu().contiguous() for name, value in module.state_dict().items()}
    for name, values in scaling.items():
        tensors |= {f"scaling.{name}.mean": values.mean, f"scaling.{name}.std": values.std}
    save_file(tensors, folder / WEIGHTS)
    (folder / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    (folder / PROBABILITIES).write_text(_table(settings["labels"], scored), encoding="utf-8")


def load(folder: Path) -> Classifier:
    """Read what `save` wrote, e.g. to models/fusion.

    Raises:
        EmotionError: a file is missing, damaged, of another version of the program, or of a size that no model has, or
            one's own model is no longer in plugins/; the line names the file and the stage to run.
    """
    settings = read_object(folder / SETTINGS, remedy=REMEDY)
    _check(settings, folder / SETTINGS)
    if plugins.is_name(settings["model"]):  # only this project's plugins/ is ever run
        plugins.check_code(
            settings["model"], settings.get("plugin"), source=folder / SETTINGS, done="trained", remedy=REMEDY
        )
    path = folder / WEIGHTS
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise EmotionError(f"{path}: larger than {_MOST_BYTES >> 30} GiB, expected a fusion model; {REMEDY}")
        tensors = load_file(path)
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; {REMEDY}") from None
    except OSError as error:
        raise cannot("be read", path, error) from None
    except (SafetensorError, ValueError, KeyError) as error:
        raise EmotionError(f"{path}: no safetensors file ({shortened(str(error))}); {REMEDY}") from None
    odd = [name for name, value in tensors.items() if value.is_floating_point() and not value.isfinite().all()]
    if odd:
        raise EmotionError(f"{path}: {quoted(odd[0])} holds values that are not finite; {REMEDY}")
    module = _module(settings, {name: value for name, value in tensors.items() if name.startswith("model.")}, path)
    return Classifier(module, settings, _scaling(tensors, settings, path))


def _check(settings: Mapping[str, Any], path: Path) -> None:
    """Raise where the settings are no model's, before anything is made of their sizes."""

    def wrong(key: str, expected: str) -> EmotionError:
        found = quoted(settings[key], most=60) if key in settings else "missing"
        return EmotionError(f"{path}: {key} is {found}, expected {expected}; {REMEDY}")

    model = settings.get("model")
    if not isinstance(model, str) or (model not in registry.NAMES and not plugins.is_name(model)):
        raise wrong("model", f"one of {', '.join(registry.NAMES)}, or plugins/FILE.py:CLASS")
    dims, labels, words = (settings.get(key) for key in ("dims", "labels", "words"))
    if not isinstance(dims, dict) or not dims or not all(_whole(d, _MOST_DIMS) for d in dims.values()):
        raise wrong("dims", "the number of features of each modality")
    if not labels or not _names(labels, _MOST_CLASSES) or len(set(labels)) < len(labels):
        raise wrong("labels", "the names of the classes")
    if not _names(words, len(dims)) or not set(words or ()) <= set(dims):
        raise wrong("words", "modalities among those of dims")
    for key, most in _MOST.items():
        if not _whole(settings.get(key), most):
            raise wrong(key, f"a whole number from 1 to {most}")
    dropout = settings.get("dropout")
    if not isinstance(dropout, int | float) or isinstance(dropout, bool) or not 0 <= dropout < 1:
        raise wrong("dropout", "a number from 0 to below 1")
    for key in registry.PARTS:
        if not isinstance(settings.get(key), bool):
            raise wrong(key, "true or false")
    for key in ("history", "future"):
        value = settings.get(key)
        if value != "all" and value != 0 and not _whole(value, 100_000):
            raise wrong(key, "a whole number, or all")


def _whole(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _names(value: object, most: int) -> bool:
    return isinstance(value, list) and len(value) <= most and all(isinstance(name, str) for name in value)


def _module(settings: Mapping[str, Any], tensors: Mapping[str, Tensor], path: Path) -> nn.Module:
    """The model with its weights; it is shaped without memory first, so that no number in the file can take it all."""
    keys = ("dims", "hidden", "heads", "dropout", *registry.PARTS, "words", "members")
    sizes = {key: settings[key] for key in keys}
    try:
        with torch.device("meta"):
            module = own.make(settings["model"], classes=len(settings["labels"]), **sizes)
    except (ValueError, RuntimeError) as error:
        raise EmotionError(f"{path.with_name(SETTINGS)}: {shortened(str(error))}; {REMEDY}") from None
    found = {name.removeprefix("model."): value for name, value in tensors.items()}
    wanted = {name: (tuple(value.shape), value.dtype) for name, value in module.state_dict().items()}
    for name in sorted({*wanted, *found}):
        if name not in wanted or name not in found:
            what = "is missing" if name in wanted else f"is of no {settings['model']} with these settings"
            raise EmotionError(f"{path}: {quoted(name)} {what} (damaged, or of another version); {REMEDY}")
        here = (tuple(found[name].shape), found[name].dtype)
        if here != wanted[name]:
            raise EmotionError(f"{path}: {quoted(name)} is {here}, expected {wanted[name]}; {REMEDY}")
    module = own.make(settings["model"], classes=len(settings["labels"]), **sizes)  # its file is as large
    module.load_state_dict(found)
    return module.eval()


def _scaling(tensors: Mapping[str, Tensor], settings: Mapping[str, Any], path: Path) -> dict[str, Scaling]:
    names = [*settings["dims"], *(f"{name}/words" for name in settings["words"])]
    found = {}
    for name in names:
        d = settings["dims"][name.removesuffix("/words")]
        parts = [tensors.get(f"scaling.{name}.{part}") for part in ("mean", "std")]
        mean, std = parts
        if mean is None or std is None or any(x.shape != (d,) or x.dtype != torch.float32 for x in (mean, std)):
            raise EmotionError(f"{path}: no scaling of {quoted(name)} with {d} features; {REMEDY}")
        if not (std > 0).all():
            raise EmotionError(f"{path}: the scaling of {quoted(name)} has a deviation that is not > 0; {REMEDY}")
        found[name] = Scaling(mean, std)
    return found


def _table(labels: Sequence[str], scored: Scored) -> str:
    """One row per utterance, six decimals."""
    rows = [
        [row.utterance, row.dialogue, row.split, *(f"{value:.6f}" for value in values)]
        for sequences, probabilities in scored
        for row, values in zip(sequences.utterances, probabilities.tolist(), strict=True)
    ]
    return csv_text(["utterance", "dialogue", "split", *labels], rows)
