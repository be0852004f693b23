"""From a feature pickle to an index and feature caches, ready for `emotion study` and the pipeline's `fuse`."""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.cache import Cache
from emotion.corpus.iemocap import LABELS
from emotion.corpus.splits import COSMIC_VALIDATION, PAPER_VALIDATION
from emotion.corpus.utterance import SPLITS, Utterance, read_index, write_index
from emotion.errors import EmotionError
from emotion.exchange.feature_file import Dialogue, FeatureFile, read_feature_file
from emotion.files import write_text
from emotion.writer import CacheWriter

CORPUS = "imported"
VALIDATION = {"paper": PAPER_VALIDATION, "cosmic": COSMIC_VALIDATION}
SPLIT_NAMES = (*VALIDATION, "file")
_SEED = 1


def import_features(
    path: Path, *, out: Path, label_names: Sequence[str] = LABELS, split: str = "paper", text_block: str = "mean"
) -> None:
    """Write `index.csv`, `index.json`, `features/<modality>.h5` and `import.json`, and say what was found.

    Values that are not finite become the mean of their dimension over the training utterances, which is what a
    standardised model takes for "nothing known"; they are counted in `import.json`. The training utterances are those
    of the index's split, whatever a study does later: leave-one-session-out holds out sessions whose features (never
    their labels) are in that mean. A pickle holds no times: utterance k of a dialogue is given the time from k to
    k + 1 s.

    Args:
        path: the pickle, see `emotion.exchange.feature_file`.
        out: folder to write to.
        label_names: names of the classes, in the order of the file's numbers.
        split: which of the dialogues that are not for testing are for validation: `paper` or `cosmic` (lists of IEMOCAP
            dialogues, see `emotion.corpus.splits`), or `file`: the file's own list, and where it has none a tenth,
            drawn with a fixed seed.
        text_block: see `read_feature_file`.

    Raises:
        EmotionError: the file is no such pickle, its labels are out of range, the split does not fit, or `out` holds
            another corpus; nothing is written then.
    """
    if split not in SPLIT_NAMES:
        raise EmotionError(f"split is {split!r}, expected one of {', '.join(SPLIT_NAMES)}")
    if len(set(label_names)) != len(label_names) or "" in label_names or not label_names:
        raise EmotionError(f"label names are {','.join(label_names)!r}, expected names that differ, with commas")
    _check_folder(out)
    content = read_feature_file(path, text_block=text_block)
    parts = _parts(path, content.dialogues, split)
    rows = _rows(path, content.dialogues, parts, label_names)
    train = np.array([row.split == "train" for row in rows])
    report: dict[str, Any] = {"source": path.name, "split": split, "text_block": text_block, "modalities": {}}
    filled = {}
    for modality, values in content.features.items():
        filled[modality], report["modalities"][modality] = _imputed(path, values, train)
    report |= _counts(content, rows)
    _write(out, rows, label_names, filled, report)
    _say(report)


def _check_folder(out: Path) -> None:
    """An import never takes the place of a corpus that was indexed or extracted here."""
    about = out / "index.json"
    if out.exists() and not out.is_dir():
        raise EmotionError(f"{out}: is a file, expected a folder to write to")
    if not about.exists() and not all(map(_imported, (out / "features").glob("*.h5"))):
        raise EmotionError(f"{out}: holds features of another corpus; choose another folder")
    if about.exists():
        try:
            corpus = json.loads(about.read_text(encoding="utf-8"))["corpus"]
        except (ValueError, KeyError, TypeError):
            corpus = "unknown"
        if corpus != CORPUS:
            raise EmotionError(f"{out}: holds the index of corpus {corpus}; choose another folder")


def _imported(path: Path) -> bool:
    """Whether a cache is of an import: one that was killed leaves some without an index."""
    try:
        with Cache(path) as cache:
            return bool(cache.attributes.get("encoder") == CORPUS)
    except EmotionError:
        return False


def _parts(path: Path, dialogues: Sequence[Dialogue], split: str) -> dict[str, str]:
    """Dialogue -> train, validation or test."""
    train = [dialogue.name for dialogue in dialogues if dialogue.part != "test"]
    listed = {dialogue.name for dialogue in dialogues if dialogue.part == "validation"}
    if split != "file":
        validation = set(VALIDATION[split]) & set(train)
    elif listed:
        validation = listed
    elif len(train) > 1:
        count = max(1, round(len(train) / 10))
        validation = set(np.random.default_rng(_SEED).choice(sorted(train), size=count, replace=False).tolist())
    else:
        raise EmotionError(f"{path}: dialogue {train[0]} is the only one for training, expected at least 2")
    if not validation or len(validation) == len(train):
        raise EmotionError(
            f"{path}: split {split} leaves {len(train) - len(validation)} dialogues for training and {len(validation)} "
            f"for validation, expected some for both; choose --split file, which takes the file's own or draws a tenth"
        )
    return {
        dialogue.name: "test" if dialogue.part == "test" else "validation" if dialogue.name in validation else "train"
        for dialogue in dialogues
    }


