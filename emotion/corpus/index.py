"""From a raw corpus to the index: read, split, check, write."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from emotion.core import logs, plugins
from emotion.core.errors import EmotionError, cannot
from emotion.core.files import check_name, write_text
from emotion.core.tables import csv_text
from emotion.core.text import counted, printable, quoted
from emotion.corpus import protocols, sense
from emotion.corpus.crema_d import read_crema_d
from emotion.corpus.decoding import AUTO
from emotion.corpus.iemocap import read_iemocap
from emotion.corpus.meld import read_meld
from emotion.corpus.own import read_own
from emotion.corpus.raw import CORPORA, how_to_get, is_own
from emotion.corpus.reading import Finding, Notes, Reading, Vote
from emotion.corpus.shared import of_folds, shared_findings, told
from emotion.corpus.splits import NAMES, check_leaks, draw_dialogues, is_known, split_dialogues
from emotion.corpus.table import read_table
from emotion.corpus.traces import trace_findings
from emotion.corpus.utterance import SPLITS, Utterance, write_index


def index_corpus(
    *,
    corpus: str,
    root: Path,
    out: Path,
    label_rule: str,
    split: str,
    allow_speaker_overlap: bool = False,
    ambiguous: bool = False,
    annotators: Path | None = None,
    without_raters: bool = False,
    encoding: str = AUTO,
) -> None:
    """Write the index of a corpus; say on stderr what it holds and what was skipped, is missing or makes no sense.

    Args:
        corpus: one of `CORPORA`, or `plugins/FILE.py:NAME`.
        root: the corpus's folder.
        out: the index file to write, e.g. data/index.csv.
        label_rule: `released` or `strict`, see `emotion.corpus.iemocap` and `crema_d`; of no effect on others.
        split: see `split_utterances`.
        allow_speaker_overlap: let speakers of the test set occur in training.
        ambiguous: keep utterances whose raters have no majority too; their label is ''.
        annotators: CSV file to write with what each rater says.
        without_raters: of a corpus without raters that file has a header only; else that is an error.
        encoding: of a table, see `emotion.corpus.decoding.table_text`.

    Raises:
        EmotionError: the corpus is unknown, missing, empty or cannot be split this way; nothing is written then.
    """
    check_name(out, begins=b"utterance,dialogue,turn,speaker,", suffixes=(".csv",))
    if annotators is not None:
        check_name(annotators, suffixes=(".csv",))
    reading = read_corpus(corpus=corpus, root=root, label_rule=label_rule, encoding=encoding, ambiguous=ambiguous)
    if not reading.votes and annotators is not None and not without_raters:
        raise EmotionError(f"corpus {corpus} in {root} has no raters; leave out --annotators")
    found = [*reading.notes.items(), *findings_of(reading.utterances, corpus=corpus)]
    for finding in found:
        if finding.kind in sense.ERRORS:
            raise EmotionError(f"{root}: {finding.told()}")
    try:
        rows = split_utterances(reading, corpus=corpus, split=split, allow_speaker_overlap=allow_speaker_overlap)
        check_leaks(rows, allow_speaker_overlap=allow_speaker_overlap)
    except EmotionError:
        _tell(_named(finding for finding in found if finding.kind == sense.SPEAKERS))  # it may be why
        raise
    if annotators is not None:
        write_votes(annotators, reading.votes)
    write_index(out, rows, labels=reading.labels, corpus=corpus, notes=reading.notes.counts())
    _tell(_made(rows, reading, out, found=found, split=split))


def _made(
    rows: Sequence[Utterance], reading: Reading, out: Path, *, found: Sequence[Finding], split: str
) -> Iterable[str]:
    """What is said of the written index."""
    share = of_folds([rows])
    found = [*found, *sense.split_findings(rows, reading.labels), *shared_findings(share)]
    counts = Counter(row.split for row in rows)
    of = f"of {counted(len({row.dialogue for row in rows}), 'dialogues')}"
    parts = ", ".join(f"{name} {counts[name]}" for name in SPLITS)
    made = f"index: {counted(len(rows), 'utterances')} {of} ({parts}) in {out}; noted: {_listed(reading.notes)}"
    unlabelled, left = sum(not row.label for row in rows), len(reading.utterances) - len(rows)
    kept = [f"without a majority of the raters: {counted(unlabelled, 'utterances')} kept"] if unlabelled else []
    apart = [f"split {split}: {counted(left, 'utterances')} left out"] if left else []
    said = [told(one.split, one.counts()) for one in share]
    return [made, *kept, *apart, *_named(found), *said, f"made of: {sense.made_of(rows)}"]


def findings_of(rows: Sequence[Utterance], *, corpus: str) -> list[Finding]:
    """What makes no sense in a corpus as it was read; for what its splits lack see `sense.split_findings`."""
    own: list[Finding] = []
    if is_own(corpus):  # releases are known: in them the transcript's order counts
        own = [*trace_findings(rows), *sense.order_findings(rows), *sense.row_findings(rows)]
    return [*sense.name_findings(rows), *own, *sense.modality_findings(rows)]


def check_root(corpus: str, root: Path) -> None:
    """See that there is such a corpus, and a folder with something in it.

    Raises:
        EmotionError: there is not.
    """
    if corpus not in CORPORA and not plugins.is_name(corpus):
        raise EmotionError(f"corpus is {quoted(corpus)}, expected one of {', '.join(CORPORA)}, or plugins/FILE.py:NAME")
    if root.is_file():
        raise EmotionError(f"{root}: is a file, expected the folder of corpus {corpus} that holds it")
    if not root.is_dir():
        raise EmotionError(f"{root}: the folder of corpus {corpus} does not exist; {how_to_get(corpus)}")
    try:
        empty = not any(root.iterdir())
    except OSError as error:
        raise cannot("be read", root, error) from None
    if empty:
        raise EmotionError(f"{root}: the folder of corpus {corpus} is empty; {how_to_get(corpus)}")


def read_corpus(*, corpus: str, root: Path, label_rule: str, encoding: str = AUTO, ambiguous: bool = False) -> Reading:
    """Read a corpus; the arguments are those of `index_corpus`.

    Raises:
        EmotionError: the corpus is unknown, missing, empty or cannot be read, or has no raters and must have some.
    """
    check_root(corpus, root)
    reading = _read(corpus, root, label_rule=label_rule, encoding=encoding)
    if not ambiguous:
        return reading
    if not reading.votes:
        raise EmotionError(
            f"corpus {corpus} in {root} has no raters; set index.ambiguous to false, or leave out --ambiguous"
        )
    kept = {row.utterance for row in reading.rated if not row.label}
    return replace(reading, utterances=reading.rated, notes=reading.notes.without(kept))


def _read(corpus: str, root: Path, *, label_rule: str, encoding: str) -> Reading:
    """What a corpus's own reader finds."""
    try:
        if plugins.is_name(corpus):
            return read_own(corpus, root)
        if corpus == "meld":
            return read_meld(root)
        if corpus == "crema_d":
            return read_crema_d(root, label_rule=label_rule)
        if corpus == "table":
            return read_table(root, encoding=encoding)
        reading = read_iemocap(root, label_rule=label_rule)
    except OSError as error:
        raise cannot("be read", error.filename or root, error) from None
    if not reading.utterances:
        raise EmotionError(f"{root}: no utterance with one of the six labels; noted: {_listed(reading.notes)}")
    return reading


