"""All the sound of a file in one pass, block by block, so that memory does not follow its length.

samples of the file     |......p......|......p......|...     a block, and a piece of each of its neighbours
after resampling             |..... q .....|                 what the neighbours made is cut off again

The blocks are those of the whole recording, resampled at once: a filter that ended at their borders would be heard
there.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from emotion.core.errors import MediaError
from emotion.corpus.containers import BROKEN, header_length, one_line, sound_header
from emotion.media.audio import check_rate
from emotion.media.opening import blame, check_file, open_container
from emotion.media.signals import resampler
from emotion.media.track import blocks, open_sound

Block = NDArray[np.float32]

_SECONDS: Final = 10.0  # of a block
_EDGE: Final = 32  # samples of the slower rate that the filter looks at on either side, at least
_LONGEST: Final = 48 * 3600.0  # s: time stamps that lie later are damaged
_SLACK: Final = 0.5  # s by which a header and the sound may differ
_CANCELLED: Final = 0.01  # of the channels' mean energy is left in their mean, see `mono`


class SoundStream:
    """The sound of a file, to be walked through once.

    Args:
        path: whatever libsndfile or FFmpeg decodes.
        rate: Hz of what comes out.

    Attributes:
        seconds: that came out so far.
        promised: s that the header says; 0 where it does not say.
        damaged: packets that could not be decoded so far.

    Raises:
        MediaError: no such file, no sound in it, or nothing that can be decoded.
    """

    def __init__(self, path: Path, *, rate: int) -> None:
        check_file(path, "audio")
        self.path, self.rate = path, rate
        self.seconds = self.promised = 0.0
        self.damaged = 0

    def __iter__(self) -> Iterator[Block]:
        """Blocks (channels, t) in [-1, 1] that follow each other from time 0; channels is 1 or 2, the same for all."""
        try:
            for block in self._sound() if sound_header(self.path)[0] else self._track():
                if not np.isfinite(block).all():
                    where = f"after {self.seconds:.0f} s"
                    raise MediaError(f"audio is not finite: {self.path} has samples that are no numbers {where}")
                self.seconds += block.shape[1] / self.rate
                yield block
        except MediaError:
            blame(self.path)
            raise
        except BROKEN as error:
            blame(self.path)
            raise MediaError(f"undecodable audio: {self.path} ({one_line(error)})") from None
        if not self.seconds:
            raise MediaError(f"empty audio: {self.path} has a sound track without samples")

    def cut_short(self) -> bool:
        """After the pass: whether the header promised more than there is."""
        return self.promised > self.seconds + _SLACK

    def _sound(self) -> Iterator[Block]:
        """Of a file that libsndfile reads."""
        with soundfile.SoundFile(self.path) as file:
            own = int(file.samplerate)
            check_rate(self.path, own)
            self.promised = file.frames / own
            parts = file.blocks(math.ceil(own * _SECONDS), dtype="float32", always_2d=True)
            yield from _resampled((_few(part.T) for part in parts), own, self.rate)

    def _track(self) -> Iterator[Block]:
        """Of a container's sound track."""
        with open_container(self.path, "audio") as container:
            self.promised = header_length(container)
            sound, stream = open_sound(container, self.path)
            check_rate(self.path, sound.rate)
            yield from _resampled(self._placed(blocks(container, stream, sound), sound.rate), sound.rate, self.rate)
            self.damaged = sound.damaged
            if not self.seconds and sound.damaged:
                raise MediaError(
                    f"undecodable audio: {self.path} ({sound.damaged} of {sound.packets} packets are damaged)"
                )

    def _placed(self, parts: Iterator[tuple[int, Block]], rate: int) -> Iterator[Block]:
        """Without what lies before time 0, and with silence in the holes."""
        channels, have, longest = 0, 0, round(max(self.promised + 60, 0 if self.promised else _LONGEST) * rate)
        for position, block in parts:
            if position > longest:
                self.promised = max(self.promised, have / rate + 2 * _SLACK)
                return
            part = _few(block[:, max(0, -position) :], channels)
            channels = channels or len(part)
            while position > have and part.shape[1]:
                silence = min(position - have, math.ceil(rate * _SECONDS))
                yield np.zeros((len(part), silence), np.float32)
                have += silence
            if part.shape[1]:
                yield part
                have += part.shape[1]


def mono(block: Block) -> Block:
    """(channels, t) -> (t,): the mean, or the loudest where the channels cancel each other out."""
    if len(block) == 1:
        only: Block = block[0]
        return only
    mean: Block = block.mean(axis=0, dtype=np.float32)
    energies = np.square(block, dtype=np.float64).sum(axis=1)
    cancelled = float(np.square(mean, dtype=np.float64).sum()) < _CANCELLED * float(energies.mean())
    loudest: Block = block[int(np.argmax(energies))]
    return loudest if cancelled else mean


def _few(block: Block, channels: int = 0) -> Block:
    """One or two channels as they are, of more the mean; or as many as are wanted, where a track changes on its way."""
    if len(block) == channels or (len(block) <= 2 and not channels):
        return block
    return np.repeat(mono(block)[None], channels or 1, axis=0)


def _resampled(parts: Iterator[Block], own: int, wanted: int) -> Iterator[Block]:
    """Blocks of about `_SECONDS` at another rate."""
    ratio = Fraction(own, wanted).limit_denominator(1000)  # as in `resampler`
    p, q = ratio.numerator, ratio.denominator
    size = p * math.ceil(_SECONDS * own / p)
    edge = p * math.ceil(_EDGE * max(1, p / q) / p) if own != wanted else 0
    held, before = list[Block](), 0  # before: samples of the block before at the beginning of what is held
    for part in parts:
        held.append(part)
        while sum(piece.shape[1] for piece in held) >= before + size + edge:
            whole = np.concatenate(held, axis=1)
            yield _converted(whole[:, : before + size + edge], own, wanted)[
                :, before * q // p : (before + size) * q // p
            ]
            held, before = [whole[:, before + size - edge :].copy()], edge
    whole = np.concatenate(held, axis=1) if held else np.zeros((1, 0), np.float32)
    if whole.shape[1] > before:
        yield _converted(whole, own, wanted)[:, before * q // p :]


def _converted(block: Block, own: int, wanted: int) -> Block:
    if own == wanted:
        return block
    with torch.inference_mode():
        made: Block = resampler(own, wanted)(torch.from_numpy(np.ascontiguousarray(block))).numpy()
    return made
