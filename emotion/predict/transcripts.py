"""Which transcript is whose.

one recording        --transcript talk.srt
several              --transcript talks/     talk1.srt for talk1.mp4, or talk1.mp4.srt
                     --transcript all.rttm   an RTTM or a table that names its recordings
"""

from collections.abc import Callable
from pathlib import Path

from emotion.core.errors import EmotionError, cannot
from emotion.core.text import quoted, shortened
from emotion.timeline.reading import SUFFIXES, recordings_in

Find = Callable[[Path], Path | None]
"""From a recording to its transcript; EmotionError where it has none."""


def transcripts(given: Path | None, *, count: int) -> Find:
    """What finds the transcript of each recording.

    Args:
        given: file or folder that the user names; None = there are no transcripts.
        count: of recordings.

    Raises:
        EmotionError: one file is given for several recordings and does not say which part of it is whose, or it
            cannot be read.
    """
    if given is None:
        return lambda recording: None
    if given.is_dir():
        return lambda recording: _in_folder(given, recording)
    if count == 1:
        return lambda recording: given
    named = {Path(name).stem.casefold() for name in recordings_in(given)}
    if not named:
        raise EmotionError(
            f"{given}: the transcript of one recording, but there are {count}; give a folder with one for each, such "
            "as talk1.srt for talk1.mp4"
        )
    return lambda recording: _named(given, recording, named)


def _named(given: Path, recording: Path, named: set[str]) -> Path:
    if recording.stem.casefold() not in named:
        raise EmotionError(f"{recording}: {given} names {_listed(named)}, not this recording; add it, or leave it out")
    return given


def _in_folder(folder: Path, recording: Path) -> Path:
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
    except OSError as error:
        raise cannot("be read", folder, error) from None
    found = [file for file in files if file.stem == recording.name] or [
        file for file in files if file.stem == recording.stem
    ]
    if not found:
        expected = quoted(f"{recording.stem}.srt", most=80)
        raise EmotionError(f"{recording}: {folder} has no transcript of that name, expected e.g. {expected}; add it")
    if len(found) > 1:
        both = " and ".join(quoted(file.name, most=80) for file in found[:2])
        raise EmotionError(f"{recording}: {folder} has {both}, expected one transcript; remove or rename one")
    return found[0]


def _listed(named: set[str]) -> str:
    return shortened(", ".join(sorted(named)), most=80)
