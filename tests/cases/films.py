"""Drawn faces, buzzing voices and the containers that hold them, for inputs that once went wrong."""

from fractions import Fraction

import av
import cv2
import numpy as np


def voice(seconds=2.0, rate=16000, hz=140):
    """A buzz with two formants, (t,) float32 in [-0.5, 0.5]: no speech, but neither silence nor noise."""
    t = np.arange(int(seconds * rate)) / rate
    x = sum(np.sin(2 * np.pi * hz * k * t) / k * np.exp(-(((hz * k - 600) / 500) ** 2)) for k in range(1, 20))
    return (0.5 * x / np.abs(x).max() * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))).astype(np.float32)


def face(canvas, x, y, r, skin=180, upright=True):
    """Draw a grey face of half-width r px (half-height 1.3 r) at (x, y) into canvas; OpenCV's cascade finds it."""
    w, h = int(2.4 * r), int(2.9 * r)
    skin_, mask = np.full((2 * h, 2 * w), skin, np.float32), np.zeros((2 * h, 2 * w), np.float32)
    cv2.ellipse(mask, (w, h), (int(r), int(1.3 * r)), 0, 0, 360, 1, -1)

    def oval(dx, dy, ax, ay, grey):
        at, axes = (int(w + dx * r), int(h + dy * r)), (max(1, int(ax * r)), max(1, int(ay * r)))
        cv2.ellipse(skin_, at, axes, 0, 0, 360, float(min(255, grey)), -1)

    for s in (-1, 1):  # eye socket, white, iris, brow, nostril
        oval(0.42 * s, -0.28, 0.30, 0.17, skin * 0.55), oval(0.42 * s, -0.26, 0.17, 0.09, skin * 1.2)
        (
            oval(0.42 * s, -0.26, 0.085, 0.085, 20),
            oval(0.42 * s, -0.52, 0.27, 0.06, 40),
            oval(0.1 * s, 0.28, 0.06, 0.04, skin / 2),
        )
    oval(0, 0.05, 0.09, 0.25, skin * 1.12), oval(0, 0.36, 0.2, 0.04, skin * 0.7)  # nose
    oval(0, 0.68, 0.38, 0.1, skin * 0.45), oval(0, 0.66, 0.3, 0.03, 40), oval(0, -1.15, 0.95, 0.35, 40)  # mouth, hair
    skin_, mask = cv2.GaussianBlur(skin_, (0, 0), r * 0.04), cv2.GaussianBlur(mask, (0, 0), max(0.5, r * 0.02))
    if not upright:
        skin_, mask = skin_[::-1], mask[::-1]
    top, left = int(y) - h, int(x) - w
    a, b, c, d = max(0, top), min(canvas.shape[0], top + 2 * h), max(0, left), min(canvas.shape[1], left + 2 * w)
    p, m = skin_[a - top : b - top, c - left : d - left], mask[a - top : b - top, c - left : d - left]
    canvas[a:b, c:d] = (canvas[a:b, c:d] * (1 - m) + p * m).astype(np.uint8)
    return canvas


def wall(grey=60, size=(640, 360)):
    """A wall with a lamp and a little texture, (height, width)."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    texture = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 12, size[::-1]), (0, 0), 3)
    return np.clip(grey + 25 * x / size[0] - 15 * y / size[1] + 3 * texture, 0, 255).astype(np.uint8)


def person(n=36, x=320, y=170, r=55, skin=180, upright=True):
    """n pictures of a face that sways a little."""
    return [face(wall(), x + 4 * np.sin(i / 5), y + 3 * np.sin(i / 7), r, skin, upright) for i in range(n)]


def film(
    path,
    pictures=(),
    *,
    fps=15,
    codec="libx264",
    sounds=(),
    rate=48000,
    sound="aac",
    late=0.0,
    clock=0.0,
    sar=1,
    form=None,
    seekable=True,
    loud=None,
):
    """Write pictures (height, width) and sounds (t,) into a container.

    late = s by which the sound starts after the picture, clock = s at which everything starts, sar = width of a pixel
    / its height, seekable False = as into a pipe: no length can be written; loud = track that is flagged default.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    target = str(path) if seekable else type("Pipe", (), {"write": lambda self, b: file.write(b)})()
    with path.open("wb") as file, av.open(target, "w", format=form) as box:
        quick = {"deadline": "realtime", "cpu-used": "8"} if codec == "libvpx" else {}
        video = box.add_stream(codec, rate=fps, options=quick) if len(pictures) else None
        if video is not None:
            (video.height, video.width), video.pix_fmt = pictures[0].shape, "yuv420p"
            video.codec_context.sample_aspect_ratio = Fraction(sar)
        tracks = [box.add_stream(sound, rate=rate, layout="mono") for _ in sounds]
        for number, track in enumerate(tracks if loud is not None else ()):
            track.disposition = av.stream.Disposition.default if number == loud else av.stream.Disposition(0)

        def send(stream, frame, shift):
            for packet in stream.encode(frame):
                packet.pts += round(shift / packet.time_base)
                packet.dts = packet.pts if packet.dts is None else packet.dts + round(shift / packet.time_base)
                box.mux(packet)

        for picture in pictures:
            send(video, av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p"), clock)
        if video is not None:
            send(video, None, clock)
        for track, x in zip(tracks, sounds, strict=True):
            planar = track.codec_context.format.name in ("fltp", "flt")
            for at in range(0, len(x), 960):
                block = x[None, at : at + 960]
                frame = av.AudioFrame.from_ndarray(
                    block if planar else (block * 32767).astype(np.int16),
                    format="fltp" if planar else "s16",
                    layout="mono",
                )
                frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
                send(track, frame, clock + late)
            send(track, None, clock + late)
    return path
