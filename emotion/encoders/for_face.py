"""Face encoders by name: a new one from its settings, or the fitted one of a folder."""

from pathlib import Path

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.encoders import own
from emotion.encoders.checkpoint_files import REMEDY
from emotion.encoders.face import FaceEncoder
from emotion.encoders.families import FAMILIES
from emotion.encoders.pretrained import read_config
from emotion.encoders.pretrained_face import PretrainedFace

FaceKinds = FaceEncoder | PretrainedFace


def new_encoder(
    *,
    encoder: str,
    frames: int,
    size: int,
    layers: str | int = "last",
    pooling: str = "mean",
    tune: bool = False,
    dim: int = 0,
) -> FaceKinds:
    """An encoder yet to be fitted.

    Args:
        encoder: `paper`, the name or folder of a checkpoint, or `plugins/FILE.py:CLASS`; for the others see
            `PretrainedFace`.
        frames: of a clip; a video checkpoint takes the number it was trained with instead.
        size: of the clips, px; a checkpoint resizes them.
        layers: of a checkpoint.
        pooling: of a checkpoint.
        tune: of a checkpoint.
        dim: size of the vector; 0 = 128 of `paper`, the checkpoint's own width.

    Raises:
        EmotionError: the checkpoint's configuration cannot be read or used, or see `own.new`.
    """
    if plugins.is_name(encoder):
        options = {"frames": frames, "size": size, "layers": layers, "pooling": pooling, "tune": tune, "dim": dim}
        made: FaceKinds = own.new(encoder, "face", **options)
        return made
    if encoder == "paper":
        return FaceEncoder(frames=frames, size=size, dim=dim or 128)
    config = read_config(encoder, "face")
    if FAMILIES[config.model_type].video:
        frames = getattr(config, "num_frames", None) or 0
        if not isinstance(frames, int) or not 1 <= frames <= 1024:
            raise EmotionError(
                f"face encoder {encoder}: num_frames of its config.json is {quoted(frames)}, expected a whole number "
                f"from 1 to 1024; {REMEDY}"
            )
    return PretrainedFace(encoder=encoder, frames=frames, layers=layers, pooling=pooling, tune=tune, dim=dim)


def load_encoder(folder: Path) -> FaceKinds:
    """The fitted encoder of a folder, of whatever kind; see `Encoder.load`."""
    return own.load_one_of([FaceEncoder, PretrainedFace], folder)
