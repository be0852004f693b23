"""Broken and odd media files for `benchmarks.bad_media`: what each is, and what must be said about it."""

import io
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import soundfile

from emotion.corpus.synthetic.expression import Pose
from emotion.corpus.synthetic.face import Painter
from emotion.corpus.synthetic.portrait import prepare
from emotion.corpus.synthetic.video import canvas

RATE = 16000  # Hz
SECONDS = 2.0  # length of what is whole
FPS = 15.0
SIZE = (360, 240)  # px
USED = ""  # the kind of a file that is odd and can be used all the same
Make = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """One utterance with something wrong.

    Attributes:
        name: of the file.
        what: is wrong, in words.
        modality: audio or video.
        kind: how the reason must begin, `USED` where the file serves.
        make: writes the file; None = it is not there.
        start: s.
        end: s.
    """

    name: str
    what: str
    modality: str
    kind: str
    make: Make | None
    start: float = 0.2
    end: float = 1.2


def wave(seconds: float = SECONDS) -> np.ndarray:
    """A tone, (t,) float64 in [-0.5, 0.5]."""
    return 0.5 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * RATE)) / RATE)


def sound(values: np.ndarray | None = None, *, subtype: str = "PCM_16", form: str = "WAV", rate: int = RATE) -> bytes:
    """A sound file."""
    page = io.BytesIO()
    soundfile.write(page, wave() if values is None else values, rate, subtype=subtype, format=form)
    return page.getvalue()


