"""Oddities of a corpus that readers handle and that users should know of: counted and shown by the doctor."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from emotion.corpus.meld import PARTS, clips_folder
from emotion.corpus.reading import Kind, Reading
from emotion.corpus.utterance import Utterance

APPLE = Kind("AppleDouble files (._name)", "fact", "nothing to do: they are not read; find ROOT -name '._*' -delete")
OVERLAP = Kind("turns that begin before the one before them has ended", "fact", "nothing to do: people interrupt")
ORDER = Kind("dialogues not in the order of start times", "fact", "nothing to do: the transcript's order counts")
PREFIX = Kind("dialogues whose name begins like another's", "fact", "nothing to do: names are compared whole")
ELSEWHERE = Kind("dialogues in the folder of another session", "error", "move them to the folder their name says")
ONE_SPEAKER = Kind(
    "dialogues with a single speaker", "fact", "nothing to do: they are monologues, or have no speaker column"
)
EXTRA = Kind("clips without a line in the CSV file", "fact", "nothing to do: they are not read")
LONG = Kind("utterances longer than a minute", "warning", "look at their times: the encoders cut what is too long")
TINY = Kind("utterances shorter than a tenth of a second", "warning", "look at their times: there is little to hear")
NO_TEXT = Kind(
    "utterances without text", "warning", "the text encoder gets an empty line; or leave text out of modalities"
)

_LONG, _TINY = 60.0, 0.1  # s


def quirks(reading: Reading, *, corpus: str, root: Path) -> list[tuple[Kind, Sequence[str]]]:
    """Kinds of oddities with their places; those that do not occur are left out."""
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
    return [(kind, places) for kind, places in found if places]


def _of_a_release(rows: Sequence[Utterance], root: Path) -> list[tuple[Kind, list[str]]]:
    dialogues: defaultdict[str, list[Utterance]] = defaultdict(list)
    for row in rows:
        dialogues[row.dialogue].append(row)
    pairs = [(first, second) for turns in dialogues.values() for first, second in pairwise(turns)]
    names = sorted(dialogues)
    paths = sorted(root.glob("Session*/dialog/transcriptions/Ses[0-9][0-9]*.txt"))
    return [
        (OVERLAP, [second.utterance for first, second in pairs if first.start <= second.start < first.end]),
        (ORDER, list(Counter(second.dialogue for first, second in pairs if second.start < first.start))),
        (PREFIX, [f"{one}, {two}" for one, two in pairwise(names) if two.startswith(one)]),
        (ELSEWHERE, [str(path) for path in paths if path.parts[-4] != f"Session{int(path.stem[3:5])}"]),
        (ONE_SPEAKER, [name for name in names if len({row.speaker for row in dialogues[name]}) == 1]),
    ]


def _extra_clips(rows: Sequence[Utterance], root: Path) -> list[str]:
    known = {row.utterance for row in rows}
    found = []
    for split, (name, _, _) in PARTS.items():
        folder = clips_folder(root, split)
        clips = sorted(folder.glob("*.mp4")) if folder else []
        found += [
            path.relative_to(root).as_posix()
            for path in clips
            if f"{name}_{path.stem}" not in known and not path.name.startswith("._")
        ]
    return found
