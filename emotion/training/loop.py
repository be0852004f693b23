"""The one training loop, for encoders and fusion models alike.

Adam with L2 weight decay as in the paper; the epoch with the best validation score is kept, ties go to the lower
validation loss. A run that was killed continues from its last complete epoch and ends with the same bits as one that
was not.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.locks import using
from emotion.core.progress import track
from emotion.training.checkpoint import Run, resume, run_key, save
from emotion.training.curve import Epoch, best_epoch
from emotion.training.device import one_thread

B = TypeVar("B")


class Diverged(EmotionError):
    """The loss is not finite: a lower learning rate may help."""


def train(
    module: nn.Module,
    *,
    batches: Callable[[int], Iterable[B]],
    step: Callable[[nn.Module, B], Tensor],
    validate: Callable[[nn.Module], tuple[float, float]] | None,
    epochs: int,
    lr: float,
    weight_decay: float,
    patience: int = 0,
    clip: float = 0.0,
    averaging: float = 0.0,
    fused: bool = False,
    schedule: Callable[[int], float] | None = None,
    rates: Mapping[str, float] | None = None,
    checkpoint: Path | None = None,
    watch: Callable[[int, nn.Module], None] | None = None,
    title: str,
) -> list[Epoch]:
    """Train in place; the module ends in eval mode with the weights of its best epoch, or its last (`validate`).

    Args:
        module: what to train, already on its device.
        batches: epoch (from 1) -> batches; must depend on nothing but the epoch, or a continued run would differ.
        step: (module, batch) -> its mean loss, a scalar; sets the gradients of the parameters, e.g. with `backward`.
        validate: module -> (loss, score); called in eval mode without gradients. The score is the validation weighted
            F1. None = there is nothing to validate on: all epochs are trained, the last one is kept, and the curve has
            zeros there.
        epochs: how many at most.
        lr: Adam's learning rate.
        weight_decay: L2 penalty, added to the gradient (Adam, not AdamW, as in the paper).
        patience: stop after this many epochs without a better one; 0 = never.
        clip: largest gradient norm; 0 = no clipping.
        averaging: decay per step of a moving average of the weights, which is what is validated and kept; 0 = none.
        fused: one pass over the weights does a step of Adam, which rounds differently; small models train 4 % faster.
        schedule: epoch -> factor on `lr`; None = constant.
        rates: prefix of parameter names -> factor on `lr`, e.g. {"body.": 0.1}; the first match counts.
        checkpoint: file for continuing after a kill. The caller names it after its data, and removes it once the result
            is safe: until then the training is not repeated. One of other starting weights or settings is ignored.
        watch: called with (epoch, module) after each epoch's validation, in eval mode, without gradients, with the
            averaged weights where there are any; not called again for epochs that a checkpoint already holds.
        title: what the progress line says; '' = say nothing.

    Raises:
        Diverged: the loss is not finite.
        EmotionError: `epochs` is below 1.
    """
    if epochs < 1:
        raise EmotionError(f"{title}: epochs is {epochs}, expected at least 1")
    optimiser = torch.optim.Adam(_groups(module, lr, rates or {}), lr=lr, weight_decay=weight_decay, fused=fused)
    settings = {"epochs": epochs, "lr": lr, "weight_decay": weight_decay, "patience": patience}
    key = run_key(module, settings | {"clip": clip, "averaging": averaging, "rates": rates})
    average = None
    if averaging > 0:  # begun with the weights after the first step
        average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(averaging))  # type: ignore[no-untyped-call]
    run = resume(checkpoint, key, module, optimiser, average)
    kept = module if average is None else average.module
    start = len(run.history)
    left: Iterable[int] = range(start + 1, epochs + 1)
    if title and start:
        logs.info(f"{title}: goes on after epoch {start}, which {checkpoint} holds")
    if title:
        left = track(left, total=epochs, title=title, unit="epochs", done=start)
    with nullcontext() if checkpoint is None else using(checkpoint), one_thread(module):
        for epoch in left:
            if validate and patience and run.history and epoch - 1 - best_epoch(run.history).epoch >= patience:
                break
            factor = 1.0 if schedule is None else schedule(epoch)
            for group in optimiser.param_groups:
                group["lr"] = group["base_lr"] * factor
            train_loss = _one_epoch(module, optimiser, batches(epoch), step, clip, average)
            kept.eval()
            with torch.no_grad():
                validation_loss, score = validate(kept) if validate else (0.0, 0.0)
                if watch is not None:
                    watch(epoch, kept)
            _check_finite(train_loss, validation_loss, title=title, epoch=epoch, lr=lr)
            run.history.append(Epoch(epoch, train_loss, validation_loss, score))
            if validate is None or best_epoch(run.history).epoch == epoch:
                run.best_weights = {name: value.detach().clone() for name, value in kept.state_dict().items()}
            if checkpoint is not None:
                save(checkpoint, key, run, module, optimiser, average)
    return _finish(module, run, title, chosen=validate is not None)


def backward(loss: Tensor) -> Tensor:
    """Set the gradients of a loss, the usual step; returns it without its graph."""
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach()


def _groups(module: nn.Module, lr: float, rates: Mapping[str, float]) -> list[dict[str, Any]]:
    grouped: dict[float, list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        factor = next((rate for prefix, rate in rates.items() if name.startswith(prefix)), 1.0)
        if parameter.requires_grad and factor > 0:
            grouped.setdefault(factor, []).append(parameter)
    return [{"params": values, "lr": lr * factor, "base_lr": lr * factor} for factor, values in grouped.items()]


def _one_epoch(
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    batches: Iterable[B],
    step: Callable[[nn.Module, B], Tensor],
    clip: float,
    average: AveragedModel | None,
) -> float:
    """Mean of the batches' losses."""
    module.train()
    losses = []
    for batch in batches:
        optimiser.zero_grad(set_to_none=True)  # room for the forward pass
        losses.append(step(module, batch))
        if clip > 0:
            nn.utils.clip_grad_norm_(module.parameters(), clip)
        optimiser.step()
        if average is not None:
            average.update_parameters(module)
    return torch.stack(losses).mean().item() if losses else 0.0


def _check_finite(train_loss: float, validation_loss: float, *, title: str, epoch: int, lr: float) -> None:
    if not (math.isfinite(train_loss) and math.isfinite(validation_loss)):
        raise Diverged(
            f"{title}: the loss is not finite in epoch {epoch} (training {train_loss}, validation {validation_loss}); "
            f"lower the learning rate (now {lr:g}) or look for extreme values in the inputs"
        )


def _finish(module: nn.Module, run: Run, title: str, *, chosen: bool) -> list[Epoch]:
    best, count = best_epoch(run.history), len(run.history)
    module.load_state_dict(run.best_weights)
    module.eval()
    if title:
        score = f"best epoch {best.epoch} of {count}, validation weighted F1 {best.validation_weighted_f1:.3f}"
        logs.info(f"{title}: {score if chosen else f'all {count} epochs'}")
    return run.history
