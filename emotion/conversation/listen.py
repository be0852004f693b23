"""What is heard: where somebody speaks, and which words, in one pass over the sound.

sound        ~~~~~ ~~~~~~~~      ~~~~ ~~~~~~~~~~~~     ~~~~~~~
regions      [---] [------]      [--] [----------]     [-----]      detector of speech (VAD), pauses of 0.25 s or more
windows      [------------]      [--------------------------...     up to 28 s, cut in pauses; the recogniser sees one
words        w w w w w w w       w w w w w w w w w     w w w w

A window that is cut within a word loses it, and long silences make Whisper invent some, so it is shown speech only.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from emotion.conversation.words import Region
from emotion.timeline.timeline import Word

RATE: Final = 16_000  # Hz

Wave = NDArray[np.float32]
FindSpeech = Callable[[Wave], Sequence[Region]]
"""From a waveform (t,) at 16 kHz to the regions of speech, s from its beginning, rising."""

_WINDOW: Final = 28.0  # s that the recogniser sees at once
_APART: Final = 2.0  # s of silence at which a window ends
_HELD: Final = 60.0  # s of sound that are collected before they are looked through
_LEAD: Final = 0.5  # s before the first region that are kept
_AROUND: Final = 0.2  # s around a window that the recogniser sees, too


class Recogniser(Protocol):
    """Speech to words."""

    def __call__(self, wave: Wave) -> list[Word]:
        """Words of a waveform (t,) at 16 kHz, s from its beginning."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What was heard.

    Attributes:
        regions: in which somebody speaks, rising.
        words: rising; none where there is no recogniser.
    """

    regions: tuple[Region, ...]
    words: tuple[Word, ...]


class Listener:
    """Takes in the sound block by block; memory is that of a minute.

    Args:
        find_speech: see `whisper.speech_finder`.
        recognise: see `whisper.recogniser`; None = words are not wanted.
    """

    def __init__(self, find_speech: FindSpeech, recognise: Recogniser | None) -> None:
        self._find, self._recognise = find_speech, recognise
        self._held: list[Wave] = []
        self._begin = 0  # samples before what is held
        self._count = 0  # samples held
        self._regions: list[Region] = []
        self._words: list[Word] = []

    def add(self, block: Wave) -> None:
        """The next samples, (t,) in [-1, 1] at 16 kHz."""
        self._held.append(block)
        self._count += len(block)
        if self._count >= _HELD * RATE:
            self._look(last=False)

    def finish(self) -> Speech:
        """All that was heard."""
        self._look(last=True)
        return Speech(tuple(self._regions), tuple(self._words))

    def _look(self, *, last: bool) -> None:
        """Look through what is held, and let go of all but what may go on."""
        wave = np.concatenate([np.zeros(0, np.float32), *self._held])
        windows, rest = _windows(self._find(wave) if len(wave) else ()), list[Region]()
        keep = len(wave) if last else max(0, len(wave) - round(_LEAD * RATE))
        if windows and not last:
            *windows, rest = windows
            done = windows[-1][-1].end if windows else 0.0  # what was said before is not heard twice
            keep = round(max(done, rest[0].start - _LEAD) * RATE)
        ends = [0.0, *(window[-1].end for window in windows)]
        starts = [*(window[0].start for window in (*windows, rest) if window), math.inf]
        for number, window in enumerate(windows):
            first = round(max(ends[number], window[0].start - _AROUND) * RATE)
            end = round(min(starts[number + 1], window[-1].end + _AROUND) * RATE)
            self._take(window, first, wave[first:end])
        self._begin += keep
        self._held, self._count = [wave[keep:].copy()], len(wave) - keep

    def _take(self, window: Sequence[Region], first: int, wave: Wave) -> None:
        """Regions and words of a window, whose sound begins `first` samples after what is held does."""
        offset, earliest = self._begin / RATE, self._regions[-1].end if self._regions else 0.0
        for region in window:
            start = max(earliest, offset + region.start)
            if offset + region.end > start:
                self._regions.append(Region(start, offset + region.end))
        if self._recognise is None:
            return
        latest = self._words[-1].start if self._words else 0.0
        for word in self._recognise(wave):
            latest = max(latest, offset + first / RATE + word.start)
            end = max(latest, offset + first / RATE + word.end)
            self._words.append(Word(latest, end, word.text, word.probability))


def _windows(regions: Sequence[Region]) -> list[list[Region]]:
    """Regions that the recogniser sees together."""
    windows: list[list[Region]] = []
    for region in regions:
        near = bool(windows) and region.start - windows[-1][-1].end < _APART
        if near and region.end - windows[-1][0].start <= _WINDOW:
            windows[-1].append(region)
        else:
            windows.append([region])
    return windows
