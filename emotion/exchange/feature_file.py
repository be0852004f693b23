"""The field's feature pickles, checked field by field.

A tuple of dicts, each from dialogue to a list with one item per utterance, and the ids of the dialogues for training,
for testing and, in some files, for validation; `emotion.exchange.layouts` knows the layouts in use.

A modality that the file does not have is an empty dict, and so are the sentences. The four RoBERTa blocks are hidden
states of one encoder; which of them is used is the reader's choice.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.core.text import is_printable, quoted, shortened
from emotion.corpus.decoding import repair
from emotion.exchange.layouts import LISTS, Dialogue, is_list, is_number, list_of, name_items, plain_text
from emotion.exchange.unpickling import load_pickle
from emotion.exchange.vectors import read_vectors

TEXT_BLOCKS = ("mean", "1", "2", "3", "4", "concat")
_PURPOSE = {"train": "training", "validation": "validation", "test": "testing"}
_SURROGATE = re.compile("[\ud800-\udfff]")  # no UTF-8 file can hold these


@dataclass(frozen=True)
class FeatureFile:
    """A feature pickle."""

    dialogues: list[Dialogue]  # those for training and testing, in the order of the file
    # modality (audio, face, text) -> (n, d) float32 or float64 in the order of the dialogues; may hold NaN
    features: dict[str, NDArray[Any]]
    # modality -> (n,) bool: the file has nothing for this utterance, whose row is NaN
    unlisted: dict[str, NDArray[np.bool_]]
    unused: int  # dialogues that are in none of its lists
    cleaned_sentences: int  # those that held control characters or direction marks, which are left out
    # how the file writes what becomes text here, so that an export can write it so again: `numbered_dialogues` and
    # `numbered_utterances` (their ids are whole numbers), `speakers` (length of the one-hot vectors, 0 = names, None =
    # some of each)
    written: dict[str, Any]
    # of a table that an export wrote: names of the classes, and the columns of its rows, see `corpus.utterance`
    labels: list[str] | None = None
    rows: list[dict[str, Any]] | None = None


def read_feature_file(path: Path, *, text_block: str) -> FeatureFile:
    """Read a pickle of any layout; where it has four RoBERTa blocks, `text_block` is one of `TEXT_BLOCKS`.

    Raises:
        EmotionError: it is no such file; names the file, the field, the dialogue, what was found and what was expected.
    """
    check_text_block(text_block)
    content = load_pickle(path)
    try:
        return _checked(content, text_block)
    except EmotionError as error:
        raise EmotionError(f"{path}: {error}") from None


def _checked(content: object, text_block: str) -> FeatureFile:
    fields = name_items(content)
    if "ids" not in fields:
        turns = {name: len(list_of(fields["labels"], "labels", name)) for name in fields["labels"]}
        fields["ids"] = {name: list(range(count)) for name, count in turns.items()}
    parts = _parts(fields)
    used = [name for name in fields["ids"] if name in parts]
    dialogues = [_dialogue(fields, name, parts[name]) for name in used]
    dialogues = [dialogue for dialogue in dialogues if dialogue.utterances]
    if "train" not in [dialogue.part for dialogue in dialogues]:
        empty = next(name for name in used if parts[name] == "train")
        raise EmotionError(f"dialogue {shortened(empty)} and all others for training have no utterances, expected some")
    features, unlisted = read_vectors(fields, dialogues, text_block)
    return FeatureFile(
        dialogues=[replace(one, sentences=list(map(visible, one.sentences))) for one in dialogues],
        features=features,
        unlisted=unlisted,
        unused=len(fields["ids"]) - len(used),
        cleaned_sentences=sum(not is_printable(text) for dialogue in dialogues for text in dialogue.sentences),
        written=_written(fields, dialogues),
    )


def check_text_block(text_block: str) -> None:
    """Raise EmotionError where there is no such block."""
    if text_block not in TEXT_BLOCKS:
        raise EmotionError(f"text block is {quoted(text_block)}, expected one of {', '.join(TEXT_BLOCKS)}")


def _parts(fields: Mapping[str, Any]) -> dict[str, str]:
    """Dialogue -> train, validation or test, for those in the file's lists."""
    parts: dict[str, str] = {}
    for part in LISTS:
        listed = fields[part]
        if not is_list(listed) and not isinstance(listed, set | frozenset | dict):
            raise EmotionError(f"{part} is a {type(listed).__name__}, expected a list or set of dialogues")
        for name in dict.fromkeys(map(plain_text, listed)):
            if name in parts:
                purposes = f"for {_PURPOSE[parts[name]]} and for {_PURPOSE[part]}"
                raise EmotionError(f"dialogue {shortened(name)} is {purposes}; fix the file's lists")
            if name not in fields["ids"]:
                raise EmotionError(
                    f"dialogue {shortened(name)} is listed for {_PURPOSE[part]}, but has no utterance ids"
                )
            parts[name] = part
    if "train" not in parts.values():
        raise EmotionError("no dialogue is for training; expected some in the file's list of them")
    return parts