@cache
def _actors() -> np.ndarray:
    """Two drawn actors, (480, 720, 3) uint8."""
    frame = canvas(1, "FM")
    for side, gender in enumerate("FM"):
        drawn = Painter(prepare(1, gender)).draw(Pose())
        top, left = (480 - drawn.shape[0]) // 2, side * 360 + (360 - drawn.shape[1]) // 2
        frame[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    return frame


def picture(number: int, size: tuple[int, int]) -> np.ndarray:
    """Both actors with some noise of the camera, (height, width, 3) uint8."""
    scaled = cv2.resize(_actors(), size, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(number).normal(0, 6, scaled.shape)
    return np.clip(scaled + noise, 0, 255).astype(np.uint8)


def video(path: Path, *, frames: int = 30, size: tuple[int, int] = SIZE, codec: str = "XVID") -> None:
    """A video file, by OpenCV."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), FPS, size)
    for number in range(frames):
        writer.write(picture(number, size))
    writer.release()


def of_bytes(content: bytes) -> Make:
    """What writes these bytes."""
    return lambda path: path.write_bytes(content) and None


def changed(suffix: str, change: Callable[[bytes], bytes], **options: object) -> Make:
    """What writes a good video and then changes its bytes."""

    def make(path: Path) -> None:
        good = path.with_name("whole" + suffix)
        video(good, codec="mp4v" if suffix == ".mp4" else "XVID", **options)
        path.write_bytes(change(good.read_bytes()))
        good.unlink()

    return make


def patched(content: bytes, at: int, form: str, *values: int) -> bytes:
    """Bytes with some numbers replaced."""
    page = bytearray(content)
    struct.pack_into(form, page, at, *values)
    return bytes(page)


def zero_rate(content: bytes) -> bytes:
    """An AVI without a frame rate: 0 in its main header and 0 / 0 in its stream's."""
    content = patched(content, content.index(b"avih") + 8, "<I", 0)
    return patched(content, content.index(b"strh") + 8 + 20, "<II", 0, 0)


def no_frames(content: bytes) -> bytes:
    """An AVI whose list of frames is empty."""
    at = content.index(b"movi")
    return patched(content[: at + 4], at - 4, "<I", 4)


def garbled(content: bytes) -> bytes:
    """An AVI whose frames are noise between their headers."""
    at = content.index(b"movi") + 200
    noise = np.random.default_rng(0).bytes(len(content) - at - 600)
    return content[:at] + noise + content[-600:]


def write_av(path: Path, *, sizes: tuple[tuple[int, int], ...] = (), sound_track: bool = False) -> None:
    """A file by PyAV: one MJPEG stream whose pictures change their size, or a sound track only."""
    with av.open(str(path), "w") as container:
        if sound_track:
            stream = container.add_stream("aac", rate=RATE)
            frame = av.AudioFrame.from_ndarray(wave()[None].astype(np.float32), format="fltp", layout="mono")
            frame.sample_rate = RATE
            container.mux([*stream.encode(frame), *stream.encode(None)])
            return
        stream = container.add_stream("mjpeg", rate=int(FPS))
        stream.width, stream.height, stream.pix_fmt = *sizes[0], "yuvj420p"
        container.start_encoding()
        for number in range(30):
            good, jpeg = cv2.imencode(".jpg", picture(number, sizes[number * len(sizes) // 30]))
            assert good
            packet = av.Packet(jpeg.tobytes())
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, number, number, stream.time_base
            container.mux(packet)


_GOOD = sound()
_DATA = _GOOD.index(b"data")
_TEXT = b"this is a text, whatever its name says\n" * 100
_HOLE = np.where(np.arange(2 * RATE) == RATE // 2, np.nan, wave())
_PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\ngood0.avi\n#EXT-X-ENDLIST\n"
_CONCAT = b"ffconcat version 1.0\nfile good0.avi\n"


def _audio(name: str, what: str, kind: str, make: Make | bytes | None, start: float = 0.2, end: float = 1.2) -> Case:
    return Case(name, what, "audio", kind, of_bytes(make) if isinstance(make, bytes) else make, start, end)


def _video(name: str, what: str, kind: str, make: Make | bytes | None, start: float = 0.2, end: float = 1.2) -> Case:
    return Case(name, what, "video", kind, of_bytes(make) if isinstance(make, bytes) else make, start, end)


def _both(name: str, what: str, kind: str, make: Make | bytes | None) -> list[Case]:
    """The same for sound and picture; `{}` in the kind stands for audio or video."""
    return [
        _audio(f"{name}.wav", what, kind.format("audio"), make),
        _video(f"{name}.avi", what, kind.format("video"), make),
    ]


def hidden(path: Path) -> None:
    """A file that nobody may read."""
    path.write_bytes(_GOOD)
    path.chmod(0)


CASES: tuple[Case, ...] = (
    *_both("missing", "no such file", "no {} file", None),
    *_both("empty", "0 bytes", "empty {} file", lambda path: path.touch()),
    *_both("text", "a text with a wrong name", "undecodable {}", _TEXT),
    *_both("noise", "random bytes", "undecodable {}", np.random.default_rng(0).bytes(5000)),
    *_both("folder", "a folder", "no {} file", lambda path: path.mkdir()),
    *_both("pipe", "a named pipe", "no {} file", lambda path: os.mkfifo(path)),
    *_both("device", "a link to an endless device", "no {} file", lambda path: path.symlink_to("/dev/zero")),
    *_both("dangling", "a link to nothing", "no {} file", lambda path: path.symlink_to("nothing.there")),
    *_both("loop", "a link to itself", "unreadable {} file", lambda path: path.symlink_to(path.name)),
    *_both("hidden", "no permission to read", "unreadable {} file", hidden),
    _audio("header.wav", "cut off within its header", "undecodable audio", _GOOD[:20]),
    _audio(
        "tail.wav",
        "cut off, segment after the cut",
        "segment beyond the audio's end",
        _GOOD[: len(_GOOD) // 2],
        1.2,
        1.9,
    ),
    _audio("head.wav", "cut off, segment before the cut", USED, _GOOD[: len(_GOOD) // 2], 0.1, 0.9),
    _audio(
        "most.wav", "cut off within the segment's first half", "audio ends early", _GOOD[: len(_GOOD) // 2], 0.8, 1.9
    ),
    _audio("nan.wav", "a sample that is no number", "audio is not finite", sound(_HOLE, subtype="FLOAT")),
    _audio("inf.wav", "infinite samples", "audio is not finite", sound(np.full(2 * RATE, np.inf), subtype="FLOAT")),
    _audio("one.wav", "1 sample", "audio too short", sound(np.zeros(1)), 0, 1 / RATE),
    _audio("none.wav", "a header without samples", "segment beyond the audio's end", sound(np.zeros(0))),
    _audio("beyond.wav", "segment after the end", "segment beyond the audio's end", _GOOD, 7, 8),
    _audio("zero.wav", "segment of 0 s", "empty segment", _GOOD, 1, 1),
    _audio("turned.wav", "segment that ends before it starts", "empty segment", _GOOD, 1.5, 0.5),
    _audio("before.wav", "segment that ends before 0 s", "empty segment", _GOOD, -2, -1),
    _audio("huge.wav", "header that promises 4 GB", USED, patched(_GOOD, _DATA + 4, "<I", 0xFFFFFFF0)),
    _audio(
        "hugeend.wav",
        "the same, segment in what is not there",
        "segment beyond the audio's end",
        patched(_GOOD, _DATA + 4, "<I", 0xFFFFFFF0),
        900,
        30000,
    ),
    _audio("channels0.wav", "0 channels", "undecodable audio", patched(_GOOD, 22, "<H", 0)),
    _audio("channels6.wav", "6 channels", USED, sound(np.tile(wave()[:, None], 6))),
    _audio("rate0.wav", "0 Hz", "undecodable audio", patched(_GOOD, 24, "<I", 0)),
    _audio("rate1.wav", "1 Hz", "undecodable audio", patched(_GOOD, 24, "<I", 1), 0, 20),
    _audio("rate44101.wav", "44101 Hz: no simple ratio to 16000", USED, sound(rate=44101), 0.1, 0.6),
    _audio("codec.wav", "a codec that does not exist", "undecodable audio", patched(_GOOD, 20, "<H", 0x7777)),
    _audio("bits8.wav", "8 bits per sample", USED, sound(subtype="PCM_U8")),
    _audio("flac.wav", "flac with a wrong name", USED, sound(form="FLAC")),
    _audio("raw.raw", "samples without a header", "undecodable audio", _GOOD[44:]),
    _audio("cut.flac", "flac cut off within its header", "undecodable audio", sound(form="FLAC")[:30]),
    _audio("silent.mp4", "a video without sound, for its sound", "no sound track", changed(".mp4", bytes)),
    _audio("text.mp4", "a text with a wrong name", "undecodable audio", _TEXT),
    _video("header.avi", "cut off within its header", "undecodable video", changed(".avi", lambda all_: all_[:40])),
    _video(
        "tail.avi",
        "cut off, segment after the cut",
        "truncated video",
        changed(".avi", lambda all_: all_[: len(all_) // 2]),
        1.6,
        1.9,
    ),
    _video(
        "head.avi",
        "cut off, segment before the cut",
        USED,
        changed(".avi", lambda all_: all_[: len(all_) // 2]),
        0,
        0.3,
    ),
    _video("none.avi", "a header without frames", "no picture", changed(".avi", no_frames)),
    _video("garbled.avi", "noise instead of frames", "truncated video", changed(".avi", garbled), 1.5, 1.9),
    _video("zerofps.avi", "0 frames per second", USED, changed(".avi", zero_rate)),
    _video("pixel.avi", "1x1 px", "picture too small", lambda path: write_av(path, sizes=((1, 1),))),
    _video(
        "sizes.avi", "pictures change their size on the way", USED, lambda path: write_av(path, sizes=(SIZE, (80, 60)))
    ),
    _video("sizes1.avi", "pictures shrink to 1x1 px", USED, lambda path: write_av(path, sizes=(SIZE, (1, 1)))),
    _video(
        "moov.mp4",
        "mp4 without its table of contents (moov)",
        "undecodable video",
        changed(".mp4", lambda all_: all_[: all_.index(b"moov") - 4]),
    ),
    _video("sound.mp4", "mp4 with sound only", "no video track", lambda path: write_av(path, sound_track=True)),
    _video("wave.avi", "a wav file with a wrong name", "no video track", _GOOD),
    _video("mp4.avi", "mp4 with a wrong name", USED, changed(".mp4", bytes)),
    _video("page.mp4", "a web page with a wrong name", "undecodable video", b"<html><body>404</body></html>" * 50),
    _video("playlist.mp4", "a playlist of other files", "undecodable video", _PLAYLIST),
    _video("concat.avi", "a list of other videos", "undecodable video", _CONCAT),
    _video(
        "photo.avi",
        "a single photo, which is one frame",
        USED,
        of_bytes(cv2.imencode(".png", picture(0, SIZE))[1].tobytes()),
    ),
    _video("beyond.avi", "segment after the end", "utterance beyond the video's end", video, 7, 8),
    _video("zero.avi", "segment of 0 s", "empty segment", video, 1, 1),
    _video("turned.avi", "segment that ends before it starts", "empty segment", video, 1.5, 0.5),
    _video("before.avi", "segment that ends before 0 s", "empty segment", video, -2, -1),
)
