"""One utterance's waveform out of a sound file of any length: seek, read, mix to mono, resample."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from emotion.core.errors import ABSENT, EmotionError, MediaError
from emotion.corpus.containers import BROKEN, one_line, sound_header
from emotion.corpus.utterance import Index, Utterance
from emotion.media.opening import blame, check_file
from emotion.media.signals import resampler
from emotion.media.track import read_track

CHANNELS: Final = ("mix", "side")

_SIDES: Final = {"left": 0, "right": 1}
_RATES: Final = (1000, 768_000)  # Hz, what a file may have
_SHORTEST: Final = 2  # samples
_BLOCK: Final = 1 << 20  # samples read at once
_CANCELLED: Final = 0.01  # of the channels' mean energy is left in their mean; of independent ones 1 / their number


def read_segment(
    path: Path, *, start: float, end: float, rate: int, channel: int | None = None, max_seconds: float = math.inf
) -> NDArray[np.float32]:
    """Read a segment.

    Args:
        path: wav, flac or whatever else libsndfile decodes (8 to 32-bit integers or floats), or what FFmpeg decodes: a
            video with sound, m4a, opus, ...; of several sound tracks the one that is flagged default.
        start: s from the beginning of the file, where its first track begins; what of the segment lies before the
            sound begins is silence.
        end: s from the beginning of the file; a segment that ends after the file is cut, if at least half exists.
        rate: Hz of the result; resampled (windowed sinc) only where the file's differs.
        channel: 0 = left or 1 = right of a stereo file; None, or another number of channels: the mean of all, or the
            loudest where they cancel each other out.
        max_seconds: of the segment no more is read.

    Returns:
        (t,) in [-1, 1] for integer files; t is about `(end - start) * rate`, at least 2.

    Raises:
        MediaError: the file is missing, empty or broken, the segment is empty or lies beyond its end, or holds values
            that are no numbers. The message begins with the kind of problem and names file, found and expected.
    """
    check_file(path, "audio")
    start = max(0.0, start)
    if end <= start:
        raise MediaError(f"empty segment: {path}: {start:g}-{end:g} s, expected an end after the start")
    try:
        wave, own_rate = _read(path, _Segment(start, min(end, start + max_seconds), end), channel)
        if not np.isfinite(wave).all():
            bad = int((~np.isfinite(wave)).sum())
            raise MediaError(f"audio is not finite: {path} has {bad} of {len(wave)} samples in {start:g}-{end:g} s")
        if own_rate != rate:
            with torch.inference_mode():
                wave = resampler(own_rate, rate)(torch.from_numpy(wave)).numpy()
    except MediaError:
        blame(path)
        raise
    except MemoryError:
        raise MediaError(f"out of memory: {path}, segment is {start:g}-{end:g} s; lower max_seconds") from None
    except BROKEN as error:
        blame(path)
        raise MediaError(f"undecodable audio: {path} ({one_line(error)})") from None
    if len(wave) < _SHORTEST:
        raise MediaError(f"audio too short: {path} has {len(wave)} sample in {start:g}-{end:g} s, expected 2 or more")
    return wave


def reader(
    root: Path, *, rate: int, channel: str = "mix", max_seconds: float = math.inf
) -> Callable[[Utterance], NDArray[np.float32]]:
    """What reads an utterance's waveform: `read_segment` of its file; picklable.

    Args:
        root: the corpus's folder, to which the files' paths are relative.
        rate: Hz.
        channel: `mix` = the mean of all channels; `side` = of a stereo file only the speaker's own channel, left for an
            actor who is seen on the left, as in IEMOCAP's dialogue files, where each actor wears a microphone (mono
            files, and speakers whose side is `full` or a box, as with `mix`).
        max_seconds: of an utterance no more is read.

    Raises:
        EmotionError: no such channel.
    """
    if channel not in CHANNELS:
        raise EmotionError(f"audio.channel is {channel!r}, expected one of {', '.join(CHANNELS)}")
    return partial(_read_row, root=root, rate=rate, by_side=channel == "side", max_seconds=max_seconds)


def _read_row(row: Utterance, *, root: Path, rate: int, by_side: bool, max_seconds: float) -> NDArray[np.float32]:
    if not row.audio:
        raise MediaError(f"no audio: {ABSENT}")
    channel = _SIDES.get(row.side) if by_side else None
    return read_segment(
        root / row.audio, start=row.start, end=row.end, rate=rate, channel=channel, max_seconds=max_seconds
    )


def files(index: Index, *, root: Path) -> list[Path]:
    """All sound files of a corpus."""
    return [root / name for name in sorted({row.audio for row in index.utterances if row.audio})]


@dataclass(frozen=True, slots=True)
class _Segment:
    """What is read: `start` to `end` in s; `asked` is the end that the index gives, where that is later."""

    start: float
    end: float
    asked: float

    def __str__(self) -> str:
        return f"{self.start:g}-{self.asked:g} s"

    def check(self, path: Path, *, length: float) -> None:
        """Raise unless at least half of the segment lies in a file of `length` s."""
        about = f"{path} is {length:g} s long, segment is {self}"
        if self.start >= length:
            raise MediaError(f"segment beyond the audio's end: {about}")
        if 2 * (length - self.start) < self.end - self.start:
            raise MediaError(f"audio ends early: {about}, expected at least half of it")


class _Mixer:
    """Makes one channel of many, block by block, and notices where they cancel each other out.

    Args:
        side: the channel that is wanted of two; None = the mean of all.
        only: the channel that is wanted of any number.
    """

    def __init__(self, side: int | None = None, *, only: int | None = None) -> None:
        self._side, self._only = side, only
        self._own: NDArray[np.float64] | float = 0.0  # energy of each channel
        self._mixed = 0.0  # energy of the mean

    def __call__(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """(channels, t) -> (t,)."""
        channel = self._side if self._only is None and len(block) == len(_SIDES) else self._only
        if channel is not None:
            return np.ascontiguousarray(block[channel])
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is named later
            mean: NDArray[np.float32] = block.mean(axis=0, dtype=np.float32)
            if len(block) > 1:
                self._own = self._own + np.square(block, dtype=np.float64).sum(axis=1)
                self._mixed += float(np.square(mean, dtype=np.float64).sum())
        return mean

    def loudest(self) -> int | None:
        """The channel to take instead of a mean that has cancelled, e.g. left = -right; None = the mean is fine."""
        if np.ndim(self._own) == 0 or not self._mixed < _CANCELLED * float(np.mean(self._own)):
            return None
        return int(np.argmax(self._own))


def _read(path: Path, segment: _Segment, side: int | None) -> tuple[NDArray[np.float32], int]:
    """Mono samples and their rate in Hz."""
    read = _read_sound if sound_header(path)[0] else _read_video
    mixer = _Mixer(side)
    wave, rate = read(path, segment, mixer)
    loudest = mixer.loudest()
    return (wave, rate) if loudest is None else read(path, segment, _Mixer(only=loudest))


def _read_sound(path: Path, segment: _Segment, mixer: _Mixer) -> tuple[NDArray[np.float32], int]:
    """Of a file that libsndfile reads."""
    with soundfile.SoundFile(path) as file:
        rate = int(file.samplerate)
        check_rate(path, rate)
        segment.check(path, length=file.frames / rate)
        first, last = round(segment.start * rate), min(round(segment.end * rate), file.frames)
        file.seek(first)
        parts = [np.empty(0, np.float32)]
        for position in range(first, last, _BLOCK):
            parts.append(mixer(file.read(min(_BLOCK, last - position), dtype="float32", always_2d=True).T))
    wave = np.concatenate(parts)
    if 2 * len(wave) < last - first:  # the header promises more than there is
        segment.check(path, length=(first + len(wave)) / rate)
    return wave, rate


def _read_video(path: Path, segment: _Segment, mixer: _Mixer) -> tuple[NDArray[np.float32], int]:
    """Of a container's sound track."""
    parts, rate, length = read_track(path, segment.start, segment.end, mixer)
    check_rate(path, rate)
    segment.check(path, length=length)
    if not parts:
        raise MediaError(f"no sound in the segment: {path} has none in {segment}, only before or after it")
    return np.concatenate(parts).astype(np.float32, copy=False), rate


def check_rate(path: Path, rate: int) -> None:
    """Raise MediaError where the rate (Hz) is one that nothing records with."""
    if not _RATES[0] <= rate <= _RATES[1]:
        raise MediaError(f"undecodable audio: {path} has {rate} Hz, expected {_RATES[0]} to {_RATES[1]}")
