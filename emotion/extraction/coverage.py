"""How much of what is delivered shows the speaker's face: numbers for a report, a table that names what to look at."""

from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from emotion.core.tables import csv_text, markdown_table
from emotion.corpus.utterance import Utterance, session_of
from emotion.extraction.outcome import kinds

_FAR_BELOW: Final = 1 / 6  # of the corpus's median score; a real face in shade or half turned has a quarter of it
_COLUMNS: Final = ("utterance", "speaker", "frames", "unseen", "dropped", "shots", "score", "gap", "turned", "remark")
_OF_SESSIONS: Final = (
    "session",
    "utterances",
    "without a clip",
    "frames",
    "that show the face",
    "mean score",
    "shots",
    "side changes",
    "frames of the fixed window",
)

Notes = Sequence[dict[str, Any]]


def summary(reasons: Sequence[str], notes: Notes, *, frames: Sequence[int]) -> dict[str, Any]:
    """The report's numbers; git keeps it, so it names nobody.

    Each utterance has a reason, '' where its clip is there, the note of its track, and frames of its clip. Of these
    `coverage` is the share of the delivered frames that show the whole face, `delivered` the share of the frames read
    that are delivered (None where there is no frame), `mean_score` the detector's, `longest_gap` the longest time in s
    without the face; the others are numbers of utterances: `doubtful` have a score far below the corpus's (a false
    face, a drawing, a mask), `turned` are of videos that were upside down or on their side.
    """
    seen = [note for note in notes if note]
    clips, unseen, dropped = sum(frames), _sum(seen, "unseen"), _sum(seen, "dropped")
    found = _sum(seen, "found")
    score = sum(note["score"] * note["found"] for note in seen)
    return {
        "coverage": round((clips - unseen) / clips, 4) if clips else None,
        "delivered": round(clips / (clips + dropped), 4) if clips + dropped else None,
        "utterances": len(reasons),
        "missing": sum(map(bool, reasons)),
        "mean_score": round(score / max(1, found), 3),
        "longest_gap": round(max((note["gap"] for note in seen), default=0.0), 3),
        "reasons": kinds(reasons),
        "cut_short": _count(seen, "cut"),
        "over_max_seconds": _count(seen, "limited"),
        "fixed_window": _count(seen, "fallback"),
        "turned": _count(seen, "turned"),
        "several_shots": _count(seen, "shots"),
        "doubtful": sum(_doubtful(notes)),
    }


def table(rows: Sequence[Utterance], reasons: Sequence[str], notes: Notes, *, frames: Sequence[int]) -> str:
    """A line of CSV per utterance, of what `summary` is given.

    `frames` and `unseen` count those of the clip, `dropped` those that are not in it; `score` is the detector's mean,
    `gap` s without the face, `turned` degrees; `remark` is the reason of a missing clip, or what was cut.
    """
    lines = []
    for row, reason, note, count, doubtful in zip(rows, reasons, notes, frames, _doubtful(notes), strict=True):
        remarks = [name for name in ("cut", "limited", "fallback", "sides") if note.get(name)] + ["doubtful"] * doubtful
        values = [note.get("unseen", 0), note.get("dropped", 0), note.get("shots", 1), note.get("score", "")]
        values += [note.get("gap", ""), note.get("turned", 0)]
        lines.append([row.utterance, row.speaker, count, *values, reason or "+".join(remarks)])
    return csv_text(_COLUMNS, lines)


def by_session(rows: Sequence[Utterance], notes: Notes, *, frames: Sequence[int]) -> str:
    """A table in Markdown: what the clips of each session show; one line for a corpus without sessions.

    Args:
        rows: of the index.
        notes: of the clips' tracks, see `summary`.
        frames: of the clips.
    """
    groups: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(session_of(row.dialogue) or "-", []).append(place)
    lines = []
    for name, places in sorted(groups.items()):
        seen, count = [notes[place] for place in places if notes[place]], sum(frames[place] for place in places)
        found = _sum(seen, "found")
        lines.append(
            (
                name,
                len(places),
                sum(frames[place] == 0 for place in places),
                count,
                f"{100 * (count - _sum(seen, 'unseen')) / count:.1f} %" if count else "",
                f"{sum(note['score'] * note['found'] for note in seen) / found:.3g}" if found else "",
                sum(note.get("shots", 1) for note in seen),
                _sum(seen, "sides"),
                sum(frames[place] for place in places if notes[place].get("fallback")),
            )
        )
    return markdown_table(_OF_SESSIONS, lines, figures=True)


def _doubtful(notes: Notes) -> list[bool]:
    scores = [note["score"] for note in notes if note and note["found"]]
    least = _FAR_BELOW * median(scores) if scores else 0.0
    return [bool(note) and note["found"] > 0 and note["score"] < least for note in notes]


def _sum(notes: Notes, name: str) -> int:
    return sum(note.get(name, 0) for note in notes)


def _count(notes: Notes, name: str) -> int:
    return sum(bool(note.get(name)) for note in notes)
