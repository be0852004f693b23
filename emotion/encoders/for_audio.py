"""Audio encoders by name: a new one from its settings, or the fitted one of a folder."""

from pathlib import Path

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.encoders import own
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.checkpoint_files import REMEDY
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
        encoder: `paper`, the name or folder of a checkpoint, or `plugins/FILE.py:CLASS`; for the others see
            `PretrainedAudio`.
        rate: Hz, of `paper`; a checkpoint has its own.
        front: waveform | logmel, of `paper`.
        layers: of a checkpoint.
        pooling: of a checkpoint.
        tune: of a checkpoint.
        dim: size of the vector; 0 = 128 of `paper`, the checkpoint's own width.

    Raises:
        EmotionError: the checkpoint's configuration cannot be read or used, or see `own.new`.
    """
    if plugins.is_name(encoder):
        options = {"rate": rate, "front": front, "layers": layers, "pooling": pooling, "tune": tune, "dim": dim}
        made: AudioKinds = own.new(encoder, "audio", **options)
        return made
    if encoder == "paper":
        return AudioEncoder(rate=rate, front=front, dim=dim or 128)
    read_config(encoder, "audio")
    found = getattr(read_extractor(encoder), "sampling_rate", None)
    if not isinstance(found, int) or not 1000 <= found <= 192_000:
        raise EmotionError(
            f"audio encoder {encoder}: sampling_rate of its preprocessor_config.json is {quoted(found)}, expected Hz "
            f"from 1000 to 192000; {REMEDY}"
        )
    return PretrainedAudio(encoder=encoder, rate=found, layers=layers, pooling=pooling, tune=tune, dim=dim)


def load_encoder(folder: Path) -> AudioKinds:
    """The fitted encoder of a folder, of whatever kind; see `Encoder.load`."""
    return own.load_one_of([AudioEncoder, PretrainedAudio], folder)
