"""A packed model's folder, read: nothing of it is run, weights are safetensors, and every file is what its card says.

card.json, README.md                 what it is
settings.json                        how media are read
classifier/, encoders/<modality>/    as in models/fusion and models/encoders
novelty.safetensors                  how unlike the training data something is
detector.onnx                        where faces were found by a model of the user's
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from emotion.bundle import late, novelty
from emotion.bundle.card import CARD, REMEDY, Card, located, read_card
from emotion.bundle.novelty import NOVELTY, Novelty
from emotion.core.errors import EmotionError, cannot
from emotion.core.limits import MODALITIES
from emotion.core.objects import read_object
from emotion.core.settings import read_settings
from emotion.core.text import quoted
from emotion.encoders import for_audio, for_face, for_text
from emotion.encoders.face import FaceEncoder
from emotion.extraction.settings import ExtractAudio, FacesStage
from emotion.fusion import saved
from emotion.fusion.saved import Classifier
from emotion.media.detectors import make_detector
from emotion.media.settings import Clips
from emotion.store.trained import check_folder

SETTINGS: Final = "settings.json"
CLASSIFIER: Final = "classifier"
ENCODERS: Final = "encoders"
DETECTOR: Final = "detector.onnx"
KNOWN: Final = ("haar", "yunet")  # detectors by name, the same everywhere: `yunet` by its sha256
LOAD: Final = {"audio": for_audio.load_encoder, "face": for_face.load_encoder, "text": for_text.load_encoder}


class Reading(FacesStage, ExtractAudio):
    """How media are read: what the stages `faces` and `extract` read of params.yaml."""


@dataclass(frozen=True)
class Bundle:
    """A model that can be used.

    Attributes:
        folder: where it lies.
        card: what it is.
        reading: how media are read; a detector's path is one that exists.
        classifier: the trained model.
        novelty: per modality that has it.
    """

    folder: Path
    card: Card
    reading: Reading
    classifier: Classifier
    novelty: Mapping[str, Novelty]

    def encoder(self, modality: str) -> Path:
        """The folder of a fitted encoder."""
        return self.folder / ENCODERS / modality

    @property
    def clips(self) -> Clips:
        """How faces are found and cut out."""
        return self.reading.face


def load(folder: Path) -> Bundle:
    """Read a model's folder, or `hub:base`; encoders are looked at, and loaded when they are used.

    Raises:
        EmotionError: it is no model's, a file is missing, another one than the card says or too many, or it is damaged.
    """
    folder = located(folder)
    card = read_card(folder)
    _check_files(folder, card)
    reading = read_settings(Reading, read_object(folder / SETTINGS, remedy=REMEDY), source=str(folder / SETTINGS))
    if reading.face.detector not in KNOWN:
        if reading.face.detector != DETECTOR:
            found = quoted(reading.face.detector, most=60)
            raise EmotionError(
                f"{folder / SETTINGS}: face.detector is {found}, expected haar, yunet or {DETECTOR}; {REMEDY}"
            )
        clips = reading.face.model_copy(update={"detector": str(folder / DETECTOR)})
        reading = reading.model_copy(update={"face": clips})
    place = folder / CLASSIFIER
    classifier = late.load(place) if late.is_late(place) else saved.load(place)
    about = (tuple(card.labels), tuple(card.modalities))
    if about != (classifier.labels, classifier.modalities) or not set(classifier.modalities) <= set(MODALITIES):
        raise EmotionError(f"{folder / CARD}: labels or modalities are not those of the classifier; {REMEDY}")
    sizes: dict[str, int] = classifier.settings["dims"]
    return Bundle(folder, card, reading, classifier, novelty.load(folder / NOVELTY, sizes))


def check(folder: Path) -> Bundle:
    """`load`, and load the encoders and the detector too.

    Raises:
        EmotionError: see `load`; or one of them cannot be used, or does not fit the classifier.
    """
    bundle = load(folder)
    make_detector(bundle.clips.detector)
    for modality in bundle.classifier.modalities:
        place = bundle.encoder(modality)
        check_folder(place, remedy=REMEDY)
        encoder, wanted = LOAD[modality](place), bundle.classifier.settings["dims"][modality]
        size = encoder.size if isinstance(encoder, FaceEncoder) else bundle.clips.size
        if size != bundle.clips.size:
            raise EmotionError(f"{place}: takes clips of {size} px, {SETTINGS} says {bundle.clips.size}; {REMEDY}")
        if encoder.dim != wanted:
            raise EmotionError(
                f"{place}: gives vectors of {encoder.dim} features, the classifier takes {wanted}; {REMEDY}"
            )
    return bundle


def digests(folder: Path) -> dict[str, str]:
    """Sha256 of every file but the card, by its place in the folder; hidden ones (locks) do not count."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != CARD and not path.name.startswith("."):
            found[name] = sha256(path)
    return found


def sha256(path: Path) -> str:
    """Of a file's content, in hex.

    Raises:
        EmotionError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise cannot("be read", path, error) from None


def _check_files(folder: Path, card: Card) -> None:
    found = digests(folder)
    for name in sorted({*found, *card.files}):
        if found.get(name) != card.files.get(name):
            what = "missing" if name not in found else "not named by" if name not in card.files else "not as"
            told = "is missing" if what == "missing" else f"is {what} {CARD}"
            raise EmotionError(f"{folder / name}: {told}, expected the files that were packed; {REMEDY}")
