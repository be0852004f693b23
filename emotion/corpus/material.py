"""The media files of a table: found on the disk, measured by their headers, compared with its times."""

import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from emotion.core.errors import EmotionError, MediaError, because
from emotion.core.text import is_printable, quoted, shortened
from emotion.corpus.containers import has_sound
from emotion.corpus.lengths import media_length
from emotion.corpus.reading import Kind, Notes

NO_FILE = Kind.error("media file{s} missing", "copy them or fix the paths; until then their utterances lack them")
BAD_FILE = Kind.error("media file{s} corrupt", "replace them; until then their utterances lack them")
OTHER_NAME = Kind.fact("media file{s} found under another Unicode form or other capitals of {its|their} name")
OWN_SOUND = Kind.fact("utterance{s} whose sound is that of {its|their} video")
LATE = Kind.warning(
    "utterance{s} that {ends|end} after the end of {its|their} media",
    "look at column end; until then they end where the media end",
)
_LEEWAY = 0.5  # s; times in tables are not exact
_FAR, _SHORTEST = 5.0, 50.0  # times the length; ms that an utterance lasts at least
_Names = defaultdict[str, list[str]]
_DRIVE = re.compile(r"[A-Za-z]:")
_STORED = re.compile(r"files/md5/[0-9a-f]{2}/[0-9a-f]{30}(\.dir)?$")  # DVC links a tracked file to its cache


class Material:
    """Files that a table names, looked at once each; what is missing, corrupt or odd is noted.

    The folder may be a link, but what is in it may not lead out of it.
    """

    def __init__(self, root: Path, notes: Notes) -> None:
        self._root, self._real, self._notes = root, root.resolve(), notes
        # By the name in the table: the path on the disk, '' where it cannot be used, and the first row that names it.
        self._files: dict[str, tuple[str, str]] = {}
        self._lengths: dict[str, float] = {}  # by the path on the disk
        self._sound: dict[str, bool] = {}
        # Names in a folder by their composed form, and by that without capitals.
        self._names: dict[Path, tuple[_Names, _Names]] = {}
        self._late: list[tuple[str, float, float, float]] = []
        self._compared = 0

    def paths(self, row: Mapping[str, str], place: str) -> tuple[str, str]:
        """Audio and video of a row as paths inside the corpus, '' where there is none that can be used.

        A row that names a video and no audio has the video's sound.
        """
        audio, video = self._path(row, "audio", place), self._path(row, "video", place)
        if video and not row["audio"]:
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
        if self._files and not any(path for path, _ in self._files.values()):
            name, (_, place) = next(iter(self._files.items()))
            raise EmotionError(
                f"{place}: {self._root / shortened(name)} cannot be used, nor any other of {len(self._files)} "
                f"media files; paths in {table.name} are relative to {self._root}"
            )
        # As milliseconds they fit, as seconds not nearly: 12 s of 10 s is a slip, 2500 s is not.
        thousandth = [
            (name, end, length)
            for name, start, end, length in self._late
            if end / 1000 <= 1.1 * length + _LEEWAY and end >= _FAR * length and end - start >= _SHORTEST
        ]
        if len(thousandth) > self._compared / 2:
            name, end, length = thousandth[0]
            raise EmotionError(
                f"{table}: column end: are these milliseconds? {name} ends at {end:g} s, its media at {length:.2f} s, "
                f"and so do {len(thousandth)} of {self._compared} rows; divide start and end by 1000, or write 1500 ms"
            )

    def _path(self, row: Mapping[str, str], column: str, place: str) -> str:
        if not row[column]:
            return ""
        name = inside(row[column], column, place)
        if name not in self._files:
            self._files[name] = (self._usable(name, place), place)
        return self._files[name][0]

    def _usable(self, name: str, place: str) -> str:
        try:
            path = self._find(name)
            self._lengths[path] = self._lengths.get(path) or media_length(self._root / path)
        except MediaError as error:
            text = str(error)
            missing = text.startswith("missing")
            shown = shortened(name) if text.endswith("does not exist") else shortened(text, most=400)
            self._notes.add(NO_FILE if missing else BAD_FILE, f"{place}: {shown}")
            return ""
        if path != name:
            self._notes.add(OTHER_NAME, f"{place}: {shortened(name)}")
        return path

    def _find(self, name: str) -> str:
        """The path of a plain file as it stands on the disk, relative to the folder; for the name see `inside`.

        Raises:
            MediaError: it is missing, or no plain file; the message begins with the kind of problem.
            EmotionError: it is a link that leads out of the folder.
        """
        found = PurePosixPath()
        for part in PurePosixPath(name).parts:
            found /= self._on_disk(self._root / found, part)
        path = self._root / found
        try:
            target = path.resolve(strict=True)
            mode = path.stat().st_mode
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            raise MediaError(f"corrupt: {path} cannot be opened ({shortened(because(error)[0])})") from None
        if not target.is_relative_to(self._real) and not _STORED.search(target.as_posix()):
            raise EmotionError(f"{path}: a link that leads out of {self._root}; copy there what it leads to")
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
            raise MediaError(f"corrupt: {path} is {kind}, expected a file")
        return found.as_posix()

    def _on_disk(self, folder: Path, name: str) -> str:
        """The one name in a folder that is this one, or differs from it in Unicode form or capitals only."""
        try:
            if os.path.lexists(folder / name):
                return name
            if folder not in self._names:
                forms, capitals = _Names(list), _Names(list)
                for other in sorted(path.name for path in folder.iterdir()):
                    forms[_composed(other)].append(other)
                    capitals[_composed(other).casefold()].append(other)
                self._names[folder] = forms, capitals
        except OSError as error:
            if isinstance(error, FileNotFoundError | NotADirectoryError):
                raise MediaError(f"missing: {folder / name} does not exist") from None
            raise MediaError(f"missing: {folder / name} cannot be seen ({because(error)[0]})") from None
        forms, capitals = self._names[folder]
        for found in (forms.get(_composed(name), []), capitals.get(_composed(name).casefold(), [])):
            if len(found) == 1:
                return found[0]
            if found:
                others = ", ".join(quoted(other, most=60) for other in found[:3])
                raise MediaError(
                    f"missing: {folder / name} does not exist, but {others} do, in other capitals or another form of "
                    "Unicode"
                )
        raise MediaError(f"missing: {folder / name} does not exist")


def inside(name: str, column: str, place: str) -> str:
    r"""A path of a table, with `/` for `\`.

    Raises:
        EmotionError: it leads out of the table's folder, or is no path.
    """
    path = name.replace("\\", "/")
    parts = PurePosixPath(path).parts
    if not is_printable(path) or path.startswith("/") or ".." in parts or _DRIVE.match(path):
        raise EmotionError(f"{place}: {column} is {quoted(path)}, expected a path relative to the table's folder")
    return PurePosixPath(path).as_posix()


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
