"""A job that needs no media: numbers per row, some missing, and a log of what was computed."""

import contextlib
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Utterance
from emotion.extraction.engine import Item, run
from emotion.extraction.executors import run_local
from emotion.store.writer import CacheWriter

ROWS = tuple(Utterance(f"u{i:03}", "d", i, "S", 0.0, 1.0, "", "train", "", "a.wav", "", "left") for i in range(60))
SHARDS = [list(range(start, 60, 12)) for start in range(12)]  # five rows each, spread over the index


@dataclass
class Numbers:
    """Three values per row that only depend on it; every tenth is missing; writes down what it does.

    With `hold` it waits for ever once so many are written down.
    """

    log: Path | None = None
    pause: float = 0.0
    hold: int = 0
    fails: str = ""
    what: str = "numbers"
    device: str = "cpu"

    def __call__(self, rows):
        if self.fails == "exit":
            os._exit(9)
        if self.fails and any(row.utterance == self.fails for row in rows):
            raise EmotionError("planted failure")
        time.sleep(self.pause)
        while self.hold and self.log.exists() and len(self.log.read_text().split()) >= self.hold:
            time.sleep(0.01)
        items = [(place, self.item(row)) for place, row in enumerate(rows)]
        if self.log:
            with self.log.open("a") as file:
                file.write("".join(f"{row.utterance}\n" for row in rows))
        return items

    def item(self, row):
        if row.turn % 10 == 3:
            return Item(None, "no number: planted")
        return Item(
            np.random.default_rng(row.turn).random((1 + row.turn % 3, 3), dtype=np.float32), "", {"n": row.turn}
        )

    def one_thread(self):
        if self.fails == "start":
            raise FileNotFoundError("planted folder")
        return contextlib.nullcontext()


def numbers(folder, job=None, *, workers=1, execute=None, on_error="skip", max_missing=0.5):
    writer = CacheWriter(
        folder / "numbers.h5",
        ids=[row.utterance for row in ROWS],
        shape=(3,),
        dtype="float32",
        attributes={"modality": "numbers"},
        scratch=folder / "scratch",
    )
    execute = execute or partial(run_local, workers=workers)
    run(writer, ROWS, job or Numbers(), SHARDS, execute=execute, on_error=on_error, max_missing=max_missing)
    return (folder / "numbers.h5").read_bytes()
