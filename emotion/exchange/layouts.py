"""Which item of a feature pickle's tuple is what: the files themselves name nothing.

    items  of                        in order; - is not read
        9  DialogueRNN, MMGCN        ids speakers labels text audio visual sentences train test
        9  DialogueRNN's MELD        ids speakers labels text audio sentences train test -
       10  MMGCN's MELD              ids speakers labels text audio visual sentences train test -
       10  COSMIC                    speakers labels text-x-4 sentences train test validation
       11  COSMIC's MELD             speakers labels - text-x-4 sentences train test validation
       12  DialogueRNN with RoBERTa  ids speakers labels text-x-4 audio visual sentences train test

Two layouts of one length differ in the kind of an item: of the 9, the seventh is a dict of sentences or a list of
dialogues; of the 10, the third has numbers (labels) or vectors (RoBERTa). COSMIC has no ids: its utterances are
numbered within their dialogue.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from emotion.core.errors import EmotionError
from emotion.core.text import counted, quoted, shortened

LISTS: Final = ("train", "validation", "test")
_OPTIONAL: Final = ("audio", "visual", "text", "sentences")  # None, too, says that the file does not have it
_TEXTS: Final = ("text 1", "text 2", "text 3", "text 4")
_USUAL: Final = ("ids", "speakers", "labels", "text", "audio", "visual", "sentences", "train", "test")
_MELD: Final = ("ids", "speakers", "labels", "text", "audio", "sentences", "train", "test", "-")
_COSMIC: Final = ("speakers", "labels", *_TEXTS, "sentences", "train", "test", "validation")
_COSMIC_MELD: Final = ("speakers", "labels", "-", *_TEXTS, "sentences", "train", "test", "validation")
_ROBERTA: Final = ("ids", "speakers", "labels", *_TEXTS, "audio", "visual", "sentences", "train", "test")


@dataclass(frozen=True)
class Dialogue:
    """One dialogue of the file; the lists have one item per utterance."""

    name: str  # its id
    utterances: list[str]  # ids as they stand in the file
    speakers: list[str]  # `M`, `F` or another name; a number, counted from 0, where the file has one-hot vectors
    labels: list[int]  # class numbers
    sentences: list[str]  # what is said, '' where the file does not have it
    part: str  # what the file has it for: train, validation or test


def name_items(content: object) -> dict[str, Any]:
    """The items by name: dicts from dialogue (as text) to a list, and lists of dialogues.

    Returns:
        ids (none where the file has none), speakers, labels, text or text 1 to text 4, audio, visual, sentences, train,
        validation, test; what the file does not have is empty. `numbered` says whether its dialogues are numbers.

    Raises:
        EmotionError: it is no such tuple, or an item is no dict.
    """
    if not isinstance(content, tuple | list) or not 9 <= len(content) <= 12:
        found = f"{len(content)} items" if isinstance(content, tuple | list) else f"a {type(content).__name__}"
        raise EmotionError(
            f"holds {found}, expected a tuple of 9 to 12 (ids, speakers, labels, text, audio, visual, "
            f"sentences, train, test, or as COSMIC has them)"
        )
    fields: dict[str, Any] = dict(zip(_layout(content), content, strict=True))
    fields.pop("-", None)
    names = {key for value in fields.values() if isinstance(value, dict) for key in value}
    for name in fields.keys() - set(LISTS):
        fields[name] = _by_dialogue(name, {} if fields[name] is None and name in _OPTIONAL else fields[name])
    numbered = all(is_number(name) for name in names)
    return {"audio": {}, "visual": {}, "validation": [], "numbered": numbered, **fields}


def _by_dialogue(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise EmotionError(f"{name} is a {type(value).__name__}, expected a dict from dialogue to a list")
    found = {plain_text(key): item for key, item in value.items()}
    if len(found) != len(value):
        twice = next(key for key, count in Counter(map(plain_text, value)).items() if count > 1)
        raise EmotionError(
            f"{name} has two dialogues called {quoted(twice)}, as text and as a number; rename one where the "
            f"file was made"
        )
    return found


def plain_text(item: object) -> str:
    """An id or a sentence as text; bytes are Python 2's text."""
    return item.decode("latin-1") if isinstance(item, bytes) else str(item)


def is_number(item: object) -> bool:
    """Whether an id is a whole number."""
    return isinstance(item, int | np.integer) and not isinstance(item, bool)


def is_list(item: object) -> bool:
    """Whether it has items of its own: a list, a tuple, or an array that is no single number."""
    return isinstance(item, list | tuple) or (isinstance(item, np.ndarray) and item.ndim > 0)


def list_of(field: Mapping[str, Any], what: str, name: str, count: int | None = None) -> list[Any]:
    """The list of one dialogue in a field that maps dialogues to lists of `what`.

    Raises:
        EmotionError: there is no such list, or it has not `count` items.
    """
    if name not in field:
        raise EmotionError(f"{what} of dialogue {shortened(name)} are missing; expected one item per utterance")
    value = field[name]
    if not is_list(value):
        raise EmotionError(f"{what} of dialogue {shortened(name)} are a {type(value).__name__}, expected a list")
    if count is not None and len(value) != count:
        found, needed = counted(len(value), what), counted(count, "utterances")
        raise EmotionError(f"dialogue {shortened(name)} has {found} for {needed}, expected one for each")
    return list(value)


def _layout(content: tuple[Any, ...] | list[Any]) -> tuple[str, ...]:
    if len(content) == 9:
        return _MELD if isinstance(content[8], dict) and not isinstance(content[6], dict) else _USUAL
    if len(content) == 10:  # the first utterance has a number, as labels are, or a vector
        lists = content[2].values() if isinstance(content[2], dict) else ()
        first: Any = next((items[0] for items in lists if is_list(items) and len(items) > 0), [])
        return _COSMIC if is_list(first) else (*_USUAL, "-")
    return _COSMIC_MELD if len(content) == 11 else _ROBERTA
