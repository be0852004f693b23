"""Audio encoders by name: a new one from its settings, or the fitted one of a folder."""

from pathlib import Path

from emotion.encoders.audio import AudioEncoder
from emotion.encoders.base import load_one_of
from emotion.encoders.pretrained import read_config, read_extractor
from emotion.encoders.pretrained_audio import PretrainedAudio

AudioKinds = AudioEncoder | PretrainedAudio


def new_encoder(
    *,
    encoder: str,
    rate: int,
    front: str = "waveform",
    layers: str | int = "last",
    pooling: str = "mean",
    tune: bool = False,
    dim: int = 0,
) -> AudioKinds:
    """An encoder yet to be fitted; its `rate` is that of the waveforms it takes, Hz.

    Args:
        encoder: `paper`, or the name or folder of a checkpoint; for the others see `PretrainedAudio`.
        rate: Hz, of `paper`; a checkpoint has its own.
        front: waveform | logmel, of `paper`.
        layers: of a checkpoint.
        pooling: of a checkpoint.
        tune: of a checkpoint.
        dim: size of the vector; 0 = 128 of `paper`, the checkpoint's own width.

    Raises:
        EmotionError: the checkpoint's configuration cannot be read or used.
    """
    if encoder == "paper":
        return AudioEncoder(rate=rate, front=front, dim=dim or 128)
    read_config(encoder, "audio")
    rate = int(read_extractor(encoder).sampling_rate)
    return PretrainedAudio(encoder=encoder, rate=rate, layers=layers, pooling=pooling, tune=tune, dim=dim)


def load_encoder(folder: Path) -> AudioKinds:
    """The fitted encoder of a folder, of whatever kind; see `Encoder.load`."""
    return load_one_of([AudioEncoder, PretrainedAudio], folder)