def _rows(
    path: Path, dialogues: Sequence[Dialogue], parts: dict[str, str], label_names: Sequence[str]
) -> list[Utterance]:
    """One row per utterance; ids that several dialogues use get the dialogue's id in front."""
    shared = _share_ids(dialogues)
    rows = []
    for dialogue in dialogues:
        if len(set(dialogue.utterances)) != len(dialogue.utterances):
            raise EmotionError(f"{path}: dialogue {dialogue.name} lists an utterance twice; mend its ids")
        for turn, name in enumerate(dialogue.utterances):
            number = dialogue.labels[turn]
            if not 0 <= number < len(label_names):
                raise EmotionError(
                    f"{path}: utterance {name} of dialogue {dialogue.name} has label {number}, expected 0 to "
                    f"{len(label_names) - 1} ({', '.join(label_names)}); give the file's own with --label-names"
                )
            row = Utterance(
                utterance=f"{dialogue.name}_{name}" if shared else name,
                dialogue=dialogue.name,
                turn=turn,
                speaker=_person(dialogue.name, dialogue.speakers[turn]),
                start=float(turn),
                end=turn + 1.0,
                label=label_names[number],
                split=parts[dialogue.name],
                text=dialogue.sentences[turn],
                audio="",
                video="",
                side="full",
            )
            rows.append(row)
    return rows


def _share_ids(dialogues: Sequence[Dialogue]) -> bool:
    counts = Counter(name for dialogue in dialogues for name in dialogue.utterances)
    return any(count > 1 for count in counts.values())


def _person(dialogue: str, speaker: str) -> str:
    """`Ses01_F` for IEMOCAP, where a session has two actors; otherwise nobody is known beyond the dialogue."""
    session, _, rest = dialogue.partition("_")
    known = len(session) == 6 and session[:3] == "Ses" and session[3:5].isdecimal() and session[5] in "FM" and rest
    return f"{session[:5]}_{speaker}" if known and speaker in ("F", "M") else f"{dialogue}_{speaker}"


def _imputed(
    path: Path, values: NDArray[np.float64], train: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Finite float32 values (n, d) and what was imputed."""
    with np.errstate(over="ignore"):
        known = np.isfinite(values.astype(np.float32))
    count = known[train].sum(0)
    mean = np.where(known, values, 0.0)[train].sum(0) / np.maximum(count, 1)
    filled = np.where(known, values, mean).astype(np.float32)
    return filled, {
        "dimensions": values.shape[1],
        "imputed_values": int((~known).sum()),
        "imputed_utterances": int((~known).any(1).sum()),
        "dimensions_without_training_values": int((count == 0).sum()),
    }


def _write(
    out: Path,
    rows: Sequence[Utterance],
    label_names: Sequence[str],
    features: dict[str, NDArray[np.float32]],
    report: dict[str, Any],
) -> None:
    """The caches, then the index that they name: a folder with an index is complete.

    An earlier import's index goes first, so that it never stands beside caches of two imports.
    """
    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch) / "index.csv"
        write_index(trial, rows, labels=label_names, corpus=CORPUS, notes={})
        digest = read_index(trial).digest
        for name in ("index.csv", "index.json", "import.json"):
            (out / name).unlink(missing_ok=True)
        for stale in {"audio", "face", "text"} - features.keys():
            (out / "features" / f"{stale}.h5").unlink(missing_ok=True)
        for modality, values in features.items():
            writer = CacheWriter(
                out / "features" / f"{modality}.h5",
                ids=[row.utterance for row in rows],
                shape=(values.shape[1],),
                dtype="float32",
                attributes={"modality": modality, "index": digest, "encoder": CORPUS},
                scratch=Path(scratch),
            )
            with writer:
                for vector in values:
                    writer.append(vector[None])
    write_text(out / "import.json", json.dumps(report, indent=2) + "\n")
    write_index(out / "index.csv", rows, labels=label_names, corpus=CORPUS, notes={})


def _counts(content: FeatureFile, rows: Sequence[Utterance]) -> dict[str, Any]:
    return {
        "utterances": {part: sum(row.split == part for row in rows) for part in SPLITS},
        "dialogues": {part: len({row.dialogue for row in rows if row.split == part}) for part in SPLITS},
        "unused_dialogues": content.unused,
        "without_sentences": sum(not row.text for row in rows),
        "written": content.written | {"shared_utterances": _share_ids(content.dialogues)},
    }


def _say(report: dict[str, Any]) -> None:
    for modality, found in report["modalities"].items():
        if found["imputed_values"]:
            sys.stderr.write(
                f"{modality}: {found['imputed_values']} values of {found['imputed_utterances']} utterances were not "
                f"finite and are now the training mean\n"
            )
    parts = [f"{part} {report['utterances'][part]} in {report['dialogues'][part]} dialogues" for part in SPLITS]
    names = ", ".join(f"{name} {found['dimensions']}-d" for name, found in report["modalities"].items())
    unused = report["unused_dialogues"]
    ignored = f"; {unused} dialogues in none of its lists ignored" if unused else ""
    sys.stderr.write(f"utterances: {', '.join(parts)}; features: {names}{ignored}\n")
