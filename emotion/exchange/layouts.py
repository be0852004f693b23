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

from pathlib import Path
from typing import Any, Final

import numpy as np

from emotion.errors import EmotionError

LISTS: Final = ("train", "validation", "test")
_TEXTS: Final = ("text 1", "text 2", "text 3", "text 4")
_USUAL: Final = ("ids", "speakers", "labels", "text", "audio", "visual", "sentences", "train", "test")
_MELD: Final = ("ids", "speakers", "labels", "text", "audio", "sentences", "train", "test", "-")
_COSMIC: Final = ("speakers", "labels", *_TEXTS, "sentences", "train", "test", "validation")
_COSMIC_MELD: Final = ("speakers", "labels", "-", *_TEXTS, "sentences", "train", "test", "validation")
_ROBERTA: Final = ("ids", "speakers", "labels", *_TEXTS, "audio", "visual", "sentences", "train", "test")


def name_items(path: Path, content: object) -> dict[str, Any]:
    """The items by name: dicts from dialogue (as text) to a list, and lists of dialogues.

    Args:
        path: the file, for messages.
        content: what it holds.

    Returns:
        ids (none where the file has none), speakers, labels, text or text 1 to text 4, audio, visual, sentences, train,
        validation, test; what the file does not have is empty. `numbered` says whether its dialogues are numbers.

    Raises:
        EmotionError: it is no such tuple, or an item is no dict.
    """
    if not isinstance(content, tuple | list) or not 9 <= len(content) <= 12:
        found = f"{len(content)} items" if isinstance(content, tuple | list) else f"a {type(content).__name__}"
        raise EmotionError(
            f"{path}: holds {found}, expected a tuple of 9 to 12 (ids, speakers, labels, text, audio, visual, "
            f"sentences, train, test, or as COSMIC has them)"
        )
    fields: dict[str, Any] = dict(zip(_layout(content), content, strict=True))
    fields.pop("-", None)
    names = {key for value in fields.values() if isinstance(value, dict) for key in value}
    for name, value in fields.items():
        if name not in LISTS and not isinstance(value, dict):
            raise EmotionError(f"{path}: {name} is a {type(value).__name__}, expected a dict from dialogue to a list")
        if name not in LISTS:
            fields[name] = {str(key): item for key, item in value.items()}
    numbered = all(is_number(name) for name in names)
    return {"audio": {}, "visual": {}, "validation": [], "numbered": numbered, **fields}


def is_number(item: object) -> bool:
    """Whether an id is a whole number."""
    return isinstance(item, int | np.integer) and not isinstance(item, bool)


def is_list(item: object) -> bool:
    """Whether it has items of its own: a list, a tuple, or an array that is no single number."""
    return isinstance(item, list | tuple) or (isinstance(item, np.ndarray) and item.ndim > 0)


def _layout(content: tuple[Any, ...] | list[Any]) -> tuple[str, ...]:
    if len(content) == 9:
        return _MELD if isinstance(content[8], dict) and not isinstance(content[6], dict) else _USUAL
    if len(content) == 10:
        return (*_USUAL, "-") if _holds_numbers(content[2]) else _COSMIC
    return _COSMIC_MELD if len(content) == 11 else _ROBERTA


def _holds_numbers(field: object) -> bool:
    """Whether the first utterance has a number, as labels are, and not a vector."""
    for items in field.values() if isinstance(field, dict) else ():
        if is_list(items) and len(items) > 0:
            return not is_list(items[0])
    return False
