"""Settings of the encoders and of their fitting."""

from typing import Annotated, Any, Literal

from pydantic import Field

from emotion.core import plugins
from emotion.core.limits import Count, CountOrNone, Hundred, Natural, Positive, Seed, checked
from emotion.core.settings import Expected, Settings


def _is_name(value: str) -> bool:
    looks_like_one = value.endswith(".py") or ".py:" in value
    return bool(value.strip()) and (not looks_like_one or plugins.is_name(value))


_ENCODER = "paper, the name or folder of a checkpoint, or plugins/FILE.py:CLASS"
_TEXT = "scratch, word_vectors, the name or folder of a text checkpoint, or plugins/FILE.py:CLASS"
_VECTORS = "the path of a file, or none"
Encoder = Annotated[str, checked(_is_name, _ENCODER), Expected(_ENCODER)]
Checkpoint = Annotated[str, checked(_is_name, _TEXT), Expected(_TEXT)]
Layers = Annotated[
    Annotated[int, Field(ge=0, le=100_000)] | Literal["last", "last4", "all"],
    Expected("last, last4, all, or a whole number >= 0"),
]
Pooling = Literal["mean", "mean_std", "cls", "last"]
Level = Literal["utterance", "frame"]
Dim = Annotated[int, Field(ge=0, le=8192), Expected("a whole number from 0 to 8192 (int)")]


class Fit(Settings):
    """Supervised fitting of one encoder."""

    epochs: Count = Field(default=16, description="passes over the training set, > 0")
    lr: Positive = Field(default=1e-3, description="learning rate of Adam, > 0")
    weight_decay: Natural = Field(default=1e-4, description="L2 penalty, >= 0")
    batch: Count = Field(default=16, description="utterances per step, > 0")
    patience: CountOrNone = Field(
        default=0, description="epochs without a better validation weighted F1 before fitting stops; 0 = never"
    )
    balanced: bool = Field(default=False, description="true | false: show every class equally often while fitting")
    seed: Seed = Field(default=1, description="a whole number >= 0")

    @property
    def against_speakers(self) -> float:
        """Weight of what keeps the encoder from telling speakers apart; 0 = nothing does."""
        return 0.0

    @property
    def polarity_first(self) -> bool:
        """Whether the polarity is decided before the emotion."""
        return False


class Pretrained(Fit):
    """What is chosen of a checkpoint."""

    layers: Layers = Field(
        default="last",
        description="of a checkpoint: last | last4 | all (their mean) | a number "
        "(after that layer, 0 = before the first)",
    )
    pooling: Pooling = Field(
        default="mean", description="of a checkpoint: mean | mean_std | cls (its first token, where it has one)"
    )
    head: bool = Field(
        default=False,
        description="of a checkpoint: true | false; keep the probabilities of its own classification head instead",
    )
    tune: bool = Field(
        default=False, description="of a checkpoint: true | false; fine-tuned at a twentieth of lr, or frozen"
    )
    dim: Dim = Field(
        default=0,
        description="size of the vector, >= 0; 0 = 128 for paper, its own for a checkpoint; "
        "a frozen checkpoint with 0 needs no fitting",
    )

    @property
    def of_checkpoint(self) -> dict[str, Any]:
        """Arguments of `Transformer`: layers, pooling, head, tune and dim."""
        return {name: getattr(self, name) for name in ("layers", "pooling", "head", "tune", "dim")}


class Fitting(Settings):
    """What the fitting of all encoders has in common."""

    folds: Hundred = Field(
        default=1,
        description="1 = off | k: each training utterance is extracted by the one of k encoders "
        "that has not seen its session or dialogue",
    )


class Sound(Settings):
    """How sound is read."""

    channel: Literal["mix", "side"] = Field(
        default="mix",
        description="mix | side; of stereo sound: the mean, or the speaker's own channel (left for who sits left)",
    )


class Audio(Pretrained, Sound):
    """Audio encoder."""

    encoder: Encoder = Field(
        default="paper",
        description="paper (4-layer Bi-LSTM) | egemaps (openSMILE) | name or folder of a checkpoint, e.g. "
        "facebook/wav2vec2-base (see `emotion encoders list`) | plugins/FILE.py:CLASS",
    )
    rate: Annotated[int, Field(ge=1000, le=192_000), Expected("a whole number of Hz from 1000 to 192000 (int)")] = (
        Field(default=16000, description="Hz, the waveform is resampled to this rate; a checkpoint has its own")
    )
    front: Literal["waveform", "logmel"] = Field(
        default="waveform",
        description="waveform (the paper: time-domain vectors) | logmel (log-mel energies, SpecAugment while fitting)",
    )
    level: Level = Field(
        default="utterance",
        description="utterance | frame: one vector per utterance, or one per 0.2 s (with pooling: mean)",
    )

    adversarial: Natural = Field(
        default=0,
        description="while fitting, weight of a classifier of speakers whose gradient is reversed, >= 0, e.g. 0.3; 0 = "
        "off",
    )

    @property
    def against_speakers(self) -> float:
        """See `Fit`."""
        return self.adversarial


class Face(Pretrained):
    """Face encoder."""

    epochs: Count = Field(default=12, description="passes over the training set, > 0")
    encoder: Encoder = Field(
        default="paper",
        description="paper (3D-CNN) | name or folder of a checkpoint, e.g. google/vit-base-patch16-224-in21k | "
        "plugins/FILE.py:CLASS",
    )
    frames: Annotated[int, Field(ge=8, le=256), Expected("a whole number of frames from 8 to 256 (int)")] = Field(
        default=16, description="frames of a clip the encoder sees, 8 to 256; a video checkpoint has its own"
    )
    level: Level = Field(
        default="utterance",
        description="utterance | frame: one vector per utterance, or one per frame (of paper per four; with pooling: "
        "mean)",
    )


class Text(Pretrained):
    """Text encoder."""

    epochs: Count = Field(default=12, description="passes over the training set, > 0")
    tune: bool = Field(
        default=True, description="of a checkpoint: true | false; fine-tuned at a twentieth of lr, or frozen"
    )
    pooling: Pooling = Field(
        default="mean", description="mean | mean_std | cls (its first token) | last (of a decoder such as Qwen)"
    )
    dim: Dim = Field(
        default=300,
        description="size of the vector, >= 0; 0 = as wide as the body; a frozen checkpoint with 0 needs no fitting",
    )
    encoder: Checkpoint = Field(
        default="scratch",
        description="scratch (a small RoBERTa trained here) | word_vectors (of text.vectors) | name or folder of a "
        "checkpoint, e.g. roberta-base | plugins/FILE.py:CLASS",
    )
    vectors: Annotated[str, checked(lambda value: bool(value.strip()), _VECTORS), Expected(_VECTORS)] = Field(
        default="none",
        description="file of word_vectors, in the format of word2vec (text, binary) or GloVe; none = no file",
    )
    level: Literal["utterance", "word"] = Field(
        default="utterance",
        description="utterance | word: one vector per utterance, or one per word (with pooling: mean)",
    )
    hierarchy: Literal["none", "polarity"] = Field(
        default="none",
        description="none | polarity: while fitting, positive, negative or neutral is decided first, then the emotion",
    )

    @property
    def polarity_first(self) -> bool:
        """See `Fit`."""
        return self.hierarchy == "polarity"
