"""How long fitting and extracting for one fold will take, from a small sample of the same steps."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from emotion.core import environment, logs
from emotion.core.errors import MediaError
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.base import Encoder
from emotion.encoders.fit import Classifier, fit, predict
from emotion.encoders.for_audio import make_audio
from emotion.encoders.for_face import make_face
from emotion.encoders.for_text import make_text
from emotion.encoders.settings import Pretrained
from emotion.training.device import device, seed_everything

Made = tuple[Encoder, Callable[[Utterance], Any]]
_MAKE: dict[str, Callable[..., Made]] = {"audio": make_audio, "face": make_face, "text": make_text}
_SAMPLE = 32  # utterances
_FEW = 4  # utterances that warm up, and that are validated on


@dataclass(frozen=True)
class How:
    """What an encoder is made and fitted with.

    Attributes:
        modality: of the encoder.
        settings: its section of params.yaml.
        media: the other arguments of `make_audio` and its like.
        folds: see `fit_encoder`.
    """

    modality: str
    settings: Pretrained
    media: dict[str, Any]
    folds: int


def made(how: How, index: Index) -> Made:
    """A new encoder, and what reads an utterance's input for it."""
    return _MAKE[how.modality](index, how.settings, **how.media)


def time_of(how: How, index: Index) -> float:
    """Seconds that one fold takes, about: reading, all epochs of fitting, and extraction.

    Args:
        how: the encoder.
        index: of a fold.
    """
    counts = [sum(row.split == split for row in index.utterances) for split in ("train", "validation")]
    encoder, read = made(how, index)
    inputs, labels, reading = _sample(index, read)
    if not inputs:
        return 1.0  # fitting will say what is wrong
    with logs.quiet():
        seed_everything(how.settings.seed)
        encoder.prepare(inputs)
        step, forward = _measure(encoder, inputs, labels, how.settings, classes=len(index.labels))
    epoch = counts[0] * step + counts[1] * forward
    fitting = sum(counts) * reading + float(how.settings.epochs * how.folds) * epoch
    starting = time.process_time()  # of a worker of the extraction: about what starting this process has taken
    return fitting + starting + len(index.utterances) * (reading + forward) / environment.workers()


def _sample(index: Index, read: Callable[[Utterance], Any]) -> tuple[list[Any], list[int], float]:
    """Inputs and labels spread over the training split, and seconds to read one."""
    rows = [row for row in index.utterances if row.split == "train"]
    chosen = rows[:: max(1, len(rows) // _SAMPLE)][:_SAMPLE]
    inputs, labels, start = [], [], time.monotonic()
    for row in chosen:
        try:
            inputs.append(read(row))
        except MediaError:
            continue
        labels.append(index.labels.index(row.label))
    return inputs, labels, (time.monotonic() - start) / len(chosen)


def _measure(
    encoder: Encoder, inputs: Sequence[Any], labels: Sequence[int], settings: Pretrained, *, classes: int
) -> tuple[float, float]:
    """Seconds of one utterance in a step of fitting, and in the forward pass alone."""
    once = settings.model_copy(update={"epochs": 1, "patience": 0})
    few = (inputs[:_FEW], labels[:_FEW])
    module = Classifier(encoder, classes=classes)
    fit(module, few, few, settings=once)  # the first steps are slow
    start = time.monotonic()
    fit(module, (inputs, labels), few, settings=once)
    step = (time.monotonic() - start) / len(inputs)
    module.to(device()).eval()
    start = time.monotonic()
    predict(module, encoder, inputs, batch=settings.batch)
    return step, (time.monotonic() - start) / len(inputs)


def spoken(seconds: float) -> str:
    """A length of time in words."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
