"""Which media belong to a dialogue or an utterance, and their MP4 files for browsers in `.cache/emotion/media`."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emotion.core import logs, processes
from emotion.core.environment import scratch_folder, workers
from emotion.core.locks import hold
from emotion.core.progress import track
from emotion.corpus.containers import has_sound
from emotion.corpus.utterance import Utterance
from emotion.page import transcode
from emotion.page.transcode import Job

_REVISION = "2"  # of what transcode writes
_LARGEST = 4 << 30  # bytes of the folder, beyond which the files that were not used for longest go
_PATIENCE = 600.0  # s that one file may take


@dataclass(frozen=True)
class Medium:
    """What is played: files of the corpus.

    Attributes:
        video: with pictures, None = sound only.
        sound: where the video has none, or instead of it.
    """

    video: Path | None
    sound: Path | None


@dataclass(frozen=True)
class Media:
    """What can be played of a run.

    Attributes:
        dialogues: per dialogue its medium; None = there is none, or each utterance has its own.
        clips: row of the index -> medium, where the utterances of a dialogue have each their own.
    """

    dialogues: list[Medium | None]
    clips: dict[int, Medium]

    def __bool__(self) -> bool:
        """Whether there is anything to play."""
        return bool(self.clips) or any(self.dialogues)


def find(root: Path, dialogues: Sequence[Sequence[tuple[int, Utterance]]]) -> Media:
    """Look for the media that an index names.

    Args:
        root: the corpus's folder.
        dialogues: rows of the index with their numbers.
    """
    whole: list[Medium | None] = []
    clips: dict[int, Medium] = {}
    for rows in dialogues:
        named = {(row.video, row.audio) for _, row in rows}
        shared = len(named) == 1 or len({row.video for _, row in rows if row.video}) == 1
        if shared and len(rows) > 0 and _one_line_of_time(rows):
            whole.append(_medium(root, [row.video for _, row in rows], [row.audio for _, row in rows]))
            continue
        whole.append(None)
        for place, row in rows:
            if medium := _medium(root, [row.video], [row.audio]):
                clips[place] = medium
    return Media(whole, clips)


def _one_line_of_time(rows: Sequence[tuple[int, Utterance]]) -> bool:
    """Whether one file holds several utterances one after the other: each has a part of its own."""
    if len(rows) == 1:
        return True
    parts = {(row.start, row.end) for _, row in rows}
    return len(parts) > 1 or all(row.start > 0 for _, row in rows)


def _medium(root: Path, videos: Sequence[str], sounds: Sequence[str]) -> Medium | None:
    video = next((root / name for name in videos if name and (root / name).is_file()), None)
    shared = set(filter(None, sounds))
    sound = root / shared.pop() if len(shared) == 1 else None
    if sound is not None and (sound == video or not sound.is_file()):
        sound = None
    if video is None and sound is None:
        return None
    if video is not None and sound is not None and has_sound(video):
        sound = None
    return Medium(video, sound)


def folder() -> Path:
    """Where transcoded media are kept."""
    return scratch_folder() / "media"


def place(medium: Medium) -> Path:
    """The MP4 file of a medium, whether it is made already or not."""
    digest = hashlib.sha256(_REVISION.encode())
    for path in (medium.video, medium.sound):
        about = path.stat() if path is not None else None
        text = "" if path is None or about is None else f"{path.resolve()}\0{about.st_size}\0{about.st_mtime_ns}"
        digest.update(f"{text}\0\0".encode("utf-8", "surrogateescape"))
    return folder() / f"{digest.hexdigest()[:32]}.mp4"


def make(media: Mapping[str, Medium], *, title: str = "media for the browser") -> dict[str, Path]:
    """Transcode what is not there yet, in worker processes.

    Args:
        media: name for messages -> medium.
        title: what the progress says.

    Returns:
        Name -> file; what cannot be made is left out, with a warning.
    """
    places = {name: place(medium) for name, medium in media.items()}
    todo = {path: name for name, path in places.items() if not path.is_file()}
    jobs = [Job(media[name].video, media[name].sound, path) for path, name in todo.items()]
    done = processes.run(transcode.work, jobs, workers=workers(), limit=lambda _: _PATIENCE) if jobs else iter(())
    for number, answer in track(done, total=len(jobs), title=title, unit="files"):
        why = answer.why if isinstance(answer, processes.Lost) else answer
        if why:
            logs.warning(f"{jobs[number].video or jobs[number].sound}: cannot be played on the page ({why})")
    found = {name: path for name, path in places.items() if path.is_file()}
    _touch(found.values())
    _bound(set(found.values()))
    return found


def make_one(medium: Medium) -> Path | None:
    """One file, made by this thread where it is not there yet; None where it cannot be made."""
    path = place(medium)
    if not path.is_file():
        with hold(path.with_suffix(".making"), wait=_PATIENCE):
            why = "" if path.is_file() else transcode.work(Job(medium.video, medium.sound, path))
        if why:
            logs.warning(f"{medium.video or medium.sound}: cannot be played on the page ({why})")
            return None
    _touch([path])
    _bound({path})
    return path


def _touch(paths: Iterable[Path]) -> None:
    """Used now: what is used goes last."""
    for path in paths:
        path.touch()


def _bound(used: set[Path]) -> None:
    """Remove what was not used for longest until the folder is as small as it may be."""
    files = sorted(((path.stat().st_mtime, path.stat().st_size, path) for path in folder().glob("*.mp4")), reverse=True)
    total = 0
    for _, size, path in files:
        total += size
        if total > _LARGEST and path not in used:
            path.unlink(missing_ok=True)
