"""Files that a table names, found on the disk: also under another Unicode form of the name or in other capitals."""

import os
import re
import stat
import unicodedata
from collections import defaultdict
from pathlib import Path, PurePosixPath

from emotion.core.errors import EmotionError, MediaError, because
from emotion.core.text import is_printable, quoted, shortened
from emotion.corpus.containers import BROKEN, open_container

_DRIVE = re.compile(r"[A-Za-z]:")
_STORED = re.compile(r"files/md5/[0-9a-f]{2}/[0-9a-f]{30}(\.dir)?$")  # DVC links a tracked file to its cache


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


class Places:
    """The files below a folder.

    Args:
        root: the folder; it may be a link, what is in it may not lead out of it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = root.resolve()
        self._names: dict[Path, tuple[dict[str, list[str]], dict[str, list[str]]]] = {}

    def find(self, name: str) -> str:
        """The path of a plain file as it stands on the disk, relative to the folder.

        Args:
            name: see `inside`.

        Raises:
            MediaError: it is missing, or no plain file; the message begins with the kind of problem.
            EmotionError: it is a link that leads out of the folder.
        """
        found = PurePosixPath()
        for part in PurePosixPath(name).parts:
            found /= self._on_disk(self.root / found, part)
        path = self.root / found
        try:
            target = path.resolve(strict=True)
            mode = path.stat().st_mode
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            raise MediaError(f"corrupt: {path} cannot be opened ({shortened(because(error)[0])})") from None
        if not target.is_relative_to(self._real) and not _STORED.search(target.as_posix()):
            raise EmotionError(f"{path}: a link that leads out of {self.root}; copy there what it leads to")
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
                self._names[folder] = _listing(folder)
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


def has_sound(path: Path) -> bool:
    """Whether a video has a sound track, by its header."""
    try:
        with open_container(path, problem="corrupt") as container:
            return bool(container.streams.audio)
    except BROKEN:
        return False


def _listing(folder: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    forms: defaultdict[str, list[str]] = defaultdict(list)
    capitals: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(path.name for path in folder.iterdir()):
        forms[_composed(name)].append(name)
        capitals[_composed(name).casefold()].append(name)
    return dict(forms), dict(capitals)


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
