"""The sound track of a container, placed by its time stamps.

clock of the container   9.6       10.4            12.0 s
picture                  |-----------------------|
sound                               |------------|
what is read             0 0 0 0 0 0 x x x x x x x        time 0 is where the first track begins; silence before
                                                          the sound and in its holes, so that it stays in step
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from emotion.core.errors import MediaError
from emotion.corpus.containers import BROKEN, packets, sound_track, zero
from emotion.media.opening import open_container

Block = NDArray[np.float32]
_LEAD: Final = 0.5  # s before a segment at which decoding begins: a decoder needs some
_STEADY: Final = 0.05  # s by which time stamps may be rounded or drift before they are believed


@dataclass(slots=True)
class Sound:
    """A pass over a sound track; it grows while `blocks` is walked through.

    Attributes:
        rate: Hz.
        channels: how many.
        damaged: packets that could not be decoded.
        packets: that were looked at.
        end: where what was decoded so far ends, in samples from time 0.
    """

    rate: int
    channels: int
    damaged: int = 0
    packets: int = 0
    end: int = 0


def open_sound(container: InputContainer, path: Path) -> tuple[Sound, av.AudioStream]:
    """The track that is heard, to be decoded by one core; MediaError where there is none."""
    stream = sound_track(container)
    if stream is None:
        if container.streams.audio:
            raise MediaError(f"undecodable audio: {path} needs a decoder that FFmpeg does not have here")
        raise MediaError(f"no sound track: {path} has none, expected one, or a wav file of its own")
    stream.codec_context.thread_type, stream.codec_context.thread_count = "NONE", 1
    return Sound(stream.rate, stream.channels), stream


def blocks(container: InputContainer, stream: av.AudioStream, sound: Sound) -> Iterator[tuple[int, Block]]:
    """Decode a track from where the container stands; a damaged packet costs its own samples only.

    Yields:
        First sample, counted from time 0 (below 0 for what precedes it), and samples (channels, t). They rise and do
        not overlap; what is missing between them is silence.
    """
    planar, begin, position = av.AudioResampler(format="fltp"), zero(container), None
    for frame in _frames(container, stream, sound):
        stated = None if frame.time is None else round((frame.time - begin) * sound.rate)
        if position is None:
            position = stated or 0
        elif stated is not None and abs(stated - position) > _STEADY * sound.rate:
            position = max(position, stated)
        for part in planar.resample(frame):
            block = np.asarray(part.to_ndarray(), np.float32)
            sound.end = max(sound.end, position)
            yield position, block
            position += block.shape[1]
            sound.end = max(sound.end, position)


def _frames(container: InputContainer, stream: av.AudioStream, sound: Sound) -> Iterator[av.AudioFrame]:
    for packet in packets(container, [stream]):
        sound.packets += 1
        try:
            frames = packet.decode()
        except BROKEN:
            sound.damaged += 1
            continue
        yield from (frame for frame in frames if isinstance(frame, av.AudioFrame))


def read_track(path: Path, start: float, end: float, mix: Callable[[Block], Block]) -> tuple[list[Block], int, float]:
    """Decode a file's sound from `start` to `end` (s from time 0); where it ends earlier it is cut.

    Returns:
        Blocks (t,), mixed of (channels, t), that lie one after the other from `start` on, none where the sound has
        nothing in the segment; their rate (Hz); and where the sound ends as far as it was decoded (s).

    Raises:
        MediaError: no sound track, or nothing of it can be decoded.
    """
    found = _read(path, start, end, mix, seek=True) if start > 1 else None  # s; else it is read from its beginning
    found = found or _read(path, start, end, mix, seek=False)
    assert found is not None
    return found


def _read(
    path: Path, start: float, end: float, mix: Callable[[Block], Block], *, seek: bool
) -> tuple[list[Block], int, float] | None:
    """As `read_track`; None where seeking does not lead to a place before the segment."""
    with open_container(path, "audio") as container:
        sound, stream = open_sound(container, path)
        first, last = round(start * sound.rate), round(end * sound.rate)
        if seek:
            try:
                container.seek(round((zero(container) + start - _LEAD) * 1e6))
            except BROKEN:
                return None
        made, have = list[Block](), first
        for position, block in blocks(container, stream, sound):
            if seek and not made and position > first:
                return None
            if position >= last:
                made += [np.zeros(last - have, np.float32)] if made and have < last else []
                break
            part = block[:, max(0, first - position) : last - position]
            if part.shape[1]:
                silence = max(position, first) - have
                made += [np.zeros(silence, np.float32)] if silence else []
                made.append(mix(part))
                have += silence + part.shape[1]
        if not made and sound.damaged:
            raise MediaError(f"undecodable audio: {path} ({sound.damaged} of {sound.packets} packets are damaged)")
        if not made and seek:
            return None
        return made, sound.rate, sound.end / sound.rate
