"""The training curve, and which of its epochs is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the training curve; epochs count from 1."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_weighted_f1: float


def best_epoch(history: Iterable[Epoch]) -> Epoch:
    """The epoch with the best validation weighted F1; ties go to the lower validation loss, then to the earlier."""
    return min(history, key=lambda line: (-line.validation_weighted_f1, line.validation_loss, line.epoch))


def curve_csv(history: Sequence[Epoch]) -> str:
    """The training curve as a CSV table with a header, values to six decimals."""
    names = list(asdict(history[0]))
    rows = ([str(line.epoch), *(f"{value:.6f}" for value in list(asdict(line).values())[1:])] for line in history)
    return "\n".join(",".join(row) for row in [names, *rows]) + "\n"
