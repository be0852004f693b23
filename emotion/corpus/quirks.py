"""Oddities of a corpus that readers handle and that users should know of: counted and shown by the doctor."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from emotion.corpus.meld import PARTS, clips_folder
from emotion.corpus.reading import Finding, Kind, Reading, findings
from emotion.corpus.sense import overlaps
from emotion.corpus.utterance import Utterance

APPLE = Kind.fact("AppleDouble file{s} (._name)", "nothing to do: they are not read; find ROOT -name '._*' -delete")
OVERLAP = Kind.fact(
    "turn{s} that {begins|begin} before the one before {it|them} has ended", "nothing to do: people interrupt"
)
TWICE_AT_ONCE = Kind.fact(
    "pair{s} of utterances of one speaker that {overlaps|overlap} in time",
    "nothing to do where the release has them so, else copy dialog/EmoEvaluation from it",
)
ORDER = Kind.fact("dialogue{s} not in the order of start times", "nothing to do: the transcript's order counts")
PREFIX = Kind.fact("dialogue{s} whose name begins like another's", "nothing to do: names are compared whole")
ELSEWHERE = Kind.error("dialogue{s} in the folder of another session", "move them to the folder their name says")
ONE_SPEAKER = Kind.fact(
    "dialogue{s} with a single speaker", "nothing to do: they are monologues, or have no speaker column"
)
EXTRA = Kind.fact("clip{s} without a line in the CSV file", "nothing to do: they are not read")
LONG = Kind.warning("utterance{s} longer than a minute", "look at their times: the encoders cut what is too long")
TINY = Kind.warning("utterance{s} shorter than a tenth of a second", "look at their times: there is little to hear")
NO_TEXT = Kind.warning(
    "utterance{s} without text", "the text encoder gets an empty line; or leave text out of modalities"
)

_LONG, _TINY = 60.0, 0.1  # s


def quirks(reading: Reading, *, corpus: str, root: Path) -> list[Finding]:
    """Oddities of all corpora, and of this one."""
    rows = reading.utterances
    found: list[tuple[Kind, list[str]]] = [
        (APPLE, [path.relative_to(root).as_posix() for path in sorted(root.rglob("._*"))]),
        (LONG, [f"{row.utterance}: {row.end - row.start:.1f} s" for row in rows if row.end - row.start > _LONG]),
        (TINY, [f"{row.utterance}: {row.end - row.start:.3f} s" for row in rows if row.end - row.start < _TINY]),
    ]
    if corpus in ("iemocap", "synthetic"):
        found += _of_a_release(rows, root)
    if corpus == "meld":
        found.append((EXTRA, _extra_clips(rows, root)))
    elif any(row.text for row in rows):
        found.append((NO_TEXT, [row.utterance for row in rows if not row.text]))
    return findings(*found)


def _of_a_release(rows: Sequence[Utterance], root: Path) -> list[tuple[Kind, list[str]]]:
    dialogues: defaultdict[str, list[Utterance]] = defaultdict(list)
    for row in rows:
        dialogues[row.dialogue].append(row)
    pairs = [(first, second) for turns in dialogues.values() for first, second in pairwise(turns)]
    names = sorted(dialogues)
    paths = sorted(root.glob("Session*/dialog/transcriptions/Ses[0-9][0-9]*.txt"))
    return [
        (OVERLAP, [second.utterance for first, second in pairs if first.start <= second.start < first.end]),
        (TWICE_AT_ONCE, overlaps(rows)),
        (ORDER, list(Counter(second.dialogue for first, second in pairs if second.start < first.start))),
        (PREFIX, [f"{one}, {two}" for one, two in pairwise(names) if two.startswith(one)]),
        (ELSEWHERE, [str(path) for path in paths if path.parts[-4] != f"Session{int(path.stem[3:5])}"]),
        (ONE_SPEAKER, [name for name in names if len({row.speaker for row in dialogues[name]}) == 1]),
    ]


def _extra_clips(rows: Sequence[Utterance], root: Path) -> list[str]:
    known = {row.utterance for row in rows}
    folders = [(name, clips_folder(root, split)) for split, (name, _, _) in PARTS.items()]
    clips = [(name, path) for name, folder in folders if folder for path in sorted(folder.glob("*.mp4"))]
    extra = [path for name, path in clips if f"{name}_{path.stem}" not in known and not path.name.startswith("._")]
    return [path.relative_to(root).as_posix() for path in extra]
