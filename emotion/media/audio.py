"""One utterance's waveform out of a sound file of any length: seek, read, mix to mono, resample."""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torchaudio.transforms import Resample

from emotion.corpus.utterance import Index, Utterance
from emotion.errors import ABSENT, EmotionError, MediaError
from emotion.media.opening import SOUND, check_file, open_container

CHANNELS: Final = ("mix", "side")

_SIDES: Final = {"left": 0, "right": 1}
_RATES: Final = (1000, 768_000)  # Hz, what a file may have
_RATIO: Final = 1000  # largest term of the ratio of two rates: the filters of 44101 -> 16000 Hz would take gigabytes
_SHORTEST: Final = 2  # samples


def read_segment(path: Path, *, start: float, end: float, rate: int, channel: int | None = None) -> NDArray[np.float32]:
    """Read a segment.

    Args:
        path: wav, flac or whatever else libsndfile decodes (8 to 32-bit integers or floats), or a video with sound.
        start: s from the beginning of the file.
        end: s from the beginning of the file; a segment that ends after the file is cut, if at least half exists.
        rate: Hz of the result; resampled (windowed sinc) only where the file's differs.
        channel: 0 = left or 1 = right of a stereo file; None, or another number of channels: the mean of all.

    Returns:
        (t,) in [-1, 1] for integer files; t is about `(end - start) * rate`, at least 2.

    Raises:
        MediaError: the file is missing, empty or broken, the segment is empty or lies beyond its end, or holds values
            that are no numbers. The message begins with the kind of problem and names file, found and expected.
    """
    check_file(path, "audio")
    if end <= max(0.0, start):
        raise MediaError(f"empty segment: {path}: {start:g}-{end:g} s, expected an end after the start")
    read = _read_sound if path.suffix[1:].upper() in SOUND else _read_video
    try:
        wave, own_rate = read(path, start, end, channel)
    except (soundfile.LibsndfileError, av.FFmpegError, OSError, RuntimeError) as error:
        raise MediaError(f"undecodable audio: {path} ({' '.join(str(error).split())})") from None
    if not np.isfinite(wave).all():
        bad = int((~np.isfinite(wave)).sum())
        raise MediaError(f"audio is not finite: {path} has {bad} of {len(wave)} samples in {start:g}-{end:g} s")
    if own_rate != rate:
        with torch.inference_mode():
            wave = _resampler(own_rate, rate)(torch.from_numpy(wave)).numpy()
    if len(wave) < _SHORTEST:
        raise MediaError(f"audio too short: {path} has {len(wave)} sample in {start:g}-{end:g} s, expected 2 or more")
    return wave


def reader(root: Path, *, rate: int, channel: str = "mix") -> Callable[[Utterance], NDArray[np.float32]]:
    """What reads an utterance's waveform.

    Args:
        root: the corpus's folder, to which the files' paths are relative.
        rate: Hz.
        channel: `mix` = the mean of all channels; `side` = of a stereo file only the speaker's own channel, left for
            an actor who is seen on the left, as in IEMOCAP's dialogue files, where each actor wears a microphone
            (mono files, and speakers whose side is `full`, as with `mix`).

    Returns:
        `read_segment` of an utterance's file; picklable.

    Raises:
        EmotionError: no such channel.
    """
    if channel not in CHANNELS:
        raise EmotionError(f"audio.channel is {channel!r}, expected one of {', '.join(CHANNELS)}")
    return partial(_read_row, root=root, rate=rate, by_side=channel == "side")


def _read_row(row: Utterance, *, root: Path, rate: int, by_side: bool) -> NDArray[np.float32]:
    if not row.audio:
        raise MediaError(f"no audio: {ABSENT}")
    channel = _SIDES.get(row.side) if by_side else None
    return read_segment(root / row.audio, start=row.start, end=row.end, rate=rate, channel=channel)


def files(index: Index, *, root: Path) -> list[Path]:
    """All sound files of a corpus."""
    return [root / name for name in sorted({row.audio for row in index.utterances if row.audio})]


def _mono(channels: NDArray[np.float32], channel: int | None) -> NDArray[np.float32]:
    """One channel, or the mean, of (channels, t)."""
    if channel is None or len(channels) != 2:
        mean: NDArray[np.float32] = channels.mean(axis=0, dtype=np.float32)
        return mean
    return np.ascontiguousarray(channels[channel])


def _check_rate(path: Path, rate: int) -> None:
    if not _RATES[0] <= rate <= _RATES[1]:
        raise MediaError(f"undecodable audio: {path} has {rate} Hz, expected {_RATES[0]} to {_RATES[1]}")


def _read_sound(path: Path, start: float, end: float, channel: int | None) -> tuple[NDArray[np.float32], int]:
    """Mono samples and their rate in Hz."""
    with soundfile.SoundFile(path) as file:
        rate = int(file.samplerate)
        _check_rate(path, rate)
        first, last = max(0, round(start * rate)), round(end * rate)
        _check_span(path, start, end, length=file.frames / rate)
        file.seek(first)
        samples = file.read(min(last, file.frames) - first, dtype="float32", always_2d=True)
    if 2 * len(samples) < min(last, file.frames) - first:  # the header promises more than there is
        _check_span(path, start, end, length=(first + len(samples)) / rate)
    return _mono(samples.T, channel), rate


def _check_span(path: Path, start: float, end: float, *, length: float) -> None:
    """Raise unless at least half of the segment lies in a file of `length` s."""
    about = f"{path} is {length:g} s long, segment is {start:g}-{end:g} s"
    if max(0.0, start) >= length:
        raise MediaError(f"segment beyond the audio's end: {about}")
    if 2 * (length - max(0.0, start)) < end - max(0.0, start):
        raise MediaError(f"audio ends early: {about}, expected at least half of it")


def _read_video(path: Path, start: float, end: float, channel: int | None) -> tuple[NDArray[np.float32], int]:
    """Mono samples of a video's first sound track, placed by its time stamps, and their rate in Hz."""
    with open_container(path, "audio") as container:
        if not container.streams.audio:
            raise MediaError(f"no sound track: {path} has none, expected one, or a wav file of its own")
        stream, planar = container.streams.audio[0], av.AudioResampler(format="fltp")
        rate, zero = stream.rate, (container.start_time or 0) / 1e6  # s; some formats do not begin at 0
        _check_rate(path, rate)
        first, last = max(0, round(start * rate)), round(end * rate)
        if start > 1:  # s; to the packet before, some lead for the decoder
            container.seek(round((zero + start - 0.5) * 1e6))
        parts, position = [], 0
        for frame in container.decode(stream):
            position = max(0, round(((frame.time or zero) - zero) * rate))
            if position >= last:
                break
            wave = np.concatenate(
                [_mono(np.asarray(part.to_ndarray(), np.float32), channel) for part in planar.resample(frame)]
            )
            parts.append(wave[max(0, first - position) : last - position])
            position += len(wave)
    _check_span(path, start, end, length=max(position, first + sum(map(len, parts))) / rate)
    if not parts:
        raise MediaError(f"no sound in the segment: {path} has none in {start:g}-{end:g} s, only before or after it")
    return np.concatenate(parts).astype(np.float32), rate


@lru_cache(maxsize=8)
def _resampler(own: int, wanted: int) -> Any:  # noqa: ANN401 - torchaudio is untyped
    ratio = Fraction(own, wanted).limit_denominator(_RATIO)
    return Resample(ratio.numerator, ratio.denominator)
