"""From a raw corpus to the index: read, split, check, write."""

import csv
import io
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from emotion.corpus.iemocap import read_iemocap
from emotion.corpus.meld import read_meld
from emotion.corpus.reading import Notes, Reading, Vote
from emotion.corpus.splits import NAMES, check_leaks, draw_dialogues, split_dialogues
from emotion.corpus.table import read_table
from emotion.corpus.utterance import SPLITS, Utterance, write_index
from emotion.errors import EmotionError
from emotion.files import write_text

# How to get a corpus whose folder is missing. The generated one is laid out like IEMOCAP's release, so one reader reads
# both.
CORPORA = {
    "synthetic": "write it with: dvc repro synthesize",
    "iemocap": "copy or link the unpacked release there (Session1 ... Session5)",
    "meld": "copy or link the unpacked release there (train_sent_emo.csv, train_splits, ...)",
    "table": "make it, with a table utterances.csv that has the columns utterance and label",
}
_SHOWN = 5  # places named per kind of deviation


def index_corpus(
    *,
    corpus: str,
    root: Path,
    out: Path,
    label_rule: str,
    split: str,
    allow_speaker_overlap: bool = False,
    annotators: Path | None = None,
) -> None:
    """Write the index of a corpus and say on stderr what it holds, what was skipped and what is missing.

    Args:
        corpus: one of `CORPORA`.
        root: the corpus's folder.
        out: the index file to write, e.g. data/index.csv.
        label_rule: `released` or `strict`, see `emotion.corpus.iemocap`; of no effect on other corpora.
        split: see `split_utterances`.
        allow_speaker_overlap: let speakers of the test set occur in training.
        annotators: CSV file to write with what each rater says, where the corpus has raters.

    Raises:
        EmotionError: the corpus is unknown, missing, empty or cannot be split this way; nothing is written then.
    """
    reading = read_corpus(corpus=corpus, root=root, label_rule=label_rule)
    rows = split_utterances(reading, corpus=corpus, split=split, allow_speaker_overlap=allow_speaker_overlap)
    check_leaks(rows, allow_speaker_overlap=allow_speaker_overlap)
    if annotators is not None:
        if not reading.votes:
            raise EmotionError(f"corpus {corpus} in {root} has no raters; leave out --annotators")
        write_votes(annotators, reading.votes)
    write_index(out, rows, labels=reading.labels, corpus=corpus, notes=reading.notes.counts())
    sys.stderr.write("\n".join([_summary(rows, reading.notes, out), *_named(reading.notes)]) + "\n")


def read_corpus(*, corpus: str, root: Path, label_rule: str) -> Reading:
    """Read a corpus; the arguments are those of `index_corpus`.

    Raises:
        EmotionError: the corpus is unknown, missing, empty or cannot be read.
    """
    if corpus not in CORPORA:
        raise EmotionError(f"corpus is {corpus!r}, expected one of {', '.join(CORPORA)}")
    if root.is_file():
        raise EmotionError(f"{root}: is a file, expected the folder of corpus {corpus} that holds it")
    if not root.is_dir():
        raise EmotionError(f"{root}: the folder of corpus {corpus} does not exist; {CORPORA[corpus]}")
    if not any(root.iterdir()):
        raise EmotionError(f"{root}: the folder of corpus {corpus} is empty; {CORPORA[corpus]}")
    if corpus == "meld":
        return read_meld(root)
    if corpus == "table":
        return read_table(root)
    reading = read_iemocap(root, label_rule=label_rule)
    if not reading.utterances:
        raise EmotionError(f"{root}: no utterance with one of the six labels; noted: {_listed(reading.notes)}")
    return reading


def split_utterances(reading: Reading, *, corpus: str, split: str, allow_speaker_overlap: bool) -> list[Utterance]:
    """Give every utterance its split.

    Args:
        reading: the corpus.
        corpus: its name.
        split: `corpus` = the corpus's own: MELD's, a table's column (drawn where it has none), and for IEMOCAP and its
            like `paper`. For these alone: `paper`, `cosmic`, `session1` .. `session5`, see `emotion.corpus.splits`.
        allow_speaker_overlap: a drawn split may ignore who speaks.

    Raises:
        EmotionError: the corpus has no such split, or one of the three would be empty.
    """
    own = corpus in ("meld", "table")
    if own and split != "corpus":
        raise EmotionError(f"split is {split!r}, but corpus {corpus} has its own only; set index.split to corpus")
    if split not in ("corpus", *NAMES):
        raise EmotionError(f"split is {split!r}, expected one of corpus, {', '.join(NAMES)}")
    rows = reading.utterances
    if own and rows[0].split:
        missing = [name for name in SPLITS if name not in {row.split for row in rows}]
        if missing:
            raise EmotionError(
                f"no utterance of corpus {corpus} is for {missing[0]}; expected some for each of the three"
            )
        return rows
    if own:
        parts = draw_dialogues(rows, allow_speaker_overlap=allow_speaker_overlap)
    else:
        parts = split_dialogues((row.dialogue for row in rows), split="paper" if split == "corpus" else split)
    return [replace(row, split=parts[row.dialogue]) for row in rows]


def write_votes(path: Path, votes: Iterable[Vote]) -> None:
    """Write utterance, rater, labels (with ; between them), valence, activation, dominance: one line per rater."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("utterance", "rater", "labels", "valence", "activation", "dominance"))
    writer.writerows((vote.utterance, vote.rater, ";".join(vote.labels), *vote.scales) for vote in votes)
    write_text(path, table.getvalue())


def _summary(rows: Sequence[Utterance], notes: Notes, out: Path) -> str:
    counts = Counter(row.split for row in rows)
    parts = ", ".join(f"{name} {counts[name]}" for name in SPLITS)
    dialogues = len({row.dialogue for row in rows})
    return f"index: {len(rows)} utterances of {dialogues} dialogues ({parts}) in {out}; noted: {_listed(notes)}"


def _named(notes: Notes) -> list[str]:
    """One line per kind of deviation that is more than a fact, with the first places."""
    lines = []
    for kind, places in notes.items():
        if kind.level != "fact":
            more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            lines.append(f"  {len(places)} {kind.name}: {', '.join(places[:_SHOWN])}{more}; {kind.mend}")
    return lines


def _listed(notes: Notes) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in notes.counts().items()) or "nothing"
