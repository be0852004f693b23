"""What a trained model says of every utterance of a split."""

from concurrent.futures import Executor
from functools import partial

import torch
from torch import Tensor, nn

from emotion.fusion.sequences import Sequences
from emotion.fusion.threads import share

EVALUATION_BATCH = 256  # sequences; the result does not depend on it


def predict(module: nn.Module, sequences: Sequences, *, helper: Executor | None = None) -> Tensor:
    """Logits of every utterance, (n, classes) in the order of the split's rows, on the device of the module.

    The module is in eval mode; a helper takes some of the sequences, see `threads.threads`.
    """
    weight = next(module.parameters())
    sequences = sequences.to(weight.device)
    if len(sequences) == 0:
        return weight.new_zeros(0, 0)
    chunks = torch.split(torch.arange(len(sequences)), EVALUATION_BATCH)
    groups = [group for which in chunks for group in sequences.groups(which)]
    found = share([partial(_scores, module, sequences, group) for group in groups], helper)
    logits = torch.cat([values for values, _ in found])
    out: Tensor = torch.empty_like(logits)
    out[torch.cat([rows for _, rows in found])] = logits
    return out


@torch.no_grad()
def _scores(module: nn.Module, sequences: Sequences, which: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (t, classes) and rows (t,) of the sequences' targets."""
    batch = sequences.batch(which, words=getattr(module, "words", ()))
    logits = module(batch.features, batch.present, batch.speakers, batch.mask)
    return logits[batch.target], batch.rows[batch.target]


def probabilities(module: nn.Module, sequences: Sequences) -> Tensor:
    """Softmax of `predict` in double precision on the CPU, (n, classes)."""
    return torch.softmax(predict(module, sequences).double(), dim=1).cpu()
