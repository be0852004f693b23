"""Recordings of drawn faces whose mouths open, and sounds whose words are known."""

from fractions import Fraction

import av
import cv2
import numpy as np
from drawn_face import draw_face

from emotion.conversation.listen import RATE
from emotion.conversation.words import Region
from emotion.timeline.timeline import Word

SIDE = 240  # px of a face's half


def face(*, mouth=0.0):
    """A drawn face (240, 240) uint8 with a mouth that is open, 0 to 1."""
    picture, (x, y) = draw_face(SIDE)
    if mouth > 0:
        size = (round(14 + 3 * mouth), round(3 + 13 * mouth))
        cv2.ellipse(picture, (round(x), round(y + 36)), size, 0, 0, 360, 40, -1, cv2.LINE_AA)
    return picture


def nobody():
    return np.full((SIDE, SIDE), 90, np.uint8)


def two(left, right):
    """Both halves beside each other: mouths from 0 to 1, None = nobody is there."""
    return np.hstack([nobody() if mouth is None else face(mouth=mouth) for mouth in (left, right)])


def mumble(time):
    """How open a mouth is that talks."""
    return 0.5 + 0.5 * np.sin(2 * np.pi * 4 * time)


def write(path, *, pictures=(), fps=25, sound=None, late=0):
    """A file with pictures (height, width) uint8 and sound (channels, t) at 16 kHz, each of which may be missing.

    The sound begins `late` samples after the pictures.
    """
    fps = Fraction(fps)
    with av.open(str(path), "w") as container:
        if len(pictures):
            video = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "18"})
            video.height, video.width = pictures[0].shape
            video.pix_fmt = "yuv420p"
        if sound is not None:
            audio = container.add_stream("aac", rate=RATE)
            audio.layout = "stereo" if len(sound) == 2 else "mono"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, 1 / fps
            container.mux(video.encode(frame))
        for first in range(0, 0 if sound is None else sound.shape[1], 1024):
            part = np.ascontiguousarray(sound[:, first : first + 1024], np.float32)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=audio.layout.name)
            frame.rate, frame.pts, frame.time_base = RATE, first + late, Fraction(1, RATE)
            container.mux(audio.encode(frame))
        for stream in container.streams:
            container.mux(stream.encode(None))
    return path


def voice(spans, seconds, *, channels=1):
    """Sound (channels, t) that is loud in spans (start, end, channel)."""
    rng = np.random.default_rng(0)
    wave = rng.normal(0, 1e-3, (channels, round(seconds * RATE)))
    for start, end, *channel in spans:
        part = slice(round(start * RATE), round(end * RATE))
        wave[channel[0] if channel else 0, part] += rng.normal(0, 0.2, round(end * RATE) - round(start * RATE))
    return wave.astype(np.float32)


def find_speech(wave):
    """Regions of what is loud, in tenths of a second."""
    step = RATE // 10
    level = np.sqrt(np.square(np.pad(wave, (0, -len(wave) % step)).reshape(-1, step)).mean(axis=1))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (level > 0.05).astype(int), [0]])))
    return [Region(first / 10, last / 10) for first, last in edges.reshape(-1, 2)]


class Recogniser:
    """Says `Word.` for every region that is heard, or what is given."""

    language = "en"

    def __init__(self, *texts):
        self._texts = iter(texts)

    def __call__(self, wave):
        words = []
        for region in find_speech(wave):
            text = next(self._texts, "Word.").split()
            step = region.length / len(text)
            words += [Word(region.start + n * step, region.start + (n + 1) * step, t) for n, t in enumerate(text)]
        return words
