"""Settings of the fusion stage: they stand at the top level of params.yaml."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.limits import MODALITIES, BelowOne, Count, CountOrNone, Hundred, Natural, Positive, Seed, Share
from emotion.core.settings import Expected, Settings
from emotion.fusion.models.registry import MODELS, NAMES

_FIXED = ", ".join(name for name, entry in MODELS.items() if "hidden" not in entry.sizes)
_HEADED = ", ".join(name for name, entry in MODELS.items() if "heads" in entry.sizes)
_MODALITIES = f"some of {', '.join(MODALITIES)} with + between them"


def _some_modalities(value: str) -> str:
    """`audio+face+text`; the comma of earlier versions works too (on the command line it is a sweep)."""
    names = value.replace(",", "+").split("+")
    if len(set(names)) < len(names) or not set(names) <= set(MODALITIES):
        raise ValueError(_MODALITIES)
    return "+".join(names)


Context = Annotated[
    Annotated[int, Field(ge=0, le=100_000)] | Literal["all"], Expected("a whole number from 0 to 100000, or all")
]
if TYPE_CHECKING:
    Model = str
else:
    Model = Literal[NAMES]


class Recipe(Settings):
    """How a fusion model is trained, in params.yaml and in recipes/*.yaml."""

    history: Context = Field(
        default=10, description="utterances of context before the current one, eq. (1); a whole number >= 0, or all"
    )
    future: Context = Field(
        default=0, description="utterances of context after it; 0 = causal; all (with history all) = the whole dialogue"
    )
    hidden: Annotated[int, Field(ge=1, le=8192), Expected("a whole number from 1 to 8192 (int)")] = Field(
        default=128,
        description="size of the layers, > 0 (of a Bi-LSTM per direction; a transformer is twice as wide); not for "
        f"these, whose sizes are fixed: {_FIXED}",
    )
    heads: Count = Field(default=4, description=f"attention heads, > 0; must divide 2 * hidden; of {_HEADED}")
    dropout: BelowOne = Field(default=0.3, description="share 0..1 of activations dropped while training")
    members: Hundred = Field(default=1, description="copies of the model that are trained side by side and vote, > 0")
    lr: Positive = Field(default=3e-4, description="learning rate of Adam, > 0")
    schedule: Literal["constant", "cosine"] = Field(
        default="constant", description="constant | cosine; of the learning rate over the epochs"
    )
    weight_decay: Natural = Field(default=5e-5, description="L2 penalty, >= 0")
    clip: Natural = Field(default=0, description="largest norm of a step's gradient, >= 0; 0 = no limit")
    batch: Count = Field(default=32, description="context windows per step (dialogues with history: all), > 0")
    epochs: Count = Field(
        default=60,
        description="passes over the training set, > 0; the best by validation weighted F1 is kept (with refit the "
        "last)",
    )
    patience: CountOrNone = Field(
        default=0, description="epochs without a better validation weighted F1 before training stops; 0 = never"
    )
    refit: bool = Field(
        default=False,
        description="true | false; train again on training and validation together and keep the last epoch, which "
        "classifies what is tested",
    )
    averaging: BelowOne = Field(
        default=0,
        description="decay per step of a moving average of the weights, 0..1, e.g. 0.98; 0 = the weights themselves",
    )
    input_dropout: BelowOne = Field(default=0, description="share 0..1 of the input features dropped while training")
    modality_dropout: BelowOne = Field(
        default=0,
        description="chance 0..1 that a modality of an utterance is hidden while training; one stays",
    )
    mixstyle: Share = Field(
        default=0,
        description="chance 0..1 that a dialogue gets other voices while training (MixStyle, on the audio features)",
    )
    smoothing: BelowOne = Field(
        default=0, description="share 0..1 of the training target that is spread over all classes"
    )
    balanced: Literal["none", "weights", "focal"] = Field(
        default="none",
        description="none | weights (an utterance counts the more, the rarer its class is in training) | focal (the "
        "more, the less it is recognised so far)",
    )
    target: Literal["majority", "votes"] = Field(
        default="majority",
        description="majority (one class per utterance) | votes (the raters' distribution; with index.ambiguous also "
        "of utterances without a majority; balanced and smoothing then apply to the votes)",
    )


class TrainSettings(Recipe):
    """One training: of which model, how, and which of its parts are switched off."""

    model: Model | plugins.Name = Field(
        default="fusion",
        description=f"{' | '.join(NAMES)} | one's own: plugins/FILE.py:CLASS; `emotion models list`",
    )
    attention: bool = Field(
        default=True, description="true | false; an ablation of fusion and speaker_fusion: without the self-attention"
    )
    residual: bool = Field(
        default=True, description="true | false; an ablation of the same: without the connection around it"
    )
    speakers: bool = Field(
        default=True, description="true | false; an ablation of speaker_fusion and inertia: without knowing who speaks"
    )
    seed: Seed = Field(default=1, description="of weights, batches and dropout; a whole number >= 0")


class FuseStage(TrainSettings):
    """What the stage `fuse` reads of params.yaml."""

    modalities: Annotated[str, AfterValidator(_some_modalities), Expected(_MODALITIES)] = Field(
        default="audio+face+text", description="any of audio, face, text, with + between them"
    )


def check_together(model: str, values: Mapping[str, Any], *, source: str) -> None:
    """What no limit of a single key can say, of the settings of a model in a file: params.yaml or a recipe.

    Raises:
        EmotionError: `heads` does not divide twice `hidden`, or only one of history and future is `all`.
    """
    if model in MODELS and "heads" in MODELS[model].sizes and 2 * values["hidden"] % values["heads"]:
        width = 2 * values["hidden"]
        raise EmotionError(f"{source}: heads is {values['heads']}, expected a divisor of 2 * hidden = {width}")
    if (values["history"] == "all") != (values["future"] == "all"):
        raise EmotionError(
            f"{source}: history is {values['history']} and future is {values['future']}, "
            "expected all for both (the whole dialogue) or for neither"
        )
