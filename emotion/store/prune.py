"""Removing what nobody goes on with: journals, checkpoints and notes of abandoned settings, media for the page.

What a run needs cannot be told from a file's name (it is made from settings that may come back), so the rule is by age:
what no process holds and nobody has touched for some days goes. That costs time at most, never a result.
"""

import fnmatch
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emotion.core.errors import Busy, EmotionError, cannot
from emotion.core.locks import alone, hold

_OURS = ("*.journal", "*.finished", "*.partial", "fuse-*.pt", "fit_*.pt", "*.mp4")
_DAY = 24 * 60 * 60  # s


@dataclass(frozen=True)
class Leftover:
    """A file of unfinished work.

    Attributes:
        path: of the file.
        size: bytes.
        kept: why it stays: `in use` or `younger`; '' where it goes.
    """

    path: Path
    size: int
    kept: str = ""


def prune(folder: Path, *, days: float, dry_run: bool = False) -> list[Leftover]:
    """Remove what no process holds and what has not changed for some days; links are neither followed nor removed.

    `folder` is that of unfinished work, `environment.scratch_folder()`; 0 days = all; a dry run removes nothing. Gives
    every file of ours there.

    Raises:
        EmotionError: a file cannot be removed, or the folder is a link or in one: what lies there may be others' work.
    """
    if link := next((path for path in (folder, folder.parent) if path.is_symlink()), None):
        raise EmotionError(
            f"{link}: is a link to {link.resolve()}, nothing is removed there; remove by hand what is not needed"
        )
    now, found = time.time(), []
    try:
        for path, about in _files(folder):
            if not any(fnmatch.fnmatchcase(path.name, pattern) for pattern in _OURS):
                continue
            kept = "younger" if days > 0 and now - about.st_mtime < days * _DAY else _remove(path, dry_run=dry_run)
            found.append(Leftover(path, about.st_size, kept))
        if not dry_run:
            for path, _ in _files(folder):
                _remove_free_lock(path)
    except OSError as error:
        raise cannot("be pruned", Path(error.filename or folder), error) from None
    return found


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Regular files below a folder, sorted; links are passed over."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(root) / name
            try:
                about = path.lstat()
            except FileNotFoundError:  # its process has just finished
                continue
            if stat.S_ISREG(about.st_mode):
                yield path, about


def _remove(path: Path, *, dry_run: bool) -> str:
    """Remove a file unless a process holds it; returns why it is kept."""
    try:
        with alone(path.with_name(path.name.removesuffix(".partial"))):
            if not dry_run:
                path.unlink(missing_ok=True)
    except Busy:
        return "in use"
    return ""


def _remove_free_lock(path: Path) -> None:
    """A lock that a killed process left: taking it and giving it back removes it."""
    if path.name.startswith(".") and path.name.endswith(".lock"):
        try:
            with hold(path.with_name(path.name[1:].removesuffix(".lock"))):
                pass
        except Busy:
            pass
