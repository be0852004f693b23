"""Fusion models by name: those of the registry, and one's own in `plugins/`, which are tried out before they train.

What a model of one's own must look like is written in plugins/README.md.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.fusion.models import building, registry
from emotion.fusion.models.rng import seeded

FORWARD = ("features", "present", "speakers", "mask")
_PROTOCOL = "see plugins/README.md"


def entry(name: str) -> registry.Entry:
    """What is known of a model of the registry, or `plugins/FILE.py:CLASS`.

    Raises:
        EmotionError: there is no such model, or it is none: the line says what is missing.
    """
    if name in registry.MODELS:
        return registry.MODELS[name]
    if not plugins.is_name(name):
        known = ", ".join(registry.NAMES)
        raise EmotionError(f"model is {name!r}, expected one of: {known}, or plugins/FILE.py:CLASS")
    made = plugins.load(name)
    if not isinstance(made, type) or not issubclass(made, nn.Module):
        raise EmotionError(f"{name} is {type(made).__name__}, expected a class below torch.nn.Module; {_PROTOCOL}")
    options = ("classes", *registry.SIZES, *registry.PARTS, "words")
    takes = plugins.check_arguments(name, made, ["dims"], options)
    plugins.check_arguments(f"{name}.forward", made.forward, ["self", *FORWARD], ())
    sizes, parts = (tuple(key for key in keys if key in takes) for keys in (registry.SIZES, registry.PARTS))
    source = str(getattr(made, "source", "one's own"))
    return registry.Entry(name, source, sizes, parts, words="words" in takes)


def make(name: str, **options: Any) -> nn.Module:  # noqa: ANN401
    """Make a model with the options of `building.build`, whose ValueError passes; EmotionError where a plugin fails."""
    if name in registry.MODELS:
        return building.build(name, **options)
    known = entry(name)
    with plugins.running(name, "cannot be made", passes=(ValueError,)):  # what does not fit together
        return building.build(name, entry=known, **options)


def check_frames(name: str, modalities: Sequence[str], words: Sequence[str]) -> None:
    """Raise EmotionError where a model needs word-level or frame-level features, and no modality has them."""
    if entry(name).frames and not words:
        levels = ", ".join(f"{key}.level: {'word' if key == 'text' else 'frame'}" for key in modalities)
        raise EmotionError(
            f"model is {name}, which reads words and frames, but the caches hold one vector per utterance; set "
            f"{levels} in params.yaml and fit and extract again (dvc repro), or choose another model"
        )


def build(name: str, *, dims: Mapping[str, int], classes: int, **options: Any) -> nn.Module:  # noqa: ANN401
    """As `make`; a plugin is given two sequences first: EmotionError where it gives something else than expected."""
    module = make(name, dims=dims, classes=classes, **options)
    if name not in registry.MODELS:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            _try_out(name, module, dims=dims, classes=classes)
    return module


def _try_out(name: str, module: nn.Module, *, dims: Mapping[str, int], classes: int) -> None:
    """See that shapes are right, padding does not matter, there is something to train and draws can be repeated."""
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise EmotionError(f"{name} has no parameters that could be trained; {_PROTOCOL}")
    batch = _batch(dims, words=getattr(module, "words", ()))
    trial = copy.deepcopy(module).eval()
    with plugins.running(name, "cannot prepare"):
        building.prepare(trial, {key: batch[0][key][batch[-1]] for key in dims}, batch[1][batch[-1]])
    found, alone = _run(name, trial, batch), _run(name, trial, [_second(part) for part in batch])
    if not isinstance(found, Tensor) or found.shape != (2, 3, classes):
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise EmotionError(
            f"{name}.forward gives {shape} for 2 sequences of 3 utterances and {classes} classes, "
            f"expected logits {(2, 3, classes)}; {_PROTOCOL}"
        )
    if not found.isfinite().all():
        raise EmotionError(f"{name}.forward gives logits that are no numbers (NaN or infinite), expected finite ones")
    if not torch.allclose(found[1, :2], alone[0], rtol=1e-3, atol=1e-4):
        raise EmotionError(
            f"{name}.forward gives an utterance other logits where the sequence is padded than where it is not; "
            f"expected that it looks only where mask is True; {_PROTOCOL}"
        )
    trial.train()
    _try_loss(name, trial, batch, classes)
    if any(isinstance(part, nn.RNNBase) for part in trial.modules()) and _draws(name, trial, batch):
        raise EmotionError(
            f"{name} has a recurrent layer, so two threads train it, and it draws from torch's own generator, which "
            "they would share (nn.Dropout?); use Dropout of emotion.fusion.models.layers"
        )


def _try_loss(name: str, module: nn.Module, batch: list[Any], classes: int) -> None:
    """See that what the module gives while training can be scored, by its own `loss` where it has one."""
    found = _run(name, module, batch)
    own_loss = hasattr(module, "loss")
    shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
    if not isinstance(found, Tensor) or shape[-3:] != (2, 3, classes) or (found.ndim > 3 and not own_loss):
        expected = f"(..., 2, 3, {classes})" if own_loss else f"(2, 3, {classes}), or a method `loss`"
        raise EmotionError(f"{name}.forward gives {shape} while training, expected {expected}; {_PROTOCOL}")
    if not own_loss:
        return
    places = batch[-1]
    labels = torch.zeros(int(places.sum()), dtype=torch.long)
    with plugins.running(name, "cannot compute its loss"):
        total = building.loss_of(
            module,
            found[..., places, :],
            lambda logits: nn.functional.cross_entropy(logits, labels, reduction="sum"),
        )
    if not isinstance(total, Tensor) or total.ndim or not total.isfinite():
        found_instead = tuple(total.shape) if isinstance(total, Tensor) and total.ndim else total
        raise EmotionError(f"{name}.loss gives {found_instead}, expected one finite number; {_PROTOCOL}")


def _draws(name: str, module: nn.Module, batch: list[Any]) -> bool:
    """Whether the same seed of ours gives other numbers with another state of torch's generator."""
    found = []
    for state in (1, 2):
        torch.manual_seed(state)
        with seeded(0, torch.device("cpu")):
            found.append(_run(name, module, batch))
    return not torch.equal(*found)


def _batch(dims: Mapping[str, int], *, words: Any) -> list[Any]:  # noqa: ANN401
    """Arguments of `forward`: two sequences of 3 and 2 utterances; an utterance lacks the last modality."""
    rng = torch.Generator().manual_seed(0)
    mask = torch.tensor([[True, True, True], [True, True, False]])
    features = {key: torch.randn(2, 3, d, generator=rng) * mask[..., None] for key, d in dims.items()}
    for key in words:
        features[f"{key}/words"] = torch.randn(2, 3, 2, dims[key], generator=rng) * mask[..., None, None]
        features[f"{key}/count"] = 2 * mask.long()
    present = mask[..., None].repeat(1, 1, len(dims))
    present[0, 1, -1] = len(dims) == 1
    return [features, present, torch.tensor([[0, 1, 0], [1, 0, 0]]), mask]


def _second(part: Any) -> Any:  # noqa: ANN401
    """The second sequence alone, without its padding."""
    return {key: value[1:, :2] for key, value in part.items()} if isinstance(part, dict) else part[1:, :2]


def _run(name: str, module: nn.Module, batch: list[Any]) -> Any:  # noqa: ANN401
    with plugins.running(name, "cannot classify a batch"):
        return module(*batch)
