"""Late fusion of heads that others trained: each modality's probabilities in common words, and their mean.

    audio: neu, hap, ang, sad            -> anger  joy  neutral  sadness                       p_audio
    face:  7 emotions                    -> anger  disgust  fear  joy  neutral  sadness  surprise   p_face
    text:  28 emotions, several may hold -> the same seven                                       p_text
                                            mean over the modalities that are there -> log

Of a head's classes that mean the same the highest counts, and the result adds up to 1. What a head cannot say (surprise
has no place in the audio's) it leaves as the others have it. GoEmotions' 28 classes are joined as its authors do
(Demszky et al., 2020, the mapping to Ekman's six). Nothing is trained here, so the weights of the mean are equal.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from emotion.bundle.card import REMEDY
from emotion.core.errors import EmotionError
from emotion.core.limits import MODALITIES
from emotion.core.objects import read_object
from emotion.core.text import quoted
from emotion.fusion.saved import SETTINGS, Classifier
from emotion.fusion.sequences import Scaling

LATE: Final = "late_fusion"
_MEANS: Final = {
    "anger": ("anger", "angry", "ang", "annoyance", "disapproval"),
    "disgust": ("disgust",),
    "fear": ("fear", "nervousness"),
    "joy": (
        *("joy", "happy", "hap", "admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude"),
        *("love", "optimism", "pride", "relief"),
    ),
    "neutral": ("neutral", "neu"),
    "sadness": ("sadness", "sad", "disappointment", "embarrassment", "grief", "remorse"),
    "surprise": ("surprise", "confusion", "curiosity", "realization"),
}
LABELS: Final = tuple(_MEANS)
_WORDS: Final = {word: label for label, words in _MEANS.items() for word in words}
_LEAST: Final = 1e-6  # probability, so that its logarithm is finite


class LateFusion(nn.Module):
    """A `FusionModel` without anything to train.

    Args:
        heads: modality -> names of its head's classes, in the order of its probabilities.

    Raises:
        EmotionError: a class has a name that means nothing here.
    """

    def __init__(self, heads: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.modalities = tuple(heads)
        self.means = nn.ParameterDict()
        for modality, names in heads.items():
            unknown = [name for name in names if name.casefold() not in _WORDS]
            if unknown:
                raise EmotionError(
                    f"the head for {modality} has a class {quoted(unknown[0])}, expected words such as joy, sad, anger"
                )
            table = torch.tensor([[_WORDS[name.casefold()] == label for name in names] for label in LABELS])
            self.means[modality] = nn.Parameter(table.float(), requires_grad=False)  # (classes, d): 1 = means it

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`; the features are probabilities, and where no modality is there all are equal."""
        del speakers, mask  # every utterance alone
        said = torch.stack([self._said(name, features[name]) for name in self.modalities], dim=2)  # (b, u, m, classes)
        can = torch.stack([self.means[name].any(1) for name in self.modalities])  # (m, classes)
        here = (present & (said.sum(-1) > 0)).float()  # (b, u, m)
        all_of_it = can.all(1).float()  # (m,): heads that know every class
        others = self._mean(said, here * all_of_it)  # (b, u, classes)
        left = others[:, :, None] * ~can  # what a head cannot say, as the others have it; 0 where there are none
        full = said * (1 - left.sum(-1, keepdim=True)) + left
        return self._mean(full, here).clamp(min=_LEAST).log()

    def _said(self, modality: str, values: Tensor) -> Tensor:
        """Probabilities of a head (b, u, d) in our words, (b, u, classes)."""
        highest = (values[:, :, None].clamp(min=0) * self.means[modality]).amax(-1)
        said: Tensor = highest / highest.sum(-1, keepdim=True).clamp(min=_LEAST)
        return said

    @staticmethod
    def _mean(said: Tensor, weight: Tensor) -> Tensor:
        """Over the modalities with a weight: (b, u, m, classes), (b, u, m) -> (b, u, classes); 0 where none has one."""
        total = weight.sum(-1, keepdim=True).clamp(min=1)
        return (said * weight[..., None]).sum(2) / total


def save(folder: Path, heads: Mapping[str, Sequence[str]]) -> None:
    """Write a classifier's folder, which `load` reads."""
    LateFusion(heads)
    folder.mkdir()
    content = {"model": LATE, "labels": list(LABELS), "heads": {name: list(words) for name, words in heads.items()}}
    (folder / SETTINGS).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def is_late(folder: Path) -> bool:
    """Whether a classifier's folder was written by `save`."""
    return read_object(folder / SETTINGS, remedy=REMEDY).get("model") == LATE


def load(folder: Path) -> Classifier:
    """Read what `save` wrote.

    Raises:
        EmotionError: it is damaged.
    """
    found = read_object(folder / SETTINGS, remedy=REMEDY)
    heads: Any = found.get("heads")
    good = isinstance(heads, dict) and heads and set(heads) <= set(MODALITIES) and found.get("labels") == list(LABELS)
    if not good or not all(isinstance(words, list) and words for words in heads.values()):
        raise EmotionError(f"{folder / SETTINGS}: not a late fusion of heads; {REMEDY}")
    if not all(isinstance(word, str) for words in heads.values() for word in words):
        raise EmotionError(f"{folder / SETTINGS}: names of classes are no texts; {REMEDY}")
    dims = {name: len(words) for name, words in heads.items()}
    scaling = {name: Scaling(torch.zeros(d), torch.ones(d)) for name, d in dims.items()}
    settings = {"model": LATE, "labels": list(LABELS), "dims": dims, "history": 0, "future": 0}
    return Classifier(LateFusion(heads).eval(), settings, scaling)
