"""What is trained, validated and scored: one split, or each session held out in turn.

A fold's index has no labels where it is scored. Those are kept apart, in `truth`, for the final tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.corpus.utterance import Index, Utterance, read_index, session_of

PROTOCOLS = ("split", "leave-one-session-out")
_SEED = 1


@dataclass(frozen=True)
class Fold:
    """One way to divide the corpus.

    Attributes:
        name: the held-out session, e.g. `Ses01`; '' for the index's own split.
        index: the corpus with this fold's splits; labels of the test utterances are ''.
        features: modality -> cache, of those that were made for this fold alone.
    """

    name: str
    index: Index
    features: Mapping[str, Path] = field(default_factory=dict)

    def rows(self, split: str) -> list[Utterance]:
        """The utterances of a split, in the order of the index."""
        return [row for row in self.index.utterances if row.split == split]


def make_folds(index_path: Path, *, protocol: str) -> list[Fold]:
    """The folds of a protocol.

    - `split`: the index's own training, validation and test utterances; test labels are not read.
    - `leave-one-session-out`: each session in IEMOCAP's dialogue ids is the test set once. Of the others, the dialogues
      that the index has for validation stay so; where there are none a tenth is drawn with a fixed seed.

    Raises:
        EmotionError: the protocol is unknown, the index is damaged, has no labels for training or validation, or its
            dialogues name no sessions.
    """
    if protocol not in PROTOCOLS:
        raise EmotionError(f"protocol is {protocol!r}, expected one of {', '.join(PROTOCOLS)}")
    index = read_index(index_path, test_labels=protocol != "split")
    if protocol == "split":
        folds = [Fold("", index)]
    else:
        of = {row.dialogue: _session(index_path, row.dialogue) for row in index.utterances}
        names = sorted(set(of.values()))
        if len(names) < 2:
            raise EmotionError(f"{index_path}: all dialogues are of session {names[0]}, expected several sessions")
        folds = [Fold(name, _held_out(index, name, of)) for name in names]
    for fold in folds:
        for split in ("train", "validation"):
            if not any(row.label for row in fold.rows(split)):
                where = f", {fold.name} held out" if fold.name else ""
                raise EmotionError(f"{index_path}: no labelled utterance for {split}{where}; choose another split")
    return folds


def truth(index_path: Path) -> dict[str, str]:
    """Label of every utterance, those of the test set included: for the final tables only."""
    return {row.utterance: row.label for row in read_index(index_path, test_labels=True).utterances}


def _session(index_path: Path, dialogue: str) -> str:
    found = session_of(dialogue)
    if not found:
        raise EmotionError(
            f"{index_path}: dialogue {quoted(dialogue)} names no session, expected e.g. Ses01F_impro01; "
            "use --protocol split"
        )
    return found


def _held_out(index: Index, name: str, of: dict[str, str]) -> Index:
    validation = {row.dialogue for row in index.utterances if row.split == "validation" and of[row.dialogue] != name}
    if not validation:
        validation = _drawn([dialogue for dialogue in of if of[dialogue] != name])

    def placed(row: Utterance) -> Utterance:
        if of[row.dialogue] == name:
            return replace(row, split="test", label="")
        return replace(row, split="validation" if row.dialogue in validation else "train")

    return replace(index, utterances=tuple(placed(row) for row in index.utterances))


def _drawn(dialogues: Sequence[str]) -> set[str]:
    count = max(1, round(len(dialogues) / 10))
    return set(np.random.default_rng(_SEED).choice(sorted(dialogues), size=count, replace=False).tolist())