def _written(fields: Mapping[str, Any], dialogues: Sequence[Dialogue]) -> dict[str, Any]:
    """See `FeatureFile.written`."""
    names = [dialogue.name for dialogue in dialogues]
    speakers = [speaker for name in names for speaker in fields["speakers"][name]]
    widths = {0 if isinstance(speaker, str | bytes) else len(speaker) for speaker in speakers}
    return {
        "numbered_dialogues": fields["numbered"],
        "numbered_utterances": all(is_number(item) for name in names for item in fields["ids"][name]),
        "speakers": widths.pop() if len(widths) == 1 else None,
    }


def _dialogue(fields: Mapping[str, Mapping[str, Any]], name: str, part: str) -> Dialogue:
    ids = list_of(fields["ids"], "ids", name)
    speakers = list_of(fields["speakers"], "speakers", name, count=len(ids))
    labels = list_of(fields["labels"], "labels", name, count=len(ids))
    sentences: list[Any] = [""] * len(ids)
    if fields["sentences"].get(name) is not None:
        sentences = list_of(fields["sentences"], "sentences", name, count=len(ids))
    dialogue = Dialogue(
        name=name,
        utterances=[plain_text(item) for item in ids],
        speakers=[_speaker(item, name) for item in speakers],
        labels=[_label(item, name) for item in labels],
        sentences=[" ".join(repair(plain_text(item)).split()) for item in sentences],
        part=part,
    )
    _check_text(dialogue)
    return dialogue


def _check_text(dialogue: Dialogue) -> None:
    """Ids are not empty and can be shown in one line, and all text can be stored as UTF-8."""
    where = f"dialogue {quoted(dialogue.name)}"
    if not dialogue.name.strip() or not all(map(str.strip, dialogue.utterances)):
        raise EmotionError(f"{where} has an empty id, expected ids that are not empty")
    if not all(map(str.strip, dialogue.speakers)):
        raise EmotionError(f"{where} has an empty speaker, expected a name for each")
    for text in (dialogue.name, *dialogue.utterances, *dialogue.speakers):
        if not is_printable(text):
            raise EmotionError(
                f"{where} has the text {quoted(text)}, expected ids and speakers without control characters, direction "
                f"marks and no line ends in them; rename them where the file was made"
            )
    for text in dialogue.sentences:
        if _SURROGATE.search(text):
            raise EmotionError(
                f"{where} has the text {quoted(text)}, expected letters that UTF-8 can store; fix the sentence where "
                f"the file was made"
            )


def visible(text: str) -> str:
    """A text without the characters that could move a cursor or turn the direction of what follows."""
    return text if is_printable(text) else " ".join("".join(filter(is_printable, text)).split())


def _as_array(item: Any) -> NDArray[Any]:  # noqa: ANN401
    """As an array; what cannot be one (lists of differing length) is an array of objects."""
    try:
        return np.asarray(item)
    except ValueError:
        return np.array(None)


def _speaker(item: object, name: str) -> str:
    if isinstance(item, str | bytes):
        return plain_text(item)
    hot = _as_array(item)
    if hot.ndim != 1 or hot.dtype.kind not in "biuf" or (hot != 0).sum() != 1:
        shown = shortened(repr(item), most=60)
        raise EmotionError(f"a speaker of dialogue {shortened(name)} is {shown}, expected a name or a one-hot vector")
    return str(int(hot.argmax()))


def _label(item: object, name: str) -> int:
    number = _as_array(item)
    if number.size != 1 or number.dtype.kind not in "iuf" or not float(number.item()).is_integer():
        shown = shortened(repr(item), most=60)
        raise EmotionError(f"a label of dialogue {shortened(name)} is {shown}, expected the number of a class")
    return int(number.item())
