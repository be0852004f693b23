"""What can be known before a training begins: nobody should hear after hours that something was missing at once."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any, Final

import torch

from emotion.core import plugins
from emotion.core.errors import EmotionError, cannot
from emotion.corpus.index import check_root
from emotion.corpus.utterance import Index
from emotion.encoders import for_audio, for_face, for_text, heads
from emotion.fusion import own
from emotion.media.detectors import make_detector
from emotion.params import Params

_FROM_NOTHING: Final = ("paper", "scratch")  # encoders that need nothing that could be missing
_LEAST: Final = 200e6  # bytes for encoders, features and the model


def check_settings(params: Params, *, root: Path) -> None:
    """See that the corpus, the model, its encoders and the detector of faces are there and can be used.

    Checkpoints are loaded and tried out, as they are when they are fitted.

    Raises:
        EmotionError: one is not.
    """
    check_root(params.corpus, root)
    own.entry(params.model)
    modalities = params.modalities.split("+")
    if "face" in modalities:
        make_detector(params.face.detector, score=params.face.score)
    with torch.random.fork_rng(devices=[]):
        for modality in modalities:
            _check_encoder(params, modality)


def _check_encoder(params: Params, modality: str) -> None:
    settings: Any = getattr(params, modality)
    if settings.head:
        heads.check_unseen(settings.encoder, params.corpus, modality)
    if modality == "audio":
        made: Any = for_audio.new_encoder(settings)
    elif modality == "face":
        made = for_face.new_encoder(settings, size=settings.size, rgb=settings.colour == "rgb")
    else:
        made = for_text.new_encoder(settings)
    if settings.encoder not in _FROM_NOTHING and not plugins.is_name(settings.encoder):
        made.prepare([])


def check_space(folder: Path, *, index: Index | None = None, params: Params | None = None) -> None:
    """See that a folder can be written, and that its disk has room for what a training makes.

    Args:
        folder: on the disk; it need not exist.
        index: with its settings also for the face clips, which are the largest by far.
        params: the settings.

    Raises:
        EmotionError: it cannot, or has not.
    """
    needed, what = _LEAST, "encoders, features and the model"
    if index is not None and params is not None and "face" in params.modalities.split("+"):
        frame = params.face.size**2 * (3 if params.face.colour == "rgb" else 1)
        seconds = sum(min(row.end - row.start, params.max_seconds) for row in index.utterances if row.video)
        needed, what = needed + seconds * params.face.fps * frame, f"the face clips, {what}"
    there = next(place for place in (folder.resolve(), *folder.resolve().parents) if place.exists())
    if not there.is_dir():
        raise cannot("be written", folder, NotADirectoryError(errno.ENOTDIR, ""))
    if not os.access(there, os.W_OK):
        raise cannot("be written", folder, PermissionError(errno.EACCES, ""))
    free = shutil.disk_usage(there).free
    if free < needed:
        raise EmotionError(
            f"{folder}: {free / 1e6:.0f} MB are free on its disk, but up to {needed / 1e6:.0f} MB are needed for "
            f"{what}; free some space there, or choose another place"
        )
