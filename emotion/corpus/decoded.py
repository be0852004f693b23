"""What decoding every media file of a corpus tells: forms, damage, silence, and rows that do not fit their files.

Decoding is done by a function that is handed in, because media are read in a room above this one; it runs in processes
of its own, so a file that hangs or kills its decoder costs itself only.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from emotion.core import processes
from emotion.core.errors import MediaError
from emotion.core.progress import track
from emotion.core.text import shortened
from emotion.corpus.containers import one_line
from emotion.corpus.level import REMARKS, Level
from emotion.corpus.reading import Finding, Kind, findings
from emotion.corpus.utterance import Utterance

UNDECODABLE = Kind.error("media file{s} that cannot be decoded to {its|their} end", "copy them again")
ENDS_AFTER = Kind.error(
    "utterance{s} that {ends|end} after {its|their} file",
    "copy the file again, or correct their times: what is not there cannot be read",
)
TOO_FAR = Kind.error(
    "utterance{s} that {ends|end} far beyond {its|their} file: are these milliseconds?",
    "times are seconds: divide start and end by 1000 if they are milliseconds, else correct them",
)

_SLACK = 0.5  # s; times in corpora are not exact
_FAR = 100.0  # times its length: no copy of a file is so much too short
_LIMIT, _SPEED = 60.0, 200_000.0  # s, and bytes/s that decoding may take

Decode = Callable[[Path, Sequence[str]], "Medium"]


@dataclass(frozen=True, slots=True)
class Medium:
    """What decoding a file gave."""

    seconds: Mapping[str, float]  # column that names the file (`audio`, `video`) -> length of what was decoded for it
    form: str  # e.g. `2 channels, 16000 Hz` or `720x480, 29.97 frames/s, no sound`
    level: Level | None = None  # of its sound, None where it has none


def examine(rows: Sequence[Utterance], root: Path, decode: Decode, workers: int) -> tuple[Counter[str], list[Finding]]:
    """Decode every media file of a corpus once, in worker processes: how often each form was met, and what is wrong.

    `decode` is a module's function that reads a whole file for the columns that name it, and raises MediaError.
    """
    users: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        for column, name in media_of(row):
            users[name].add(column)
    names = list(users)
    forms: Counter[str] = Counter()
    found: dict[Kind, list[str]] = {kind: [] for kind in (UNDECODABLE, ENDS_AFTER, TOO_FAR, *REMARKS)}
    seconds: dict[tuple[str, str], float] = {}
    media = _decoded([(root / name, tuple(sorted(users[name]))) for name in names], decode, workers)
    for name, medium in zip(names, media, strict=True):
        if isinstance(medium, str):
            found[UNDECODABLE].append(medium)
            continue
        forms[medium.form] += 1
        seconds.update({(column, name): length for column, length in medium.seconds.items()})
        for kind, about in medium.level.oddities().items() if medium.level else ():
            found[kind].append(f"{name}: {about}")
    for kind, places in late(rows, seconds).items():
        found[kind] += places
    return forms, findings(*found.items())


def late(rows: Sequence[Utterance], seconds: Mapping[tuple[str, str], float]) -> dict[Kind, list[str]]:
    """Rows that end after their media, by kind; where a file's rows end 100 times too late, their unit is in question.

    A row whose sound or picture is the shorter one is fine while that holds at least half of it. `seconds` has the
    lengths that are known, by column and file.
    """
    over: defaultdict[tuple[str, str], list[Utterance]] = defaultdict(list)
    for row in rows:
        lengths = {(column, name): seconds[column, name] for column, name in media_of(row) if (column, name) in seconds}
        shortest = min(lengths, key=lambda medium: lengths[medium], default=None)
        if shortest is None or row.end <= lengths[shortest] + _SLACK:
            continue
        if row.end > max(lengths.values()) + _SLACK or 2 * (lengths[shortest] - row.start) < row.end - row.start:
            over[shortest].append(row)
    result: defaultdict[Kind, list[str]] = defaultdict(list)
    for (column, name), some in over.items():
        length = seconds[column, name]
        kind = TOO_FAR if max(row.end for row in some) >= _FAR * length else ENDS_AFTER
        what = f"{'the sound of ' if column == 'audio' else 'the picture of '}{name}"
        result[kind] += [f"{row.utterance} ends at {row.end:.2f} s, {what} at {length:.2f} s" for row in some]
    return dict(result)


def media_of(row: Utterance) -> list[tuple[str, str]]:
    """Columns `audio` and `video` where they have a file, each with it."""
    return [(column, name) for column, name in (("audio", row.audio), ("video", row.video)) if name]


def _decoded(tasks: Sequence[tuple[Path, Sequence[str]]], decode: Decode, workers: int) -> list[Medium | str]:
    """What came of each file, or why nothing did."""
    media: list[Medium | str] = [""] * len(tasks)
    done = processes.run(partial(_one, decode), tasks, workers=workers, limit=_limit)
    for number, medium in track(done, total=len(tasks), title="decode", unit="files"):
        lost = isinstance(medium, processes.Lost)
        media[number] = f"undecodable: {tasks[number][0]} ({medium.why})" if lost else medium
    return media


def _one(decode: Decode, task: tuple[Path, Sequence[str]]) -> Medium | str:
    """What decoding gave, or why it did not: whatever a library raises on one file must not end the report."""
    try:
        return decode(*task)
    except MediaError as error:
        return str(error)
    except Exception as error:
        return shortened(f"undecodable: {task[0]} ({type(error).__name__}: {one_line(error)})", most=500)


def _limit(task: tuple[Path, Sequence[str]]) -> float:
    """Seconds that a file may take."""
    try:
        return _LIMIT + task[0].stat().st_size / _SPEED
    except OSError:
        return _LIMIT
