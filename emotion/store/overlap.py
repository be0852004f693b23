"""The test set's lock, in the data: nothing is scored on utterances that trained what is scored.

                                             now training   now validation   now test
trained an encoder, or the classifier        fine           refused          refused
chose the epoch of one of them               fine           fine             refused
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.text import shortened
from emotion.corpus.utterance import Index
from emotion.store.cache import Cache
from emotion.store.trained import RECORD, Training, digest, read_record

_WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Utterances that something knows already and that would be scored.

    Attributes:
        trained: ids of those that it was trained on and that are now for validation or test.
        chosen: ids of those by which its epoch was chosen and that are now for the test.
    """

    trained: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.trained or self.chosen)

    def __str__(self) -> str:
        """How many of which kind, with an example each."""
        parts = []
        if self.trained:
            parts.append(
                f"was trained on {len(self.trained)} utterances that are now scored (e.g. {shortened(self.trained[0])})"
            )
        if self.chosen:
            parts.append(
                f"chose its epoch by {len(self.chosen)} utterances that are now in the test set "
                f"(e.g. {shortened(self.chosen[0])})"
            )
        return " and ".join(parts)


def overlap(training: Training | None, index: Index) -> Overlap:
    """What is scored in an index although it trained something.

    Where nothing is known of that training (None), imported features are taken as they are.
    """
    if not training:
        return Overlap()
    scored = [(row.utterance, row.split, digest(row.utterance)) for row in index.utterances if row.split != "train"]
    return Overlap(
        tuple(name for name, _, key in scored if key in training.trained_on),
        tuple(name for name, split, key in scored if split == "test" and key in training.chosen_on),
    )


def check_cache(cache: Cache, modality: str, index: Index) -> None:
    """Refuse features whose encoder knows what is scored.

    Raises:
        EmotionError: it does; the line names the cache, how many, an example and the stages to run.
    """
    if found := overlap(cache.training, index):
        raise EmotionError(
            f"{cache.path}: its encoder {found}; the split was changed since, so fit and extract again: dvc repro "
            f"(by hand: dvc repro -s fit@{modality} extract@{modality})"
        )


def overlaps(features: Mapping[str, Path], index: Index) -> dict[str, Overlap]:
    """Per modality whose encoder knows what is scored: what it knows."""
    found = {}
    for modality, path in features.items():
        with Cache(path) as cache:
            if over := overlap(cache.training, index):
                found[modality] = over
    return found


def training_of(features: Mapping[str, Path], index: Index) -> Training:
    """What a classifier knows that is trained on the training rows of an index, with what its encoders know."""
    rows = [[row.utterance for row in index.utterances if row.split == name] for name in ("train", "validation")]
    own = Training.of(*rows)
    known = {}
    for modality, path in features.items():
        with Cache(path) as cache:
            known[modality] = cache.training
    others = [training for training in known.values() if training is not None]
    return Training(
        own.trained_on.union(*(training.trained_on for training in others)),
        own.chosen_on.union(*(training.chosen_on for training in others)),
        tuple(name for name, training in known.items() if training is None),
    )


def check_classifier(folder: Path, index: Index) -> None:
    """Refuse a classifier that knows what is scored, e.g. because the index's split changed after the stage fuse.

    Args:
        folder: models/fusion. Probabilities that lie there without a model are somebody's own: taken, with a warning.
        index: with its splits.

    Raises:
        EmotionError: it does, or its record is damaged or missing.
    """
    remedy = "run dvc repro (by hand: dvc repro -s fuse evaluate)"
    if not (folder / RECORD).is_file() and not (folder / _WEIGHTS).is_file():
        logs.warning(f"{folder}: no {RECORD}, so nobody knows which utterances trained these probabilities")
        return
    if found := overlap(read_record(folder, remedy=remedy), index):
        raise EmotionError(f"{folder}: the classifier {found}; the split was changed since; {remedy}")
