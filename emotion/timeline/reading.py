"""Transcripts in: a file of somebody else's, whatever its kind, as turns with speaker, text and times.

A kind is known by its suffix and by what the file holds; where the two differ, the error says so. Files are text in
UTF-8 (with or without its mark), UTF-16 or UTF-32; lines in Windows' cp1252, as old subtitles are, are read too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.text import quoted, shortened
from emotion.corpus.cells import folded
from emotion.corpus.decoding import read_text
from emotion.timeline import elan, praat, rttm, srt, table, vtt, whisperx
from emotion.timeline.segments import Read, Source, Transcript, transcript
from emotion.timeline.subtitles import ARROW
from emotion.timeline.whisperx import LARGEST

_HEAD = 1 << 16  # characters by which a kind is known
_PACKED = {"PK": "a zip archive or an Office file", "%PDF": "a PDF", "ooBinaryFile": "a TextGrid that is no text"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of transcript.

    Attributes:
        name: in words.
        suffixes: of its files, small letters; the first is the usual one.
        read: its reader.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Read


SRT: Final = Kind("SubRip", (".srt",), srt.read)
VTT: Final = Kind("WebVTT", (".vtt",), vtt.read)
JSON: Final = Kind("JSON", (".json",), whisperx.read)
RTTM: Final = Kind("RTTM", (".rttm",), rttm.read)
CSV: Final = Kind("CSV", (".csv", ".tsv"), table.read)
EAF: Final = Kind("ELAN", (".eaf",), elan.read)
TEXTGRID: Final = Kind("TextGrid", (".textgrid",), praat.read)
KINDS: Final = (SRT, VTT, JSON, RTTM, CSV, EAF, TEXTGRID)
SUFFIXES: Final = frozenset(suffix for kind in KINDS for suffix in kind.suffixes)
"""Of files that may be transcripts, in small letters."""
_EXPECTED = ", ".join(f"{kind.name} ({kind.suffixes[0]})" for kind in KINDS)


def read_transcript(path: Path, *, duration: float | None = None, recording: str = "") -> Transcript:
    """Read a transcript.

    Args:
        path: the file: SubRip, WebVTT, JSON as whisperX writes it, RTTM, CSV, ELAN or TextGrid.
        duration: s of the recording; None = unknown, times are not compared with it.
        recording: name of the recording's file: of a table or RTTM of several recordings its part is read.

    Returns:
        Who says what and when. Texts and names are tidied, see `emotion.timeline.names`.

    Raises:
        EmotionError: the file is missing, too large, of another kind than its suffix says or of none, damaged, or
            its times cannot be those of the recording; names file, line or segment, what was found and expected.
    """
    source, kind = _opened(path)
    return transcript(source, kind.read(source), kind=kind.name, duration=duration, recording=recording)


def recordings_in(path: Path) -> frozenset[str]:
    """The recordings that a transcript of several names: RTTM, or a table with them in a column; else none.

    Raises:
        EmotionError: see `read_transcript`.
    """
    source, kind = _opened(path)
    return frozenset(segment.recording for segment in kind.read(source)) - {""}


def _opened(path: Path) -> tuple[Source, Kind]:
    _check_file(path)
    try:
        text = read_text(path)
    except OSError as error:
        raise cannot("be read", path, error) from None
    return Source(path, text), _kind(path, text)


def _check_file(path: Path) -> None:
    check_waits(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise cannot("be read", path, error) from None
    if path.is_dir():
        raise EmotionError(f"{path}: is a folder, expected a transcript: {_EXPECTED}")
    if size > LARGEST:
        raise EmotionError(f"{path}: has {size >> 20} MiB, expected a transcript of {LARGEST >> 20} or less; split it")


def _kind(path: Path, text: str) -> Kind:
    """The kind of a file by suffix and content.

    Raises:
        EmotionError: it is empty, no text, of no kind that is known, or of another than its suffix says.
    """
    if not text.strip():
        raise EmotionError(f"{path}: empty, expected a transcript; correct it, or do without")
    for begin, packed in _PACKED.items():
        if text.startswith(begin):
            raise EmotionError(f"{path}: is {packed}, expected a transcript as text: {_EXPECTED}")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise EmotionError(f"{path}: line {line} holds NUL characters: no text; save the transcript again")
    suffix = path.suffix.lower()
    named = next((kind for kind in KINDS if suffix in kind.suffixes), None)
    found = _by_content(text[:_HEAD])
    if found is None and named is None:
        begins = quoted(shortened(text[:200], most=60), most=80)
        raise EmotionError(f"{path}: begins with {begins}, expected a transcript with times: {_EXPECTED}")
    if found and named and found is not named:
        raise EmotionError(
            f"{path}: its suffix means {named.name}, but it holds {found.name}; "
            f"rename it to {shortened(path.stem, most=60)}{found.suffixes[0]}"
        )
    kind = found or named
    assert kind is not None
    return kind


def _by_content(head: str) -> Kind | None:
    """The kind that a file looks like; None where it looks like none."""
    lines = list(_first(head))
    first = lines[0]
    if first.startswith("WEBVTT"):
        return VTT
    if first.startswith(("{", "[")) and re.match(r'\s*(?:\{\s*["}]|\[\s*[{\]])', head):
        return JSON
    if "<ANNOTATION_DOCUMENT" in head and first.startswith("<"):
        return EAF
    if "ooTextFile" in first or first.startswith('"Praat chronological'):
        return TEXTGRID
    if any(re.match(rf"-?\d[\d:.,]*\s*{ARROW}", line) for line in lines[:3]):
        return SRT
    fields = next((line for line in lines if not line.startswith(";;")), "").split()
    if len(fields) >= rttm.FEWEST and fields[0] in rttm.KINDS:
        return RTTM
    cells = {folded(cell.strip('"')) for cell in re.split(r"[,;\t|]", first)}
    return CSV if cells.issuperset(table.NEEDED) else None


def _first(head: str) -> Iterator[str]:
    """Lines that are not blank; there is one at least."""
    yield from (line.strip() for line in head.splitlines() if line.strip())
    yield ""
