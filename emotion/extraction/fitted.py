"""What a fitted encoder is, and what it knows, before it is used."""

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from emotion.encoders.base import Encoder
from emotion.store.trained import Training, check_folder


def training_of(folder: Path, modality: str) -> Training:
    """Which utterances the encoder of a folder knows.

    Args:
        folder: e.g. models/encoders/audio.
        modality: of the encoder.

    Raises:
        EmotionError: the folder is missing, damaged or of an earlier version.
    """
    return check_folder(folder, remedy=f"fit the {modality} encoder again: dvc repro -s fit@{modality}")


def checkpoint_hash(encoders: Sequence[Encoder]) -> str:
    """Sha256 over the weights, in the order of their names, and over whatever else the encoders save (tokenizer)."""
    digest = hashlib.sha256()
    for encoder in encoders:
        for name, value in sorted(encoder.state_dict().items()):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        with tempfile.TemporaryDirectory() as name:
            encoder.save_extra(Path(name))
            for path in sorted(Path(name).rglob("*")):
                if path.is_file():
                    digest.update(f"{path.relative_to(name).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()
