"""What is trained, validated and scored: one split, or each session held out in turn, with what is played or without.

A fold's index has no labels where it is scored. Those are kept apart, in `truth`, for the final tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from emotion.core.errors import EmotionError
from emotion.core.text import quoted
from emotion.corpus import protocols
from emotion.corpus.protocols import hold_out, tenth
from emotion.corpus.utterance import Index, Utterance, read_index, session_of
from emotion.evaluation.annotators import Targets

PROTOCOLS = ("split", "session", "scenario", "random")
SAME = {"leave-one-session-out": "session"}
"""Other names of protocols."""


@dataclass(frozen=True)
class Fold:
    """One way to divide the corpus.

    Attributes:
        name: what is held out, e.g. `Ses01` or `Ses01-scenario2`; '' for the index's own split.
        index: what is used of the corpus, with this fold's splits; labels of the test utterances are ''.
        features: modality -> cache, of those that were made for this fold alone.
        session: the held-out session: scores are means over sessions.
        votes: what `target: votes` trains on; nothing of what the fold scores, see `Votes.targets`.
    """

    name: str
    index: Index
    features: Mapping[str, Path] = field(default_factory=dict)
    session: str = ""
    votes: Targets = field(default_factory=dict)

    def rows(self, split: str) -> list[Utterance]:
        """The utterances of a split, in the order of the index."""
        return [row for row in self.index.utterances if row.split == split]


def named(protocol: str) -> str:
    """One of `PROTOCOLS`.

    Raises:
        EmotionError: it is neither one of these nor another name of one.
    """
    found = SAME.get(protocol, protocol)
    if found not in PROTOCOLS:
        raise EmotionError(f"protocol is {quoted(protocol)}, expected one of {', '.join((*PROTOCOLS, *SAME))}")
    return found


def make_folds(index_path: Path, *, protocol: str, validation_only: bool = False) -> list[Fold]:
    """The folds of a protocol.

    - `split`: the index's own training, validation and test utterances; test labels are not read.
    - `session` (or `leave-one-session-out`): each session in IEMOCAP's dialogue ids is the test set once. Of the
      others, the dialogues that the index has for validation stay so; where there are none a tenth is drawn with a
      fixed seed.
    - `scenario` and `random`: each session once for each group of scenarios, see `emotion.corpus.protocols`.

    Args:
        index_path: the index.
        protocol: its name.
        validation_only: leave out what would be tested: it is neither loaded nor scored.

    Raises:
        EmotionError: the protocol is unknown, the index is damaged, has no labels for training or validation, or its
            dialogues name no sessions or scenarios.
    """
    protocol = named(protocol)
    index = read_index(index_path, test_labels=protocol != "split")
    try:
        folds = _folds(index_path, index, protocol)
    except EmotionError as error:
        where = "" if str(error).startswith(str(index_path)) else f"{index_path}: "
        raise EmotionError(f"{where}{error}") from None
    if validation_only:
        folds = [replace(fold, index=_without_test(fold.index)) for fold in folds]
    for fold in folds:
        for split in ("train", "validation"):
            if not any(row.label for row in fold.rows(split)):
                where = f", {fold.name} held out" if fold.name else ""
                raise EmotionError(f"{index_path}: no labelled utterance for {split}{where}; choose another split")
    return folds


def truth(index_path: Path, folds: Sequence[Fold]) -> dict[str, str]:
    """Label of every utterance of the folds that has one, the test set included: for the final tables only."""
    known = {row.utterance: row.label for fold in folds for row in fold.index.utterances if row.label}
    tested = {row.utterance for fold in folds for row in fold.rows("test")}
    if tested:
        rows = read_index(index_path, test_labels=True).utterances
        known |= {row.utterance: row.label for row in rows if row.utterance in tested and row.label}
    return known


def _folds(index_path: Path, index: Index, protocol: str) -> list[Fold]:
    rows = index.utterances
    if protocol == "split":
        return [Fold("", index)]
    own = {row.dialogue for row in rows if row.split == "validation"}
    if protocol != "session":
        held = protocols.folds(rows, protocol=protocol)
        parts = [hold_out(rows, one, validation=own) for one in held]
        return [Fold(str(one), _placed(index, to), session=one.session) for one, to in zip(held, parts, strict=True)]
    of = {row.dialogue: _session(row.dialogue) for row in rows}
    names = sorted(set(of.values()))
    if len(names) < 2:
        raise EmotionError(f"{index_path}: all dialogues are of session {names[0]}, expected several sessions")
    return [Fold(name, _placed(index, _held_out(of, name, own)), session=name) for name in names]


def _session(dialogue: str) -> str:
    found = session_of(dialogue)
    if not found:
        raise EmotionError(
            f"dialogue {quoted(dialogue)} names no session, expected e.g. Ses01F_impro01; use --protocol split"
        )
    return found


def _held_out(of: Mapping[str, str], session: str, own: set[str]) -> dict[str, str]:
    """Dialogue -> its split, of all dialogues and their sessions and those that are for validation."""
    others = [dialogue for dialogue in of if of[dialogue] != session]
    validation = own.intersection(others) or set(tenth(others))
    return {
        dialogue: "test" if name == session else "validation" if dialogue in validation else "train"
        for dialogue, name in of.items()
    }


def _placed(index: Index, parts: Mapping[str, str]) -> Index:
    """The index with these splits of its dialogues, without labels of test utterances and what is left out ('')."""
    rows = [replace(row, split=parts[row.dialogue]) for row in index.utterances if parts[row.dialogue]]
    hidden = [replace(row, label="") if row.split == "test" else row for row in rows]
    return replace(index, utterances=tuple(hidden))


def _without_test(index: Index) -> Index:
    return replace(index, utterances=tuple(row for row in index.utterances if row.split != "test"))
