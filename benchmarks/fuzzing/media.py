"""Good sound, video and picture files, a second each, of the containers that people have."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

RATE, FPS, SIZE = 16000, 15, (160, 120)
_SOUND = {"wav": "pcm_s16le", "flac": "flac", "mp3": "libmp3lame", "m4a": "aac", "opus": "libopus"}
_VIDEO = {
    "mp4": ("libx264", "aac"),
    "avi": ("mpeg4", "libmp3lame"),
    "mkv": ("libx264", "aac"),
    "webm": ("libvpx", "libopus"),
    "mov": ("mpeg4", "pcm_s16le"),
    "gif": ("gif", ""),
}


def sounds(folder: Path) -> None:
    """One file per container, and wav files of other sample formats."""
    import av
    import soundfile

    for ending, codec in _SOUND.items():
        path = _place(folder, ending)
        with av.open(str(path), "w") as container:
            rate = 48000 if ending == "opus" else RATE
            stream = container.add_stream(codec, rate=rate, layout="mono")
            _speak(container, stream, rate)
    for subtype in ("FLOAT", "PCM_24", "ULAW", "GSM610"):
        path = folder / subtype.lower() / "medium.wav"
        path.parent.mkdir()
        soundfile.write(path, _wave(8000), 8000, subtype=subtype)
    soundfile.write(_place(folder, "ogg"), _wave(RATE), RATE, format="OGG", subtype="VORBIS")


def videos(folder: Path) -> None:
    """One file per container, all but the GIF with sound, and single pictures."""
    import av
    import cv2

    for ending, (codec, sound) in _VIDEO.items():
        path = _place(folder, ending)
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=FPS)
            stream.width, stream.height = SIZE
            stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
            rate = 48000 if sound == "libopus" else RATE
            heard = container.add_stream(sound, rate=rate, layout="mono") if sound else None
            for picture in _pictures():
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=stream.pix_fmt)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if heard is not None:
                _speak(container, heard, rate)
    for ending in ("jpg", "png"):
        cv2.imwrite(str(_place(folder, ending)), _pictures()[0])


def _place(folder: Path, ending: str) -> Path:
    path = folder / ending / f"medium.{ending}"
    path.parent.mkdir(parents=True)
    return path


def _wave(rate: int) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * 150 * np.arange(rate) / rate)).astype(np.float32)


def _speak(container, stream, rate: int) -> None:  # noqa: ANN001 - PyAV's
    import av

    form = stream.codec_context.format.name
    wave = _wave(rate)
    for at in range(0, len(wave) - 959, 960):
        block = wave[None, at : at + 960]
        data = block if form.startswith("flt") else (block * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(data, format="fltp" if form.startswith("flt") else "s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _pictures() -> Sequence[np.ndarray]:
    """A bright oval with two eyes before a gradient, moving a little: (h, w, 3) uint8."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    found = []
    for i in range(FPS):
        picture = (40 + x / 4).astype(np.uint8)
        picture[((x - 80 - i) / 30) ** 2 + ((y - 60) / 40) ** 2 < 1] = 190
        for eye in (68, 92):
            picture[((x - eye - i) / 5) ** 2 + ((y - 50) / 3) ** 2 < 1] = 30
        found.append(np.repeat(picture[..., None], 3, axis=2))
    return found
