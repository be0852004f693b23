"""Gradients of a batch that comes in parts: two threads take one part after the other, forwards and backwards.

this thread   part 1 ---------------- | part 4 ------
helper        part 2 ----------- | part 3 --------
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn

from emotion.training.device import one_thread

T = TypeVar("T")


@contextmanager
def threads(module: nn.Module) -> Iterator[Executor | None]:
    """A second thread while a recurrent network works on the CPU; None for others and where torch has only one.

    Two threads that work on different parts need little more than half as long as one; see `device.one_thread` for why
    they do not share an operation.
    """
    with one_thread(module) as before:
        if before == torch.get_num_threads() or next(module.parameters()).device.type != "cpu":
            yield None
        else:
            with ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,)) as helper:
                yield helper


def backward(module: nn.Module, parts: Sequence[Callable[[], Tensor]], helper: Executor | None = None) -> Tensor:
    """Set the gradients of a sum; same bits with and without a helper, which takes some of the parts.

    The parts compute scalars that add up to the loss, which is returned. Of several none may draw from torch's global
    generator. The `grad` of the module's parameters is replaced.
    """
    parameters = [value for value in module.parameters() if value.requires_grad]
    found = share([partial(_gradients, part, parameters) for part in parts], helper)
    for place, parameter in enumerate(parameters):
        known = [values[place] for _, values in found]
        parameter.grad = _sum([value for value in known if value is not None])
    return torch.stack([loss for loss, _ in found]).sum()


def share(work: Sequence[Callable[[], T]], helper: Executor | None) -> list[T]:
    """Do all of it; this thread and the helper each take the first piece that nobody has begun. Results in their order.

    Torch's gradient and autocast modes belong to a thread: a piece that needs others than the usual sets them itself.
    """
    if helper is None or len(work) < 2:
        return [piece() for piece in work]
    begun = [helper.submit(piece) for piece in work]
    try:
        own = {i: piece() for i, piece in enumerate(work) if begun[i].cancel()}
        return [own[i] if i in own else future.result() for i, future in enumerate(begun)]
    finally:
        for future in begun:
            future.cancel()


def _sum(values: Sequence[Tensor]) -> Tensor | None:
    """A tensor of its own: two parameters may have got the same one, and clipping changes gradients in place."""
    if not values:
        return None
    total = values[0].clone(memory_format=torch.contiguous_format)
    for value in values[1:]:
        total += value
    return total


def _gradients(part: Callable[[], Tensor], parameters: Sequence[Tensor]) -> tuple[Tensor, tuple[Tensor | None, ...]]:
    loss = part()
    return loss.detach(), torch.autograd.grad(loss, parameters, allow_unused=True)
