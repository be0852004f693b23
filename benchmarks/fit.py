"""Time of fitting each of the paper's encoders, into benchmarks/results.json.

`python -m benchmarks.fit` runs the fit stages one after the other on the data of the last `dvc repro`; where there is a
GPU, also one epoch over a simulated corpus of 5,000 utterances.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.record import RESULTS, record
from benchmarks.workspace import ROOT, Workspace
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.base import Encoder
from emotion.encoders.face import FaceEncoder
from emotion.encoders.fit import Classifier, fit
from emotion.encoders.settings import Fit
from emotion.encoders.text import TextEncoder
from emotion.training import device

LIMITS = {"audio": 60, "face": 90, "text": 60}  # s, two cores
UTTERANCES = 5000
SECONDS = 4.5  # mean length of an utterance
WORDS = 12


def stage_times() -> dict[str, dict[str, Any]]:
    """Seconds of each fit stage, from the start of its process to its end."""
    rows = {}
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Workspace(Path(temporary) / "work", environment={})
        for modality, limit in LIMITS.items():
            start = time.monotonic()
            report = workspace.step(modality, [f"fit_{modality}"], f"metrics/{modality}_encoder.json")
            seconds = round(time.monotonic() - start, 1)
            used = report["utterances"]["train"]["used"]
            rows[modality] = {
                "seconds": seconds,
                "limit": limit,
                "epochs": len(report.get("curve", ())),
                "utterances": used,
            }
    return rows


def simulated(count: int, *, seed: int = 0) -> dict[str, tuple[Callable[[], Encoder], list[Any]]]:
    """Per modality a new encoder and inputs of a corpus's usual size."""
    rng = np.random.default_rng(seed)
    lengths = (16000 * rng.gamma(2.0, SECONDS / 2, count).clip(0.5, 30)).astype(int)
    noise = rng.normal(0, 0.1, lengths.max()).astype(np.float32)
    waves = [noise[:length] for length in lengths]
    clips = [rng.integers(0, 256, (16, 48, 48), dtype=np.uint8) for _ in range(count)]
    words = ["".join(letters) for letters in rng.choice(list("abcdefgh"), (500, 5))]
    texts = [" ".join(rng.choice(words, rng.poisson(WORDS) + 1)) for _ in range(count)]
    return {"audio": (AudioEncoder, waves), "face": (FaceEncoder, clips), "text": (TextEncoder, texts)}


def epoch_times(count: int) -> dict[str, float]:
    """Seconds of the second of two epochs, when everything has been compiled and allocated, with a small validation."""
    rows = {}
    for modality, (new, inputs) in simulated(count).items():
        device.seed_everything(1)
        encoder = new()
        encoder.prepare(inputs)
        labels = [number % 6 for number in range(count)]
        begins: list[float] = []
        settings = Fit(epochs=2, batch=32)
        augment = encoder.augment

        def watched(batch: Any, generator: Any, *, augment: Any = augment, begins: Any = begins) -> Any:  # noqa: ANN401
            begins.append(time.monotonic())
            return augment(batch, generator)

        encoder.augment = watched  # type: ignore[method-assign]
        fit(Classifier(encoder, classes=6), (inputs, labels), (inputs[:32], labels[:32]), settings=settings)
        rows[modality] = round(time.monotonic() - begins[len(begins) // 2], 1)
    return rows


def main() -> None:
    """Measure, print the table, write the JSON."""
    if not (ROOT / "data" / "faces.h5").exists():
        sys.exit("data/faces.h5 is missing: run `make repro` first")
    found: dict[str, Any] = {"stages": stage_times()}
    if torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
        found["epoch_of_5000_utterances"] = epoch_times(UTTERANCES)
    record("fit", found)
    table = Table("encoder", "seconds", "limit", "epochs", "GPU: s per epoch of 5000")
    for name, row in found["stages"].items():
        epoch = found.get("epoch_of_5000_utterances", {}).get(name, "-")
        table.add_row(name, *(str(row[key]) for key in ("seconds", "limit", "epochs")), str(epoch))
    Console().print(table)
    Console().print(f"written to {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
