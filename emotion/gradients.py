"""Gradients of a batch that comes in parts: while one part runs forwards, those before it run backwards.

this thread   forwards 1 | forwards 2  | forwards 3  | forwards 4 | backwards 4
helper                   | backwards 1 | backwards 2      | backwards 3
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")


@contextmanager
def threads(module: nn.Module) -> Iterator[Executor | None]:
    """One thread forwards and one backwards while a recurrent network trains on the CPU.

    Its operations are so small that threads which share one wait for each other longer than they work, many times
    longer where other processes run too. Two threads that work on different parts need a third less time than one.

    Yields:
        The thread that runs backwards; None where torch has one thread only, on a GPU and for other networks.
    """
    before = torch.get_num_threads()
    if not any(isinstance(part, nn.RNNBase) for part in module.modules()):
        yield None
        return
    torch.set_num_threads(1)
    try:
        if before == 1 or next(module.parameters()).device.type != "cpu":
            yield None
        else:
            with ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,)) as helper:
                yield helper
    finally:
        torch.set_num_threads(before)


def backward(module: nn.Module, parts: Iterable[Tensor], helper: Executor | None = None) -> Tensor:
    """Set the gradients of a sum; same bits with and without a helper.

    Args:
        module: its parameters' `grad` is replaced.
        parts: scalars that add up to the loss; each is computed when it is its turn.
        helper: runs parts backwards meanwhile.

    Returns:
        The loss, a scalar.
    """
    parameters = [value for value in module.parameters() if value.requires_grad]
    losses, found = [], []
    for part in parts:
        losses.append(part.detach())
        found.append(_begin(partial(torch.autograd.grad, part, parameters, allow_unused=True), helper))
    gradients = [end() for end in reversed(found)]
    for place, parameter in enumerate(parameters):
        known = [values[place] for values in gradients if values[place] is not None]
        # A copy: two parameters may have got the same tensor, and clipping changes gradients in place.
        parameter.grad = sum(known[1:], start=known[0].clone(memory_format=torch.contiguous_format)) if known else None
    return torch.stack(losses).sum()


def _begin(work: Callable[[], T], helper: Executor | None) -> Callable[[], T]:
    """Start the work; returns what waits for its result. What the helper has not begun by then the caller does."""
    if helper is None:
        found = work()
        return lambda: found
    future = helper.submit(work)
    return lambda: work() if future.cancel() else future.result()
