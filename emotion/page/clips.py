"""Clips that people try: one after the other is predicted, in a process beside the server, out of a private folder.

upload -> FOLDER/ID/NAME -> waits -> predicted: FOLDER/ID/out/... -> shown until it is removed, or the server ends
the upload itself goes as soon as it is predicted, or cannot be
"""

import os
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, overload

from emotion.core import logs, processes
from emotion.core.errors import Busy, EmotionError
from emotion.core.locks import hold
from emotion.core.text import counted, printable, shortened
from emotion.page.trial import Asked, SoFar, Task, get_ready, in_words, predict_one

_PREFIX: Final = "emotion-serve-"
_KEPT: Final = 20  # clips that are kept
_WAITING: Final = 10  # clips that may wait
_MANY: Final = 10_000  # clips of one process
_PATIENCE: Final = 10.0  # s that the end of a process is waited for
_NAME: Final = 120  # characters of a file's name that are kept


class Full(EmotionError):
    """Too many clips wait."""


class _Stopped(Exception):
    """Nobody wants the clip any more."""


@dataclass
class Clip:
    """A clip and how far it is.

    Attributes:
        number: from 1.
        name: of the file, as its owner calls it; printable.
        folder: its own.
        speakers: how many there are, where its owner knows.
        state: `uploading`, `waiting`, `running`, `done` or `failed`.
        said: how far it is, or why it failed; a line.
        share: of the step that is done, None = not known.
    """

    number: int
    name: str
    folder: Path
    speakers: int | None = None
    state: str = "uploading"
    said: str = ""
    share: float | None = None
    stopped: bool = field(default=False, repr=False)

    @property
    def media(self) -> Path:
        """Where the upload lies."""
        return self.folder / self.name

    @property
    def out(self) -> Path:
        """Where its timeline lies."""
        return self.folder / "out"


