"""One utterance's waveform out of a sound file of any length: seek, read, mix to mono, resample."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torchaudio.transforms import Resample

from emotion.corpus.utterance import Index, Utterance
from emotion.errors import ABSENT, MediaError


def read_segment(path: Path, *, start: float, end: float, rate: int) -> NDArray[np.float32]:
    """Read a segment, the mean of all channels.

    Args:
        path: wav, flac or whatever else libsndfile decodes (8 to 32-bit integers or floats), or a video with sound.
        start: s from the beginning of the file.
        end: s from the beginning of the file; a segment that ends after the file is cut, if at least half exists.
        rate: Hz of the result; resampled (windowed sinc) only where the file's differs.

    Returns:
        (t,) in [-1, 1] for integer files; t is about `(end - start) * rate`, at least 2.

    Raises:
        MediaError: the file is missing, empty or broken, the segment is empty or lies beyond its end, or holds values
            that are no numbers. The message begins with the kind of problem and names file, found and expected.
    """
    if not path.is_file():
        raise MediaError(f"no audio file: {path} does not exist, expected a wav or flac file")
    if path.stat().st_size == 0:
        raise MediaError(f"empty audio file: {path} has 0 bytes, expected a wav or flac file")
    try:
        if path.suffix[1:].upper() in soundfile.available_formats():
            with soundfile.SoundFile(path) as file:
                wave, own_rate = _read(file, path, start, end), file.samplerate
        else:
            wave, own_rate = _read_video(path, start, end)
    except (soundfile.LibsndfileError, av.FFmpegError, OSError, RuntimeError) as error:
        raise MediaError(f"undecodable audio: {path} ({' '.join(str(error).split())})") from None
    if not np.isfinite(wave).all():
        bad = int((~np.isfinite(wave)).sum())
        raise MediaError(f"audio is not finite: {path} has {bad} of {len(wave)} samples in {start:g}-{end:g} s")
    if own_rate != rate:
        with torch.inference_mode():
            wave = _resampler(own_rate, rate)(torch.from_numpy(wave)).numpy()
    if len(wave) < 2:
        raise MediaError(f"audio too short: {path} has {len(wave)} sample in {start:g}-{end:g} s, expected 2 or more")
    return wave


def reader(root: Path, *, rate: int) -> Callable[[Utterance], NDArray[np.float32]]:
    """What reads an utterance's waveform: `read_segment` of its file under the corpus's folder `root`."""

    def read(row: Utterance) -> NDArray[np.float32]:
        if not row.audio:
            raise MediaError(f"no audio: {ABSENT}")
        return read_segment(root / row.audio, start=row.start, end=row.end, rate=rate)

    return read


def files(index: Index, *, root: Path) -> list[Path]:
    """All sound files of a corpus."""
    return [root / name for name in sorted({row.audio for row in index.utterances if row.audio})]


def _read(file: Any, path: Path, start: float, end: float) -> NDArray[np.float32]:  # noqa: ANN401 - soundfile is untyped
    """Mono samples at the file's own rate."""
    first, last = max(0, round(start * file.samplerate)), round(end * file.samplerate)
    if last <= first:
        raise MediaError(f"empty segment: {path}: {start:g}-{end:g} s, expected an end after the start")
    if first >= file.frames:
        length = file.frames / file.samplerate
        raise MediaError(f"segment beyond the audio's end: {path} is {length:g} s long, segment is {start:g}-{end:g} s")
    if 2 * (file.frames - first) < last - first:
        length = file.frames / file.samplerate
        raise MediaError(f"audio ends early: {path} is {length:g} s long, before the middle of {start:g}-{end:g} s")
    file.seek(first)
    channels = file.read(min(last, file.frames) - first, dtype="float32", always_2d=True)
    wave: NDArray[np.float32] = np.ascontiguousarray(channels.mean(axis=1, dtype=np.float32))
    return wave


def _read_video(path: Path, start: float, end: float) -> tuple[NDArray[np.float32], int]:
    """Mono samples of a video's first sound track, placed by its time stamps, and their rate in Hz."""
    if end <= start:
        raise MediaError(f"empty segment: {path}: {start:g}-{end:g} s, expected an end after the start")
    with av.open(str(path)) as container:
        if not container.streams.audio:
            raise MediaError(f"no sound track: {path} has none, expected one, or a wav file of its own")
        stream, planar = container.streams.audio[0], av.AudioResampler(format="fltp")
        own = stream.rate
        first, last = max(0, round(start * own)), round(end * own)
        if start > 1:  # s; to the packet before, some lead for the decoder
            container.seek(round((start - 0.5) * 1e6))
        parts, position = [], first
        for frame in container.decode(stream):
            position = max(0, round((frame.time or 0.0) * own))
            if position >= last:
                break
            wave = np.concatenate([part.to_ndarray().mean(axis=0) for part in planar.resample(frame)])
            parts.append(wave[max(0, first - position) : last - position])
            position += len(wave)
    if not sum(map(len, parts)):
        raise MediaError(
            f"segment beyond the audio's end: {path} is {position / own:g} s long, segment is {start:g}-{end:g} s"
        )
    return np.concatenate(parts).astype(np.float32), own


@lru_cache(maxsize=8)
def _resampler(own: int, wanted: int) -> Resample:
    return Resample(own, wanted)
