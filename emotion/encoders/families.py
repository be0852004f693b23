"""Architectures of transformers checkpoints that can be encoders, by their `model_type`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """What the code must know of an architecture.

    Attributes:
        modality: what it reads.
        cls: whether its first token stands for the whole input.
        video: of face: whether it takes a clip of a fixed number of frames, rather than single pictures.
    """

    modality: str
    cls: bool = False
    video: bool = False


FAMILIES = {
    "wav2vec2": Family("audio"),
    "hubert": Family("audio"),
    "wavlm": Family("audio"),
    "whisper": Family("audio"),
    "videomae": Family("face", video=True),
    "timesformer": Family("face", cls=True, video=True),
    "vit": Family("face", cls=True),
    "deit": Family("face", cls=True),
    "roberta": Family("text", cls=True),
    "xlm-roberta": Family("text", cls=True),
    "camembert": Family("text", cls=True),
    "bert": Family("text", cls=True),
    "deberta": Family("text", cls=True),
    "deberta-v2": Family("text", cls=True),
    "mpnet": Family("text", cls=True),
}


def names(modality: str) -> list[str]:
    """The architectures of one modality; '' = of all."""
    return [name for name, family in FAMILIES.items() if modality in ("", family.modality)]
