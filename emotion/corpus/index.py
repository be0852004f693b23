"""From a raw corpus to the index: read, split, check, write."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from emotion.corpus.iemocap import LABELS, read_iemocap
from emotion.corpus.splits import check_speakers, split_dialogues
from emotion.corpus.utterance import SPLITS, Utterance, write_index
from emotion.errors import EmotionError

# How to get a corpus whose folder is missing. Both are laid out like IEMOCAP's release, so one reader reads them.
_GET = {
    "synthetic": "write it with: dvc repro synthesize",
    "iemocap": "copy or link the unpacked release there (Session1 ... Session5)",
}


def index_corpus(*, corpus: str, root: Path, out: Path, label_rule: str, split: str) -> None:
    """Write the index of a corpus and say on stderr what it holds and what was skipped.

    Args:
        corpus: `synthetic` or `iemocap`.
        root: the corpus's folder.
        out: the index file to write, e.g. data/index.csv.
        label_rule: `released` or `strict`, see `emotion.corpus.iemocap`.
        split: see `emotion.corpus.splits`.

    Raises:
        EmotionError: the corpus is unknown, missing, empty or cannot be split this way; nothing is written then.
    """
    if corpus not in _GET:
        raise EmotionError(f"corpus is {corpus!r}, expected one of {', '.join(_GET)}")
    if not root.is_dir():
        raise EmotionError(f"{root}: the folder of corpus {corpus} does not exist; {_GET[corpus]}")
    if not any(root.iterdir()):
        raise EmotionError(f"{root}: the folder of corpus {corpus} is empty; {_GET[corpus]}")
    unsplit, skipped = read_iemocap(root, label_rule=label_rule)
    if not unsplit:
        raise EmotionError(f"{root}: no utterance with one of the six labels; skipped: {_listed(skipped)}")
    parts = split_dialogues((row.dialogue for row in unsplit), split=split)
    rows = [replace(row, split=parts[row.dialogue]) for row in unsplit]
    check_speakers(rows)
    write_index(out, rows, labels=LABELS, corpus=corpus, notes=skipped)
    sys.stderr.write(_summary(rows, skipped, out) + "\n")


def _summary(rows: Sequence[Utterance], skipped: Mapping[str, int], out: Path) -> str:
    counts = Counter(row.split for row in rows)
    parts = ", ".join(f"{name} {counts[name]}" for name in SPLITS)
    dialogues = len({row.dialogue for row in rows})
    return f"index: {len(rows)} utterances of {dialogues} dialogues ({parts}) in {out}; skipped: {_listed(skipped)}"


def _listed(skipped: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in skipped.items()) or "nothing"
