"""What a model is, was trained on and is worth: `card.json` in its folder.

It names no file of anybody's machine, no speaker and no utterance.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

from huggingface_hub import constants
from pydantic import Field

from emotion.core.assets import HUB
from emotion.core.errors import EmotionError
from emotion.core.limits import Natural, Positive, Share
from emotion.core.objects import read_object
from emotion.core.settings import Settings, read_settings
from emotion.core.text import quoted

CARD: Final = "card.json"
BASE: Final = "hub:base"  # named instead of a folder
REMEDY: Final = "copy the folder again, or make it again: emotion model pack"

_MOST = 16 << 20  # bytes
Size = Annotated[int, Field(ge=0)]


class CorpusFacts(Settings):
    """What the model was trained on."""

    name: str = Field(description="as `corpus` in params.yaml")
    synthetic: bool = Field(description="whether it is generated: then the model knows nothing about real people")
    languages: list[str] = Field(description="codes; none = not known")
    licence: str = Field(description="of the corpus, '' = not known")
    dialogues: Size
    speakers: Size
    utterances: dict[str, Size] = Field(description="split -> how many")


class TestScores(Settings):
    """Of the test split, as the stage `evaluate` wrote them: before the temperature is applied."""

    n: Size
    accuracy: Share
    weighted_f1: Share
    weighted_f1_ci_low: Share | None = None
    weighted_f1_ci_high: Share | None = None
    macro_f1: Share
    unweighted_recall: Share
    ece: Share
    interval: str = Field(description="the 95 % interval in words, or why there is none")


class ValidationScores(Settings):
    """Of the validation split, by which epoch, temperature and threshold were chosen: too good for that reason."""

    n: Size
    accuracy: Share
    weighted_f1: Share
    ece: Share = Field(description="calibration error before the temperature is applied")
    ece_scaled: Share = Field(description="and after")


class Unsure(Settings):
    """Below which probability an emotion is called unsure: where right and wrong are best told apart on validation."""

    below: Share
    share: Share = Field(description="of the validation utterances that are unsure")
    accuracy_sure: Share | None = Field(description="of the others; None = there are none")
    accuracy_unsure: Share | None


class Card(Settings):
    """All of `card.json`."""

    format: Literal[1]
    name: str
    licence: str = Field(description="of the weights, '' = not said")
    model: str
    modalities: list[str]
    encoders: dict[str, str]
    labels: list[str]
    corpus: CorpusFacts
    test: TestScores | None = Field(description="None = nobody has measured it")
    validation: ValidationScores | None = Field(description="None = likewise, and the threshold was chosen by nobody")
    temperature: Positive
    unsure: Unsure
    novelty: dict[str, Natural] = Field(description="modality -> how far the farthest validation utterance lies")
    version: str = Field(description="of the code that packed it")
    media: list[str] = Field(description="of the generated corpus: sha256 of its recordings, the only ones it takes")
    files: dict[str, str] = Field(description="file -> sha256, of all others in the folder")


def located(folder: Path) -> Path:
    """Where a model lies that is named: `hub:base` stands for the folder that `emotion fetch base` makes.

    Raises:
        EmotionError: it was not fetched yet, or another name begins with `hub:`.
    """
    if str(folder).startswith(HUB) and str(folder) != BASE and not folder.exists():
        raise EmotionError(
            f"{folder}: unknown, expected {BASE} or a model's folder; get one of the hub: "
            "emotion model pull OWNER/NAME --out DIR"
        )
    if str(folder) != BASE:
        return folder
    if not (base_folder() / CARD).is_file():
        raise EmotionError(f"{BASE} is not on this machine: {base_folder()}; fetch it once: emotion fetch base")
    return base_folder()


def base_folder() -> Path:
    """Where `hub:base` is kept, once for all projects."""
    return Path(constants.HF_ASSETS_CACHE) / "emotion" / "hub-base"


def read_card(folder: Path) -> Card:
    """The card of a model's folder, or of `hub:base`.

    Raises:
        EmotionError: there is no such folder, it is no model's, or the card is damaged.
    """
    folder = located(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "no such folder"
        raise EmotionError(f"{folder}: {what}, expected the folder of a packed model; make one: emotion model pack")
    path = folder / CARD
    if not path.exists():
        raise EmotionError(
            f"{folder}: has no {CARD}, expected the folder of a packed model; make one: emotion model pack --out DIR"
        )
    found = read_object(path, remedy=REMEDY, most=_MOST)
    if found.get("format") != 1:
        raise EmotionError(f"{path}: format is {quoted(found.get('format'), most=40)}, expected 1; {REMEDY}")
    card = read_settings(Card, found, source=str(path))
    if len(set(card.labels)) < max(2, len(card.labels)) or not card.modalities:
        raise EmotionError(f"{path}: expected two or more different labels, and modalities; {REMEDY}")
    return card
