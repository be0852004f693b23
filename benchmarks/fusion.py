"""`python -m benchmarks.fusion`: how fast the fusion model trains, into benchmarks/results.json.

On random features of IEMOCAP's size (108 dialogues, 5163 utterances, 439 features). One run measures, in turns, an
epoch of ours (forward, loss, backward, Adam, validation) and an epoch of a bare loop over `nn.LSTM` (the same dialogues
in as large batches; one linear layer, no attention, no validation), so that both see the same machine. The loop comes
twice: over packed sequences, which is what ours computes, and over padded ones, where the backward direction reads the
padding first. It runs in a process of its own, with torch's usual threads: as many as there are cores, which spin
before they sleep. Ours has two that take one part of a batch after the other, and sleep. All 60 epochs are run after
every turn; what else the machine does can only add to their time, so the fastest stands beside the median.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from statistics import median

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks.record import record
from emotion.corpus.utterance import Utterance
from emotion.fusion import train
from emotion.fusion.sequences import Scaling, Sequences
from emotion.fusion.settings import TrainSettings
from emotion.training.device import device

DIMS, CLASSES, HIDDEN, BATCH, EPOCHS, ROUNDS = {"audio": 55, "text": 384}, 6, 128, 32, 60, 5
PAPER = {"hidden": HIDDEN, "heads": 4, "dropout": 0.3, "lr": 3e-4, "weight_decay": 5e-5, "batch": BATCH}


def dialogues(count: int, utterances: int, *, seed: int, dims: Mapping[str, int] = DIMS) -> Sequences:
    """Random features and labels; lengths spread like IEMOCAP's, 8 to 110 utterances."""
    rng = np.random.default_rng(seed)
    lengths = rng.gamma(6.0, 8.0, size=count).clip(8, 110)
    lengths = np.floor(lengths * utterances / lengths.sum()).clip(1).astype(int)
    lengths[: utterances - lengths.sum()] += 1
    windows = torch.full((count, int(lengths.max())), -1)
    for line, first, length in zip(windows, lengths.cumsum() - lengths, lengths, strict=True):
        line[:length] = torch.arange(first, first + length)
    row = Utterance("u", "d", 0, "s", 0.0, 1.0, "", "train", "", "", "", "full")
    return Sequences(
        utterances=(row,) * utterances,
        features={
            name: torch.from_numpy(rng.normal(size=(utterances, d)).astype(np.float32)) for name, d in dims.items()
        },
        present=torch.ones(utterances, len(dims), dtype=torch.bool),
        speakers=torch.from_numpy(rng.integers(0, 2, utterances)),
        labels=torch.from_numpy(rng.integers(0, CLASSES, utterances)),
        windows=windows,
        target=windows >= 0,
        lengths=(windows >= 0).sum(1),
        scaling={name: Scaling(torch.zeros(d), torch.ones(d)) for name, d in dims.items()},
    )


def bare_epoch(train: Sequences, *, packed: bool) -> Callable[[], None]:
    """A loop over `nn.LSTM` as one would write it first."""
    where = device()
    values = torch.cat(list(train.features.values()), dim=1).to(where)
    lstm = nn.LSTM(values.shape[1], HIDDEN, batch_first=True, bidirectional=True).to(where)
    linear = nn.Linear(2 * HIDDEN, CLASSES).to(where)
    optimiser = torch.optim.Adam([*lstm.parameters(), *linear.parameters()], lr=3e-4, weight_decay=5e-5)
    labels, windows = train.labels.to(where), train.windows.to(where)

    def states(rows: Tensor, lengths: Tensor) -> Tensor:
        x = values[rows.clamp(min=0)]
        if not packed:
            return lstm(x)[0]
        found, _ = lstm(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        return pad_packed_sequence(found, batch_first=True)[0]

    def epoch() -> None:
        for which in torch.randperm(len(train)).split(BATCH):
            lengths = train.lengths[which]
            rows = windows[which.to(where), : int(lengths.max())]
            optimiser.zero_grad(set_to_none=True)
            logits, real = linear(states(rows, lengths)), rows >= 0
            nn.functional.cross_entropy(logits[real], labels[rows[real]]).backward()
            optimiser.step()

    return epoch


def seconds(work: Callable[[], object]) -> float:
    """Wall time; on a GPU, until its work is done."""
    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def serve_bare(end: Connection, train: Sequences) -> None:
    """Time an epoch of the bare loop, packed and padded, whenever asked to; ends when asked for nothing more."""
    loops = [bare_epoch(train, packed=packed) for packed in (True, False)]
    for loop in loops:
        loop()
    while end.recv():
        end.send([seconds(loop) for loop in loops])


def ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """Median over the turns."""
    return round(median(a / b for a, b in zip(one, other, strict=True)), 2)


def main() -> None:
    """Measure in turns, print the table, write the JSON."""
    splits = {"train": dialogues(108, 5163, seed=0), "validation": dialogues(12, 647, seed=1)}

    def fit(epochs: int) -> None:
        train.fit(splits, classes=CLASSES, settings=TrainSettings(epochs=epochs, **PAPER))

    end, other = multiprocessing.Pipe()
    os.environ["GOMP_SPINCOUNT"] = "300000"  # the usual; read when a process starts, so not by this one any more
    child = multiprocessing.get_context("spawn").Process(target=serve_bare, args=(other, splits["train"]), daemon=True)
    child.start()
    other.close()
    fit(1)
    ours, packed, padded, whole = [], [], [], []
    for _ in range(ROUNDS):
        ours.append(seconds(lambda: fit(4)) / 4)
        end.send(True)
        times = end.recv()
        packed.append(times[0])
        padded.append(times[1])
        whole.append(seconds(lambda: fit(EPOCHS)))
    end.send(False)
    child.join()
    found = {
        "utterances": 5163,
        "features": sum(DIMS.values()),
        "epochs": EPOCHS,
        "seconds": round(median(whole), 1),
        "fastest_seconds": round(min(whole), 1),
        "runs": len(whole),
        "seconds_per_epoch": round(median(ours), 3),
        "seconds_per_epoch_packed_lstm": round(median(packed), 3),
        "seconds_per_epoch_padded_lstm": round(median(padded), 3),
        "ratio_to_packed_lstm": ratio(ours, packed),
        "ratio_to_padded_lstm": ratio(ours, padded),
        "times_faster_than_20_s_per_epoch": round(20 * EPOCHS / median(whole)),
    }
    record("fusion_gpu" if torch.cuda.is_available() else "fusion", found)
    table = Table("measured", "value")
    for name, value in found.items():
        table.add_row(name.replace("_", " "), str(value))
    Console().print(table)
    Console().print("written to benchmarks/results.json")


if __name__ == "__main__":
    main()
