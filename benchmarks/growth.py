"""A corpus of any size whose extraction is cheap, so that what the engine itself costs can be seen."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import torch

from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.base import Encoder
from emotion.extraction import executors
from emotion.extraction.features import extract_features, seconds
from emotion.media.audio import reader

_RATE = 16000  # Hz
_LENGTH = 60  # s of the file that all utterances share


def make_sound(path: Path) -> None:
    """A minute of noise."""
    soundfile.write(path, 0.1 * np.random.default_rng(0).normal(size=_LENGTH * _RATE).clip(-3, 3), _RATE)


def load() -> tuple[list[Encoder], Callable[[Utterance], int]]:
    """A small encoder with random weights."""
    torch.manual_seed(0)
    return [AudioEncoder(hidden=16, layers=1, filters=16)], only


def only(_: Utterance) -> int:
    """One encoder for all."""
    return 0


def run(folder: Path, size: int, *, media: Path) -> None:
    """Extract so many utterances of 0.5 to 2 s, in this process."""
    rng = np.random.default_rng(0)
    starts, lengths = rng.uniform(0, _LENGTH - 3, size).tolist(), rng.uniform(0.5, 2, size).tolist()
    rows = tuple(
        Utterance(f"u{turn}", "d", turn, "s", start, start + length, "", "train", "", "a.wav", "", "left")
        for turn, (start, length) in enumerate(zip(starts, lengths, strict=True))
    )
    extract_features(
        Index(rows, ("happy",), "generated", "digest"),
        load=load,
        open_media=partial(reader, media, rate=_RATE),
        length=seconds,
        per_batch=60,
        out=folder / "audio.h5",
        scratch=folder / "scratch",
        budget=4,
        max_missing=0.0,
        on_error="fail",
        execute=partial(executors.run_local, workers=1),
        device="cpu",
    )
