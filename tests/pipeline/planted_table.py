"""A table corpus in miniature: six people, each with a film of a drawn face, a wav and four short sentences."""

import av
import cv2
import numpy as np
import soundfile
from drawn_face import draw_face

RATE, FPS, SECONDS = 8000, 10, 1.0
LABELS = {"glad": (300.0, "what a fine day"), "low": (120.0, "that is a pity")}
FEW = {
    "modalities": "audio+face+text",
    "max_seconds": 30,
    "history": 2,
    "hidden": 8,
    "heads": 2,
    "epochs": 3,
    "lr": 1e-3,
    "face.size": 16,
    "face.fps": 5.0,
    "face.frames": 8,
    "audio.rate": RATE,
    **{f"{name}.epochs": 2 for name in ("audio", "face", "text")},
    **{f"{name}.dim": 16 for name in ("audio", "face", "text")},
}


def plant(root, *, people=6, each=4):
    """Write utterances.csv and its media; every second sentence of a person is glad."""
    root.mkdir(parents=True)
    rng = np.random.default_rng(5)
    lines = ["utterance,label,dialogue,turn,speaker,start,end,text,audio,video"]
    for person in range(people):
        _film(root / f"p{person}.mp4", shift=0.02 * person, seconds=each * SECONDS)
        waves = []
        for turn in range(each):
            label = list(LABELS)[turn % 2]
            hertz, text = LABELS[label]
            t = np.arange(round(RATE * SECONDS)) / RATE
            waves.append(0.3 * np.sin(2 * np.pi * (hertz + 7 * person) * t) + 0.01 * rng.normal(size=len(t)))
            start = turn * SECONDS
            place = f"p{person}_{turn},{label},d{person},{turn},P{person},{start},{start + SECONDS}"
            lines.append(f"{place},{text} {person},p{person}.wav,p{person}.mp4")
        soundfile.write(root / f"p{person}.wav", np.concatenate(waves).astype(np.float32), RATE)
    (root / "utterances.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def _film(path, *, shift, seconds):
    picture = cv2.cvtColor(draw_face(160, at=(0.46 + shift, 0.5))[0], cv2.COLOR_GRAY2BGR)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 160, 160, "yuv420p"
        for _ in range(round(seconds * FPS)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())


def words(**more):
    """`--set` with few epochs and small layers."""
    return [word for key, value in (FEW | more).items() for word in ("--set", f"{key}={value}")]
