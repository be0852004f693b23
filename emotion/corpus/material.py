"""The media files of a table: found, measured by their headers, compared with its times."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emotion.core.errors import EmotionError, MediaError
from emotion.core.text import shortened
from emotion.corpus.lengths import media_length
from emotion.corpus.places import Places, has_sound, inside
from emotion.corpus.reading import Kind, Notes

NO_FILE = Kind("media files missing", "error", "copy them or fix the paths; until then their utterances lack them")
BAD_FILE = Kind("media files corrupt", "error", "replace them; until then their utterances lack them")
OTHER_NAME = Kind(
    "media files found under another Unicode form or other capitals of their name", "fact", "nothing to do"
)
OWN_SOUND = Kind("utterances whose sound is that of their video", "fact", "nothing to do")
LATE = Kind(
    "utterances that end after the end of their media",
    "warning",
    "look at column end; until then they end where the media end",
)
_LEEWAY = 0.5  # s; times in tables are not exact
_FAR, _SHORTEST = 5.0, 50.0  # times the length; ms that an utterance lasts at least


@dataclass(frozen=True, slots=True)
class _File:
    path: str  # as on the disk, '' where it cannot be used
    length: float  # s, 0 where it is not known
    place: str  # the first row that names it


class Material:
    """Files that the table names: looked at once each.

    Args:
        root: the table's folder.
        notes: takes what is missing, corrupt or odd.
    """

    def __init__(self, root: Path, notes: Notes) -> None:
        self._root, self._notes, self._places = root, notes, Places(root)
        self._files: dict[str, _File] = {}  # by the name in the table
        self._lengths: dict[str, float] = {}  # by the path on the disk
        self._sound: dict[str, bool] = {}
        self._late: list[tuple[str, float, float, float]] = []
        self._compared = 0

    def paths(self, row: Mapping[str, str], place: str) -> tuple[str, str]:
        """Audio and video of a row as paths inside the corpus, '' where there is none that can be used.

        A row that names a video and no audio has the video's sound.
        """
        audio, video = self._path(row, "audio", place), self._path(row, "video", place)
        if video and not row.get("audio"):
            if video not in self._sound:
                self._sound[video] = has_sound(self._root / video)
            if self._sound[video]:
                self._notes.add(OWN_SOUND, row["utterance"])
                audio = video
        return audio, video

    def length(self, *paths: str) -> float:
        """Length in s of the longest of some files, 0 where none is known."""
        return max(self._lengths.get(path, 0.0) for path in paths)

    def compare(self, utterance: str, start: float, end: float, length: float) -> None:
        """Remember an utterance that ends, in s, after its media."""
        self._compared += 1
        if end > 1.1 * length + _LEEWAY:
            self._late.append((utterance, start, end, length))
            self._notes.add(LATE, f"{utterance}: {end:g} s of {length:.2f} s")

    def check(self, table: Path) -> None:
        """Refuse a table of which no file can be used, or whose times are milliseconds.

        Raises:
            EmotionError: says what is wrong with it.
        """
        if self._files and not any(file.path for file in self._files.values()):
            name, file = next(iter(self._files.items()))
            raise EmotionError(
                f"{file.place}: {self._root / shortened(name)} cannot be used, nor any other of {len(self._files)} "
                f"media files; paths in {table.name} are relative to {self._root}"
            )
        thousandth = [late for late in self._late if _milliseconds(*late[1:])]
        if len(thousandth) > self._compared / 2:
            name, _, end, length = thousandth[0]
            raise EmotionError(
                f"{table}: column end: are these milliseconds? {name} ends at {end:g} s, its media at {length:.2f} s, "
                f"and so do {len(thousandth)} of {self._compared} rows; divide start and end by 1000, or write 1500 ms"
            )

    def _path(self, row: Mapping[str, str], column: str, place: str) -> str:
        name = row.get(column, "")
        if not name:
            return ""
        name = inside(name, column, place)
        if name not in self._files:
            self._files[name] = self._file(name, place)
        return self._files[name].path

    def _file(self, name: str, place: str) -> _File:
        try:
            path = self._places.find(name)
            length = self._lengths[path] = self._lengths.get(path) or media_length(self._root / path)
        except MediaError as error:
            text = str(error)
            missing = text.startswith("missing")
            shown = shortened(name) if text.endswith("does not exist") else shortened(text, most=400)
            self._notes.add(NO_FILE if missing else BAD_FILE, f"{place}: {shown}")
            return _File("", 0.0, place)
        if path != name:
            self._notes.add(OTHER_NAME, f"{place}: {shortened(name)}")
        return _File(path, length if math.isfinite(length) else 0.0, place)


def _milliseconds(start: float, end: float, length: float) -> bool:
    """Whether times fit their media as milliseconds, and not nearly as seconds: 12 s of 10 s is a slip, 2500 is not."""
    return end / 1000 <= 1.1 * length + _LEEWAY and end >= _FAR * length and end - start >= _SHORTEST
