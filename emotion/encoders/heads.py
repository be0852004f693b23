"""Checkpoints with a classification head of their own, used as such: its classes, and its probabilities."""

import json
from typing import Any

import torch
import transformers as hf
from torch import Tensor

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.text import counted, quoted
from emotion.encoders.families import family_of
from emotion.encoders.pretrained import OWN

_MOST, _CHARACTERS = 1000, 40_000  # classes, and the length of their names: they stand in the cache's settings
_MODELS = {
    "audio": hf.AutoModelForAudioClassification,
    "face": hf.AutoModelForImageClassification,
    "text": hf.AutoModelForSequenceClassification,
}
TRAINED_ON = {"superb/wav2vec2-base-superb-er": "iemocap"}  # heads of which that is known
_ENDS = ("Classification", "ClassificationWithTeacher")


def model_class(config: Any) -> Any:  # noqa: ANN401 - each architecture has its own class
    """The class of transformers that reads a checkpoint of an architecture with its head."""
    family = family_of(config)
    return hf.AutoModelForVideoClassification if family.video else _MODELS[family.modality]


def _classes(config: Any) -> list[str]:  # noqa: ANN401
    return [name for name in getattr(config, "architectures", None) or [] if isinstance(name, str)]


def labels_of(config: Any) -> list[str]:  # noqa: ANN401
    """Names of the head's classes, in the order of its probabilities."""
    return [str(config.id2label[number]) for number in range(config.num_labels)]


def has_head(config: Any) -> bool:  # noqa: ANN401
    """Whether a checkpoint holds a head for whole inputs, not for tokens or frames."""
    return any(name.endswith(_ENDS) and "Token" not in name and "Frame" not in name for name in _classes(config))


def check_encoder(name: str, modality: str, *, head: bool) -> None:
    """Raise EmotionError where the head of an encoder is wanted that is no checkpoint, ours or one's own."""
    if head and (name in OWN or plugins.is_name(name)):
        raise EmotionError(
            f"{modality}.head is true, but {modality}.encoder is {name}, which has no classification head; set "
            f"{modality}.head: false, or take a checkpoint that has one"
        )


def check_unseen(name: str, corpus: str, modality: str) -> None:
    """Raise EmotionError where a head is to be scored on the corpus that trained it."""
    if TRAINED_ON.get(name) == corpus:
        raise EmotionError(
            f"{modality}.head is true, but the head of {name} was trained on {corpus}: its test utterances are no "
            f"test; set {modality}.head: false, or take another checkpoint"
        )


def check_head(config: Any, where: str, modality: str) -> None:  # noqa: ANN401
    """Raise EmotionError where a checkpoint has no classification head, or one that has no probabilities.

    `where` is what the line begins with.
    """
    if not has_head(config):
        raise EmotionError(
            f"{where}: {modality}.head is true, but the checkpoint has no classification head (it is "
            f"{', '.join(map(quoted, _classes(config))) or 'of no named class'}, expected one that ends in "
            f"Classification); set {modality}.head: false, or take one that was trained to classify"
        )
    try:
        labels = labels_of(config)
    except (KeyError, TypeError):
        raise EmotionError(f"{where}: id2label of its config.json does not name each class; add the names") from None
    if config.problem_type == "regression" or len(labels) < 2:
        raise EmotionError(
            f"{where}: its head gives {counted(len(labels), 'values')}, no probabilities of classes; set "
            f"{modality}.head: false"
        )
    if len(labels) > _MOST or len(json.dumps(labels)) > _CHARACTERS:
        raise EmotionError(
            f"{where}: its head has {len(labels)} classes, expected at most {_MOST} with short names; set "
            f"{modality}.head: false"
        )


def probabilities(output: Any, config: Any) -> Tensor:  # noqa: ANN401
    """Of what a model with a head returned: (b, 1, classes) float32; they add up to 1 unless several may hold."""
    logits: Tensor = output.logits.float()
    several = config.problem_type == "multi_label_classification"
    return (torch.sigmoid(logits) if several else logits.softmax(-1))[:, None]
