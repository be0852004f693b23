"""Timelines out: one format a file, all of them whole before the first takes its place."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from emotion.core.errors import EmotionError
from emotion.core.files import write_all
from emotion.core.text import quoted
from emotion.timeline import elan, json_file, praat, srt, table, vtt
from emotion.timeline.timeline import Timeline

WRITERS: Final[Mapping[str, Callable[[Timeline], str]]] = {
    "csv": table.write,
    "json": json_file.write,
    "vtt": vtt.write,
    "srt": srt.write,
    "eaf": elan.write,
    "textgrid": praat.write,
}
"""Format -> the text of a file."""
_SUFFIXES = {"textgrid": ".TextGrid"}  # as Praat writes it; others are called like the format


def file_name(form: str, *, stem: str = "timeline") -> str:
    """Name of a format's file."""
    return stem + _SUFFIXES.get(form, f".{form}")


def write_timeline(folder: Path, timeline: Timeline, *, formats: Sequence[str] = tuple(WRITERS)) -> dict[str, Path]:
    """Write a timeline into a folder; the same timeline gives the same bytes.

    Args:
        folder: is made where it does not exist.
        timeline: each of its turns has a speaker.
        formats: some of `WRITERS`.

    Returns:
        Format -> its file.

    Raises:
        Busy: another process is writing one of the files.
        EmotionError: a format is unknown, or a file cannot be written; all are as they were.
    """
    for form in formats:
        if form not in WRITERS:
            raise EmotionError(f"format {quoted(form, most=40)} is unknown, expected some of {', '.join(WRITERS)}")
    paths = {form: folder / file_name(form) for form in dict.fromkeys(formats)}
    write_all({path: WRITERS[form](timeline).encode() for form, path in paths.items()})
    return paths