def split_utterances(reading: Reading, *, corpus: str, split: str, allow_speaker_overlap: bool) -> list[Utterance]:
    """Give every utterance its split; those that the split leaves out are not among them.

    `corpus` is the corpus's own: MELD's, a table's column (drawn where it has none, and for CREMA-D), and for IEMOCAP
    and its like `paper`. For the last alone there are `paper`, `cosmic`, `session1` .. `session5`, see
    `emotion.corpus.splits`; for all whose scenarios are known those of `emotion.corpus.protocols`.

    Raises:
        EmotionError: the corpus has no such split, or one of the three would be empty.
    """
    own, rows = corpus in ("meld", "crema_d") or is_own(corpus), reading.utterances
    if not is_known(split):
        raise EmotionError(f"split is {quoted(split)}, expected one of corpus, {', '.join(NAMES)}, {protocols.NAMES}")
    if protocols.is_split(split):
        apart = protocols.split_apart(rows, split=split)
        return [replace(row, split=apart[row.dialogue]) for row in rows if apart[row.dialogue]]
    if own and split != "corpus":
        raise EmotionError(f"split is {quoted(split)}, but corpus {corpus} has its own only; set index.split to corpus")
    if own and rows[0].split:
        missing = [name for name in SPLITS if name not in {row.split for row in rows}]
        if missing:
            raise EmotionError(
                f"no utterance of corpus {corpus} is for {missing[0]}, expected some for each of {', '.join(SPLITS)}; "
                "give it some (a table without the column split gets one that is drawn)"
            )
        return rows
    if own:
        parts = draw_dialogues(rows, allow_speaker_overlap=allow_speaker_overlap)
    else:
        parts = split_dialogues((row.dialogue for row in rows), split="paper" if split == "corpus" else split)
    return [replace(row, split=parts[row.dialogue]) for row in rows]


def write_votes(path: Path, votes: Iterable[Vote]) -> None:
    """Write utterance, rater, labels (with ; between them), valence, activation, dominance: one line per rater."""
    header = ("utterance", "rater", "labels", "valence", "activation", "dominance")
    rows = ((vote.utterance, vote.rater, ";".join(vote.labels), *vote.scales) for vote in votes)
    write_text(path, csv_text(header, rows))


def _named(found: Iterable[Finding]) -> list[str]:
    """One line per kind of deviation that is more than a fact, with the first places."""
    return [f"  {finding.told()}" for finding in found if finding.kind.level != "fact"]


def _listed(notes: Notes) -> str:
    return ", ".join(kind.counted(len(places)) for kind, places in notes.items()) or "nothing"


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        logs.info(printable(line))
