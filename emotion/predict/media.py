"""Recordings that people bring: which files, what is in them, and whether the model may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import soundfile

from emotion.bundle.card import Card
from emotion.bundle.folder import sha256
from emotion.bundle.late import LATE
from emotion.core.errors import REFUSED, EmotionError, MediaError
from emotion.core.text import counted, shortened
from emotion.corpus.containers import BROKEN, one_line, sound_header, stamped_ends
from emotion.corpus.iemocap import is_dialogue
from emotion.media.opening import check_file, open_container
from emotion.timeline.timeline import SHORTEST

DEMO: Final = (
    "a demonstration: the model was trained on drawn faces and synthetic voices, so what it says here means nothing"
)
SUFFIXES: Final = frozenset(
    f".{name}"
    for name in (
        *("3gp", "avi", "flv", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv", "ts", "webm", "wmv"),
        *("aac", "aif", "aiff", "flac", "m4a", "mka", "mp3", "oga", "ogg", "opus", "wav", "wma"),
    )
)
"""Of the files that are taken out of a folder."""


class Refused(EmotionError):
    """The model is not for this recording."""

    exit_code = REFUSED


@dataclass(frozen=True)
class Recording:
    """A recording and what is in it.

    Attributes:
        path: the file that the user named.
        sound: the file with its sound; None = it has none.
        video: the file with its pictures; None = it has none.
        seconds: its length, the longer of the two.
    """

    path: Path
    sound: Path | None
    video: Path | None
    seconds: float

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """Sha256 of its files."""
        return tuple(sha256(path) for path in dict.fromkeys((self.path, self.sound)) if path is not None)


def files(media: Sequence[Path]) -> list[Path]:
    """The files that are meant: those that are named, and those of a folder that hold sound or pictures.

    Raises:
        EmotionError: a folder holds none, or one file is meant twice.
    """
    found: list[Path] = []
    for path in media:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(
            file
            for file in path.iterdir()
            if file.suffix.lower() in SUFFIXES and file.is_file() and not file.name.startswith(".")
        )
        if not inside:
            raise EmotionError(f"{path}: no recording in this folder, expected files such as talk.mp4 or talk.wav")
        found += inside
    twice = [path for place, path in enumerate(found) if path in found[:place]]
    if twice:
        raise EmotionError(f"{twice[0]}: is named twice; name it once")
    return found


def look(path: Path, *, sound: Path | None = None) -> Recording:
    """What is in a recording.

    Args:
        path: the file.
        sound: the file with its sound, where it is another one; or the folder that has it under the same name.

    Raises:
        MediaError: a file is missing, empty, no media file, too short, or has neither sound nor pictures.
    """
    ends = _usable(path)
    if sound is not None:
        sound = _beside(path, sound)
        heard = _usable(sound)
        if "audio" not in heard:
            raise MediaError(f"no sound: {sound} has no sound track")
        ends = ends | {"audio": heard["audio"]}
    if not ends:
        raise MediaError(f"no sound and no pictures: {path} has no track that can be read")
    seconds = max(ends.values())
    if seconds < SHORTEST:
        raise MediaError(f"too short: {path} lasts {1000 * seconds:.2g} ms, expected a recording of people who talk")
    return Recording(
        path,
        sound=(sound or path) if "audio" in ends else None,
        video=path if "video" in ends else None,
        seconds=seconds,
    )


def by_name(text: str, paths: Sequence[Path | None]) -> str:
    """A text in which files stand by their names, without the folders of this machine."""
    whole = {str(form): path.name for path in paths if path is not None for form in (path, path.resolve())}
    for form in sorted(whole, key=len, reverse=True):
        text = text.replace(form, whole[form])
    return text


def check_allowed(card: Card, recordings: Sequence[Recording], *, demo: bool) -> list[str]:
    """Warnings of a model that was trained on the generated corpus.

    Raises:
        Refused: a recording is none of that corpus, and nobody said `--demo`; or the model is `hub:base`, and the
            recording is one of IEMOCAP by its name, which its audio head was trained on.
    """
    known_well = [recording.path for recording in recordings if is_dialogue(recording.path.stem)]
    if card.model == LATE and known_well:
        raise Refused(
            f"{known_well[0]}: is a recording of IEMOCAP by its name, and the audio head of {shortened(card.name)} was "
            "trained on IEMOCAP: it would be shown what it knows; take another model for it"
        )
    if not card.corpus.synthetic:
        return []
    known = set(card.media)
    others = [recording.path for recording in recordings if not known.issuperset(recording.digests)]
    if not others:
        return []
    if not demo:
        more = f" and {counted(len(others) - 1, 'others')}" if len(others) > 1 else ""
        raise Refused(
            f"{others[0]}{more}: the model {shortened(card.name)} was trained on drawn faces and synthetic voices and "
            "takes no other recording than those of its corpus; train one on recordings of people, or see how it works "
            "with --demo"
        )
    return [DEMO]


def _beside(path: Path, sound: Path) -> Path:
    if not sound.is_dir():
        return sound
    alike = [file for file in sorted(sound.iterdir()) if file.stem == path.stem and file.suffix.lower() in SUFFIXES]
    if len(alike) != 1:
        raise MediaError(f"no sound: {sound} has {counted(len(alike), 'files')} named {path.stem}, expected 1")
    return alike[0]


def _usable(path: Path) -> dict[str, float]:
    """`_ends`, and what to do where it cannot be read."""
    try:
        return _ends(path)
    except MediaError as error:
        remedy = "copy it again, or save it in another format, e.g. MP4 or WAV" if path.exists() else "check the path"
        raise MediaError(f"{error}; {remedy}") from None


def _ends(path: Path) -> dict[str, float]:
    """Where its sound (`audio`) and its pictures (`video`) end, s."""
    check_file(path, "media")
    try:
        with open_container(path, "media") as container:
            return {kind: end for kind, end in stamped_ends(container).items() if end > 0}
    except MediaError:
        if not sound_header(path)[0]:
            raise
    except BROKEN as error:
        raise MediaError(f"undecodable media: {path} ({one_line(error)})") from None
    with soundfile.SoundFile(path) as file:  # a kind that FFmpeg does not know
        return {"audio": file.frames / file.samplerate} if file.frames else {}
