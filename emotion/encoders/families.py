"""Architectures of transformers checkpoints that can be encoders, by their `model_type`."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from transformers.models.auto import modeling_auto as auto


@dataclass(frozen=True)
class Family:
    """What the code must know of an architecture.

    Attributes:
        modality: what it reads.
        cls: whether its first token stands for the whole input.
        video: of face: whether it takes a clip of a fixed number of frames, rather than single pictures.
        decoder: of text: whether a token knows only those before it, so that the last one stands for the whole.
        tower: of a model of pictures and texts: the part of its configuration that describes the pictures' half.
        resized: of face: whether the processor, not config.json, says how large the pictures are.
        bands: of audio: whether it takes log mel frames of any number, rather than samples.
        alone: of audio: whether padding reaches the frames beside it, so that only one length goes through together.
        packed: of text: whether texts can go through it one behind the other, see `unpadded`.
    """

    modality: str
    cls: bool = False
    video: bool = False
    decoder: bool = False
    tower: str = ""
    resized: bool = False
    bands: bool = False
    alone: bool = False
    packed: bool = False

    @property
    def poolings(self) -> tuple[str, ...]:
        """What `pooling` may be."""
        return ("mean", "mean_std") + ("cls",) * self.cls + ("last",) * self.decoder


FAMILIES = {
    "wav2vec2": Family("audio"),
    "hubert": Family("audio"),
    "wavlm": Family("audio"),
    "unispeech-sat": Family("audio"),
    "data2vec-audio": Family("audio", alone=True),
    "wav2vec2-bert": Family("audio", bands=True),
    "whisper": Family("audio"),
    "videomae": Family("face", video=True),
    "timesformer": Family("face", cls=True, video=True),
    "vit": Family("face", cls=True),
    "deit": Family("face", cls=True),
    "beit": Family("face", cls=True),
    "dinov2": Family("face", cls=True, resized=True),
    "clip": Family("face", cls=True, tower="vision_config"),
    "siglip": Family("face", tower="vision_config"),
    "roberta": Family("text", cls=True, packed=True),
    "xlm-roberta": Family("text", cls=True, packed=True),
    "camembert": Family("text", cls=True, packed=True),
    "bert": Family("text", cls=True, packed=True),
    "distilbert": Family("text", cls=True, packed=True),
    "albert": Family("text", cls=True, packed=True),
    "electra": Family("text", cls=True, packed=True),
    "modernbert": Family("text", cls=True, packed=True),
    "deberta": Family("text", cls=True),
    "deberta-v2": Family("text", cls=True),
    "mpnet": Family("text", cls=True),
    "qwen2": Family("text", decoder=True, packed=True),
    "qwen3": Family("text", decoder=True, packed=True),
}
_TOWER = "_vision_model"  # at the end of the `model_type` of half a model

# What transformers knows other architectures for -> which of ours are like them; the first that applies.
_ALIKE: tuple[tuple[tuple[str, ...], Callable[[Family], bool]], ...] = (
    (("AUDIO_CLASSIFICATION", "CTC", "AUDIO_XVECTOR", "SPEECH_SEQ_2_SEQ"), lambda family: family.modality == "audio"),
    (("VIDEO_CLASSIFICATION",), lambda family: family.video),
    (
        ("IMAGE_CLASSIFICATION", "ZERO_SHOT_IMAGE_CLASSIFICATION", "MASKED_IMAGE_MODELING", "IMAGE"),
        lambda family: family.modality == "face" and not family.video,
    ),
    (
        ("MASKED_LM", "SEQ_TO_SEQ_CAUSAL_LM", "TEXT_ENCODING"),
        lambda family: family.modality == "text" and not family.decoder,
    ),
    (("CAUSAL_LM", "SEQUENCE_CLASSIFICATION"), lambda family: family.decoder),
)


def name_of(config: Any) -> str:  # noqa: ANN401 - each architecture has its own class
    """Architecture of a configuration: a key of FAMILIES, or what else it says; '' = nothing."""
    kind = getattr(config, "model_type", "")
    return kind.removesuffix(_TOWER) if isinstance(kind, str) and kind.removesuffix(_TOWER) in FAMILIES else kind


def family_of(config: Any) -> Family:  # noqa: ANN401
    """The family of a configuration that `pretrained.read_config` let pass."""
    return FAMILIES[name_of(config)]


def tower(config: Any) -> Any:  # noqa: ANN401
    """Of a model of pictures and texts the configuration of the pictures' half; any other as it is."""
    return getattr(config, family_of(config).tower or "", None) or config


def names(modality: str) -> list[str]:
    """The architectures of one modality; '' = of all."""
    return [name for name, family in FAMILIES.items() if modality in ("", family.modality)]


def near(kind: str, modality: str, *, most: int = 3) -> list[str]:
    """Architectures that are like one that is not there: of the same use and the likest name; else of the modality."""
    for uses, like in _ALIKE:
        if any(kind in getattr(auto, f"MODEL_FOR_{use}_MAPPING_NAMES", ()) for use in uses):
            found = [name for name, family in FAMILIES.items() if like(family)]
            break
    else:
        found = names(modality)
    return sorted(found, key=lambda name: -SequenceMatcher(None, kind, name).ratio())[:most]
