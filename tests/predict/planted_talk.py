"""A recording of two people that needs no decoder of speech: sound, or pictures, and the transcript to it."""

import json
import shutil

import av
import cv2
import numpy as np
import soundfile
from drawn_face import draw_face

from emotion.core import logs
from emotion.predict.run import predict
from emotion.predict.talk import Listening

RATE = 16000
TURNS = [(0.2, 1.4, "Anna", "well, this is mine"), (1.6, 2.5, "Ben", "no, it is not"), (2.7, 3.9, "Anna", "oh dear")]


def plant_sound(path, *, seconds=4.2):
    rng = np.random.default_rng(3)
    t = np.arange(round(seconds * RATE)) / RATE
    wave = 0.2 * np.sin(2 * np.pi * 150 * t) * (1 + np.sin(2 * np.pi * 3 * t)) + 0.01 * rng.normal(size=len(t))
    soundfile.write(path, wave.astype(np.float32), RATE)
    return path


def plant_video(path, *, seconds=4.2, fps=15):
    """A silent film: Anna's drawn face on the left, nobody on the right."""
    face, _ = draw_face(240)
    picture = np.concatenate([face, np.full((240, 200), 90, np.uint8)], axis=1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = picture.shape[1], picture.shape[0], "yuv420p"
        for _ in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def plant_transcript(path, *, sides=()):
    """CSV; `sides` are those of the turns."""
    lines = ["start,end,speaker,text" + (",side" if sides else "")]
    for place, (start, end, speaker, text) in enumerate(TURNS):
        lines.append(f'{start},{end},{speaker},"{text}"' + (f",{sides[place]}" if sides else ""))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def plant_speakers(path, *, recording="talk"):
    """RTTM: the same turns without words."""
    lines = [
        f"SPEAKER {recording} 1 {start} {end - start:.3f} <NA> <NA> {speaker} <NA> <NA>"
        for start, end, speaker, _ in TURNS
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def generated(packed, folder):
    """A copy of a model that says it was trained on the generated corpus."""
    shutil.copytree(packed, folder)
    card = json.loads((folder / "card.json").read_text())
    card["corpus"]["synthetic"] = True
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def told(media, model, out, transcript=None, **more):
    """Predict quietly."""
    with logs.quiet():
        return predict([media], model=model, out=out, how=Listening(transcript=transcript), **more)


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
