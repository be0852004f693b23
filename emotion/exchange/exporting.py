"""From our caches to files that other code reads, so that it trains on features extracted here."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.files import check_name, writing
from emotion.core.text import counted, printable, quoted
from emotion.corpus.utterance import Index, read_index
from emotion.exchange import mmsa, nine_tuple, tables
from emotion.exchange.cached import Vectors, read_cached

Found = Mapping[str, Vectors]


class _Format(NamedTuple):
    """One format: how its files begin and end in their names, whether it marks what is missing, and what writes it."""

    begins: bytes
    suffixes: tuple[str, ...]
    marks: bool
    write: Callable[[Path, Path, Index, Found], None]


_PICKLE = (".pkl", ".pickle", ".p", ".pk")
_FORMATS = {
    "dialoguernn": _Format(
        b"\x80",
        _PICKLE,
        False,
        lambda out, folder, index, found: nine_tuple.dump(out, nine_tuple.nine_items(folder, index, found)),
    ),
    "mmsa": _Format(
        b"\x80", _PICKLE, False, lambda out, folder, index, found: nine_tuple.dump(out, mmsa.splits(index, found))
    ),
    "npz": _Format(
        b"PK\x03\x04", (".npz",), True, lambda out, folder, index, found: tables.write_npz(out, index, found)
    ),
    "parquet": _Format(
        b"PAR1", (".parquet", ".pq"), True, lambda out, folder, index, found: tables.write_parquet(out, index, found)
    ),
}
FORMATS = tuple(_FORMATS)


def export_features(folder: Path, *, out: Path, form: str = "dialoguernn") -> None:
    """Write the features of a folder with `index.csv` and `features/<modality>.h5`, and say what the file holds.

    The labels of the test set are in it, since every reader of these formats expects them. Arrays are float32.

    - `dialoguernn`: see `nine_tuple`. Training and validation dialogues stand together in its training list; the
      format has no third.
    - `mmsa`: see `mmsa`.
    - `npz`, `parquet`: see `tables`; `emotion import` reads them back as they were.

    Pickles have no mark for a missing modality: it becomes the training mean, and is counted.

    Raises:
        EmotionError: the format is unknown, the suffix is another one's, another kind of file is in the place, there
            is no feature cache, one does not belong to the index, or utterances have no class.
    """
    if form not in FORMATS:
        raise EmotionError(f"format is {quoted(form)}, expected one of {', '.join(FORMATS)}")
    kind = _FORMATS[form]
    check_name(out, begins=kind.begins, suffixes=kind.suffixes)
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "no such folder"
        raise EmotionError(f"{folder}: {found}, expected a folder with index.csv and features/*.h5; check the path")
    index = read_index(folder / "index.csv", test_labels=True)
    _check_labels(folder / "index.csv", index)
    vectors = read_cached(folder, index)
    with writing(out) as partial:
        kind.write(partial, folder, index, vectors)
    counts = []
    for modality, one in vectors.items():
        said = (
            f", {one.missing} missing ones {'marked' if kind.marks else 'as the training mean'}" if one.missing else ""
        )
        counts.append(f"{'visual' if modality == 'face' else modality} {one.values.shape[1]}-d{said}")
    test = len({row.dialogue for row in index.utterances if row.split == "test"})
    logs.info(f"{len(index.utterances)} utterances, {test} dialogues for testing; {'; '.join(counts)}")
    logs.info(f"exported {folder} to {out}, test labels included; next: give it to the code that reads this format")


def _check_labels(path: Path, index: Index) -> None:
    """Raise EmotionError where an utterance has no class: no reader of these formats expects that."""
    without = [row.utterance for row in index.utterances if not row.label]
    if without:
        raise EmotionError(
            f"{path}: {counted(len(without), 'utterances')} have no class (e.g. {printable(without[0])}), and these "
            "formats need one of each; index and extract with index.ambiguous=false"
        )