class Clips:
    """The clips of a server, and the thread that has them predicted.

    Args:
        folder: private; see `private_folder`.
        asked: how.
    """

    def __init__(self, folder: Path, asked: Asked) -> None:
        self._folder, self._asked = folder, asked
        self._clips: dict[int, Clip] = {}
        self._waiting: deque[Clip] = deque()
        self._changed = threading.Condition()
        self._number, self._closed = 0, False
        self._thread = threading.Thread(target=self._work, name="clips", daemon=True)
        self._thread.start()

    def new(self, name: str, *, speakers: int | None = None) -> Clip:
        """A clip that is about to come; its file goes to `media`, then it is to be given to `start`, or to `remove`.

        Raises:
            Full: too many wait.
        """
        with self._changed:
            coming = [clip for clip in self._clips.values() if clip.state in ("uploading", "waiting")]
            if len(coming) >= _WAITING:
                raise Full(f"{counted(len(coming), 'clips')} wait already; try again when one is done")
            self._number += 1
            clip = Clip(self._number, file_of(name), self._folder / str(self._number), speakers)
            clip.folder.mkdir(mode=0o700)
            self._clips[clip.number] = clip
        for old in [one for one in list(self._clips.values()) if one.state in ("done", "failed")][:-_KEPT]:
            self.remove(old.number)
        return clip

    def start(self, clip: Clip) -> None:
        """It is whole: let it wait for its turn."""
        with self._changed:
            if clip.number in self._clips:  # nobody has removed it meanwhile
                clip.state = "waiting"
                self._waiting.append(clip)
                self._changed.notify_all()

    def get(self, number: int) -> Clip | None:
        """A clip; None where there is none of that number."""
        return self._clips.get(number)

    def remove(self, number: int) -> bool:
        """Forget a clip, whatever it is at, with all its files; whether there was one."""
        with self._changed:
            clip = self._clips.pop(number, None)
            if clip is None:
                return False
            clip.stopped = True
            with suppress(ValueError):
                self._waiting.remove(clip)
            if clip.state != "running":  # else the thread does it, when the process is gone
                shutil.rmtree(clip.folder, ignore_errors=True)
        return True

    def states(self) -> list[dict[str, Any]]:
        """Of all clips, the newest first, as the page shows them."""
        with self._changed:
            ahead = {clip.number: place for place, clip in enumerate(self._waiting)}
            running = any(clip.state == "running" for clip in self._clips.values())
            return [_shown(clip, ahead.get(clip.number, 0) + running) for clip in reversed(self._clips.values())]

    def close(self) -> None:
        """End what is running; nothing is begun any more."""
        with self._changed:
            self._closed = True
            for clip in self._clips.values():
                clip.stopped = True
            self._changed.notify_all()
        self._thread.join(_PATIENCE)

    def wait(self) -> Clip:
        """The clip whose turn it is, as soon as there is one."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                raise _Stopped
            clip = self._waiting.popleft()
            clip.state, clip.said = "running", "starting"
            return clip

    def _work(self) -> None:
        with suppress(_Stopped):
            while True:
                self._serve()

    def _serve(self) -> None:
        """Have one clip after the other predicted by a process, which starts before the first has come, and stays.

        Raises:
            _Stopped: the server ends.
        """
        coming = _Coming(self)

        def told(number: int, so_far: SoFar) -> None:
            clip = coming.given[number]
            if clip.stopped:
                raise _Stopped
            clip.said, clip.share = in_words(*so_far)

        why = "removed"
        try:
            for number, answer in processes.run(
                predict_one, coming, workers=1, start=get_ready, arguments=(self._asked,), told=told
            ):
                lost = isinstance(answer, processes.Lost)
                _end(coming.given.pop(number), f"the prediction ended: {answer.why}" if lost else str(answer))
        except _Stopped:
            if self._closed:
                raise
        except Exception as error:  # the clip's fault or ours: the server goes on with the next
            logs.error(printable(f"error: {type(error).__name__}: {shortened(str(error))}"))
            why = f"the prediction failed ({type(error).__name__}); the server's terminal says more"
            if not coming.given:  # no process can be started: it is tried again for the next clip only
                coming.given[0] = self.wait()
        finally:
            for clip in coming.given.values():
                _end(clip, why)


class _Coming(Sequence[Task]):
    """The tasks of clips as they come: the next is waited for.

    Attributes:
        given: number of the task -> its clip, until it has ended.
    """

    def __init__(self, clips: Clips) -> None:
        self._clips = clips
        self.given: dict[int, Clip] = {}

    def __len__(self) -> int:
        return _MANY

    @overload
    def __getitem__(self, number: int) -> Task: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[Task]: ...

    def __getitem__(self, number: int | slice) -> Task | Sequence[Task]:
        assert isinstance(number, int)
        if number not in self.given:  # else its process has died: it is tried again
            self.given[number] = self._clips.wait()
        clip = self.given[number]
        return clip.media, clip.out, clip.speakers


def _end(clip: Clip, why: str) -> None:
    """Its upload and its unfinished work go; all of it where nobody wants it any more."""
    clip.media.unlink(missing_ok=True)
    shutil.rmtree(clip.out / "work", ignore_errors=True)
    clip.state, clip.said = ("failed", why) if why else ("done", "")
    if clip.stopped:
        shutil.rmtree(clip.folder, ignore_errors=True)


def _shown(clip: Clip, ahead: int) -> dict[str, Any]:
    said = {"waiting": f"waits: {counted(ahead, 'clips')} before it" if ahead else "waits"}.get(clip.state, clip.said)
    about = {"id": clip.number, "name": clip.name, "state": clip.state, "said": said}
    return about | {"share": clip.share if clip.state == "running" else None}


def file_of(name: str) -> str:
    """A file's name for an upload: what its owner calls it, without folders and characters that no name has."""
    last = "".join(" " if char in '/\\"<>:|?*' or not char.isprintable() else char for char in name)
    stem, dot, suffix = " ".join(last.split()).replace(" .", ".").strip(". ").rpartition(".")
    tidy = f"{stem[: _NAME - 10]}{dot}{suffix[:10]}" if stem else suffix[:_NAME]
    while len(tidy.encode("utf-8", "replace")) > 2 * _NAME:  # file systems count bytes
        tidy = tidy[1:]
    return tidy.encode("utf-8", "replace").decode("utf-8") if tidy not in ("", "out") else "clip"


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only this user can read, removed at the end; what a killed server left goes, too."""
    for old in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not old.is_symlink() and old.is_dir() and old.stat().st_uid == os.getuid():
            with suppress(Busy), hold(old):
                shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))  # 0700
    try:
        with hold(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
