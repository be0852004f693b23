"""Speed on media of real size: face clips out of a 5-minute video, audio vectors of an hour of speech."""

import cProfile
import pstats
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
import soundfile
import torch

from benchmarks.figures import Figure, best_of
from emotion.corpus.synthetic.expression import Segment
from emotion.corpus.synthetic.video import write_video
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.base import Encoder
from emotion.extraction import executors
from emotion.extraction.faces import extract_faces
from emotion.extraction.features import extract_features, seconds
from emotion.extraction.one_video import video_clips
from emotion.media.audio import reader
from emotion.media.settings import Clips
from emotion.media.video import Video
from emotion.media.yunet import YUNET

FPS = 30.0  # of the video
LENGTH = 300.0  # s
RATE = 16000  # Hz
HOUR = 12  # files of `LENGTH`
MAX_SECONDS = 600.0  # as in params.yaml
_PARTS = {
    "decoding": ("video.py", "at"),
    "copying the speaker's half": ("picture.py", "luma"),
    "looking for shots": ("shots.py", "look"),
    "the detector": ("search.py", "faces"),
    "cutting out and resizing": ("cropping.py", "crop"),
}
_EMOTIONS = ("happy", "sad", "neutral", "angry", "excited", "frustrated")


def turns(length: float = LENGTH) -> list[tuple[float, float, str]]:
    """Start, end (s) and side of turns that fill the whole length, 2 to 7 s each, both sides by turns."""
    rng, start, spans = np.random.default_rng(0), 0.0, []
    while start < length - 2:
        end = min(length, start + float(rng.uniform(2, 7)))
        spans.append((round(start, 3), round(end, 3), "left" if len(spans) % 2 == 0 else "right"))
        start = end
    return spans


def make_video(path: Path) -> None:
    """Two drawn actors who speak and move, 720x480, 30 frames/s, XVID in AVI, as in IEMOCAP."""
    sides: dict[str, list[Segment]] = {"left": [], "right": []}
    for number, (start, end, side) in enumerate(turns()):
        mouth = np.abs(np.sin(0.6 * np.arange(round((end - start) * FPS)))).astype(np.float32)
        sides[side].append(Segment(start, end, _EMOTIONS[number % 6], 1.0, mouth, number))
    write_video(path, session=1, left_gender="F", **sides, duration=LENGTH, fps=FPS, seed=1)


def make_sound(path: Path) -> None:
    """Noise that swells, 16 kHz, 16 bit, mono: for these encoders all sound costs the same."""
    rng = np.random.default_rng(0)
    time_ = np.arange(round(LENGTH * RATE)) / RATE
    soundfile.write(path, 0.3 * rng.normal(size=len(time_)).clip(-3, 3) * np.sin(time_) ** 2, RATE)


def rows(video: str = "", audio: str = "", *, files: int = 1) -> tuple[Utterance, ...]:
    """One utterance per turn of each file."""
    return tuple(
        Utterance(f"u{number}_{turn}", f"d{number}", turn, side, start, end, "", "train", "", audio, video, side)
        for number in range(files)
        for turn, (start, end, side) in enumerate(turns())
    )


def index(found: tuple[Utterance, ...]) -> Index:
    """An index of these utterances."""
    return Index(found, ("happy",), "generated", "digest")


def decode(path: Path) -> None:
    """Decode every frame, convert none."""
    with Video(path) as video:
        for _ in video.frames([round(LENGTH * FPS) - 1]):
            pass


def cut_clips(path: Path, detector: str = "haar") -> None:
    """Everything that the faces stage does with a video."""
    for _, item in video_clips(path, turns(), Clips(detector=detector), max_seconds=MAX_SECONDS):
        assert item.values is not None


def shares(path: Path) -> list[Figure]:
    """Where the time goes, in % of one run under a profiler, which makes short functions look longer than they are."""
    profile = cProfile.Profile(time.process_time)
    profile.runcall(cut_clips, path)
    found = {(Path(file).name, name): row[3] for (file, _, name), row in pstats.Stats(profile).stats.items()}
    whole = found["performance_media.py", "cut_clips"] / 100
    parts = {what: found[function] / whole for what, function in _PARTS.items()}
    parts["the rest"] = 100 - sum(parts.values())
    return [Figure("faces", f"of that, under a profiler: {what}", share, "%") for what, share in parts.items()]


def run_faces(folder: Path, *, workers: int, root: Path | None = None) -> None:
    """The whole faces stage, from the index to the cache."""
    extract_faces(
        index(rows(video="a.avi")),
        root=root or folder,
        out=folder / "out" / "faces.h5",
        report=folder / "out" / "faces.json",
        details=folder / "out" / "faces.csv",
        scratch=folder / "scratch",
        clips=Clips(),
        max_seconds=MAX_SECONDS,
        max_missing=0.0,
        on_error="fail",
        execute=partial(executors.run_local, workers=workers),
    )


def faces(folder: Path) -> list[Figure]:
    """Real-time factor of the faces stage per core, and its ratio to decoding alone; of YuNet, where it was fetched."""
    path = folder / "a.avi"
    make_video(path)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    ways = [partial(decode, path), partial(cut_clips, path)]
    ways += [partial(cut_clips, path, "yunet")] if YUNET.is_here() else []
    decoding, clips, *yunet = best_of(ways, times=5, clock=time.process_time)
    stage = best_of([partial(run_faces, folder, workers=1)], times=1, clock=time.process_time)[0]
    parts = shares(path)
    cv2.setNumThreads(threads)
    return [
        Figure("faces", "real-time factor per core", LENGTH / clips, "x", least=20),
        Figure("faces", "time of decoding alone / time of decoding and face clips", decoding / clips, least=0.5),
        *parts,
        *(Figure("faces", "time of decoding alone / time of the same with YuNet", decoding / taken) for taken in yunet),
        *(Figure("faces", "time with YuNet / time with Haar", taken / clips, most=1.5) for taken in yunet),
        Figure("faces", "real-time factor of decoding alone", LENGTH / decoding, "x"),
        Figure("faces", "real-time factor per core, whole stage with cache and report", LENGTH / stage, "x"),
    ]


@cache
def audio_encoder(device: str = "cpu") -> Encoder:
    """The paper's audio encoder at its usual size, with random weights."""
    torch.manual_seed(0)
    return AudioEncoder(rate=RATE).eval().to(device)


def load_audio() -> tuple[list[Encoder], Callable[[Utterance], int]]:
    """For the workers."""
    return [audio_encoder()], only


def only(_: Utterance) -> int:
    """One encoder for all."""
    return 0


def run_audio(folder: Path, *, workers: int, device: str = "cpu", root: Path | None = None) -> None:
    """The whole stage `extract@audio`."""
    extract_features(
        index(rows(audio="a.wav", files=HOUR)),
        load=load_audio,
        open_media=partial(reader, root or folder, rate=RATE),
        length=seconds,
        per_batch=240,  # as in stages/extract_audio.py
        out=folder / "out" / "audio.h5",
        scratch=folder / "scratch",
        budget=4,
        max_missing=0.0,
        on_error="fail",
        execute=partial(executors.run_local, workers=workers),
        device=device,
    )


def audio(folder: Path) -> list[Figure]:
    """Real-time factor of the audio stage on two cores, its workers' start included."""
    make_sound(folder / "a.wav")
    (taken,) = best_of([partial(run_audio, folder, workers=2)], times=1)
    speed = HOUR * LENGTH / taken
    return [Figure("audio", "real-time factor on 2 cores, paper's encoder, whole stage", speed, "x", least=50)]
