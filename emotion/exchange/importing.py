"""From a feature file to an index and feature caches, ready for `emotion study` and the pipeline's `fuse`."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.text import counted, is_printable, quoted, shortened
from emotion.corpus.iemocap import LABELS, scenario
from emotion.corpus.sense import class_findings, name_findings
from emotion.corpus.splits import LISTS
from emotion.corpus.utterance import SPLITS, Utterance
from emotion.exchange.child import read_in_child
from emotion.exchange.feature_file import check_text_block
from emotion.exchange.kinds import check_kind
from emotion.exchange.layouts import Dialogue
from emotion.exchange.storing import check_folder, replacing, store
from emotion.exchange.table_file import rows_of
from emotion.exchange.values import clean

_SEED = 1
_IEMOCAP = re.compile(r"Ses[0-9]{2}[FM]_.")


def import_features(
    path: Path, *, out: Path, label_names: Sequence[str] = LABELS, split: str = "", text_block: str = "mean"
) -> None:
    """Write `index.csv`, `index.json`, `features/<modality>.h5` and `import.json`, and say what was found.

    The pickle is read in a child process with limits (`emotion.exchange.child`). Utterances for which a modality is
    missing are marked so, single values that are not finite or absurd become the training mean
    (`emotion.exchange.values`); both are counted in `import.json`. The training utterances are those of the index's
    split, whatever a study does later: leave-one-session-out holds out sessions whose features (never their labels) are
    in that mean. A pickle holds no times: utterance k of a dialogue is given the time from k to k + 1 s.

    Args:
        path: the pickle, see `emotion.exchange.feature_file`; or a .npz or Parquet file of `emotion export`, which
            holds speakers, times and names of the classes, too.
        out: folder to write to; it is replaced as a whole at the end, other files in it are kept.
        label_names: names of the classes, in the order of the file's numbers.
        split: which of the dialogues that are not for testing are for validation: `paper` or `cosmic` (lists of IEMOCAP
            dialogues, see `emotion.corpus.splits`), or `file`: the file's own list, and where it has none a tenth,
            drawn with a fixed seed. '' = `paper` for pickles, `file` for others.
        text_block: see `read_feature_file`.

    Raises:
        EmotionError: the file is no such pickle, its labels are out of range, the split does not fit, or `out` holds
            another corpus; nothing is written then.
    """
    _check_choices(label_names, split, text_block)
    check_kind(path, tables=True)
    check_folder(out)
    with replacing(out) as (folder, scratch):
        content = read_in_child(path, text_block=text_block, folder=scratch)
        split, label_names = split or ("file" if content.rows else "paper"), content.labels or label_names
        parts = _parts(path, content.dialogues, split)
        rows = rows_of(content, parts) or _rows(path, content.dialogues, parts, label_names)
        train, ids = np.array([row.split == "train" for row in rows]), [row.utterance for row in rows]
        modalities = {
            name: clean(name, values, content.unlisted[name], train=train, ids=ids)
            for name, values in content.features.items()
        }
        about = {name: found.report for name, found in modalities.items()}
        findings = [line for found in modalities.values() for line in found.findings] + _sense(rows, label_names)
        if content.cleaned_sentences:
            findings.append(f"sentences: control characters or direction marks left out of {content.cleaned_sentences}")
        report: dict[str, Any] = {"source": path.name, "split": split, "text_block": text_block, "modalities": about}
        report |= {
            "utterances": {part: sum(row.split == part for row in rows) for part in SPLITS},
            "dialogues": {part: len({row.dialogue for row in rows if row.split == part}) for part in SPLITS},
            "unused_dialogues": content.unused,
            "without_sentences": sum(not row.text for row in rows),
            "cleaned_sentences": content.cleaned_sentences,
            "written": content.written | {"shared_utterances": _share_ids(content.dialogues)},
            "findings": findings,
        }
        store(folder, scratch, rows, label_names=label_names, modalities=modalities, report=report)
    _say(path, out, report)


def _check_choices(label_names: Sequence[str], split: str, text_block: str) -> None:
    check_text_block(text_block)
    if split not in ("", *LISTS, "file"):
        raise EmotionError(f"split is {quoted(split)}, expected one of {', '.join(LISTS)}, file")
    if len(set(label_names)) != len(label_names) or not all(map(str.strip, label_names)) or not label_names:
        raise EmotionError(f"label names are {quoted(','.join(label_names))}, expected names that differ, with commas")
    for name in label_names:
        if not is_printable(name):
            raise EmotionError(f"label name {quoted(name)}: expected no control characters or direction marks in it")


def _parts(path: Path, dialogues: Sequence[Dialogue], split: str) -> dict[str, str]:
    """Dialogue -> train, validation or test."""
    train = [dialogue.name for dialogue in dialogues if dialogue.part != "test"]
    listed = {dialogue.name for dialogue in dialogues if dialogue.part == "validation"}
    if split != "file":
        validation = set(LISTS[split]) & set(train)
    elif listed:
        validation = listed
    elif len(train) > 1:
        count = max(1, round(len(train) / 10))
        validation = set(np.random.default_rng(_SEED).choice(sorted(train), size=count, replace=False).tolist())
    else:
        raise EmotionError(f"{path}: dialogue {shortened(train[0])} is the only one for training, expected at least 2")
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
            raise EmotionError(f"{path}: dialogue {shortened(dialogue.name)} lists an utterance twice; fix its ids")
        iemocap = _IEMOCAP.match(dialogue.name) is not None
        for turn, name in enumerate(dialogue.utterances):
            number = dialogue.labels[turn]
            if not 0 <= number < len(label_names):
                raise EmotionError(
                    f"{path}: utterance {shortened(name)} of dialogue {shortened(dialogue.name)} has label {number}, "
                    f"expected 0 to {len(label_names) - 1} ({', '.join(label_names)}); give the file's own with "
                    f"--label-names"
                )
            speaker = dialogue.speakers[turn]
            gender = speaker if iemocap and speaker in ("F", "M") else ""  # elsewhere these may be names of any kind
            row = Utterance(
                utterance=f"{dialogue.name}_{name}" if shared else name,
                dialogue=dialogue.name,
                turn=turn,
                # `Ses01_F` in IEMOCAP, where a session has two actors; else nobody is known beyond the dialogue.
                speaker=f"{dialogue.name[:5] if gender else dialogue.name}_{speaker}",
                start=float(turn),
                end=turn + 1.0,
                label=label_names[number],
                split=parts[dialogue.name],
                text=dialogue.sentences[turn],
                scenario=scenario(dialogue.name) if iemocap else "",
                gender=gender,
            )
            rows.append(row)
    return rows


def _share_ids(dialogues: Sequence[Dialogue]) -> bool:
    counts = Counter(name for dialogue in dialogues for name in dialogue.utterances)
    return any(count > 1 for count in counts.values())


def _sense(rows: Sequence[Utterance], label_names: Sequence[str]) -> list[str]:
    """What names and classes cannot mean, see `emotion.corpus.sense`; labels of the test set are not counted."""
    numbers = Counter((row.split, row.label) for row in rows)
    counts = {split: {name: numbers[split, name] for name in label_names} for split in SPLITS if split != "test"}
    found = [*name_findings([row for row in rows if row.split != "test"]), *class_findings(counts)]
    return [finding.told() for finding in found] + _heard(rows)


def _heard(rows: Sequence[Utterance]) -> list[str]:
    """Speakers of the test set in training or validation; or that nobody can tell, by names within a dialogue."""
    tested = {row.speaker for row in rows if row.split == "test"}
    both = sorted(tested & {row.speaker for row in rows if row.split != "test"})
    if both:
        some = ", ".join(quoted(name, most=40) for name in both[:5]) + (", ..." if len(both) > 5 else "")
        return [
            f"{counted(len(both), 'speakers')} of the test set also in training or validation: {some}; its scores say "
            "nothing about people who were never heard"
        ]
    unknown = len({row.dialogue for row in rows if row.split == "test" and not row.gender})
    if unknown:
        return [
            f"{counted(unknown, 'dialogues')} of the test set whose speakers have names within the dialogue only: the "
            "file does not tell whether they are in training, too"
        ]
    return []


def _say(path: Path, out: Path, report: dict[str, Any]) -> None:
    """What was found; the last line says what was made, where, and what comes next."""
    for finding in report["findings"]:
        logs.warning(finding)
    counts, dialogues = report["utterances"], report["dialogues"]
    parts = [f"{part} {counts[part]} in {counted(dialogues[part], 'dialogues')}" for part in SPLITS]
    names = ", ".join(f"{name} {found['dimensions']}-d" for name, found in report["modalities"].items())
    unused = report["unused_dialogues"]
    ignored = f"; {counted(unused, 'dialogues')} in none of its lists ignored" if unused else ""
    logs.info(f"utterances: {', '.join(parts)}; features: {names}{ignored}")
    untested = "; it has no test utterances: `emotion study` scores on validation, `evaluate` has nothing to score"
    logs.info(
        f"imported {path} into {out}{'' if counts['test'] else untested}; "
        f"next: emotion study --features {out} --out studies/{out.resolve().name}"
    )
