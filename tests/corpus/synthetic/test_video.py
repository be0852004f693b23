"""A dialogue's video: layout, faces found after compression, same bytes on any number of cores, full disks reported."""

import hashlib
import os
import resource
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion.core.errors import EmotionError
from emotion.corpus.synthetic.expression import Segment
from emotion.corpus.synthetic.video import write_video

EMOTIONS = ("happy", "excited", "angry", "frustrated", "sad", "neutral")


def turns(seed, emotions, fps=15.0):
    rng = np.random.default_rng(seed)
    length = 1.2
    return [
        Segment(1.3 * i, 1.3 * i + length, emotion, 1.0, rng.uniform(0, 1, round(length * fps)).astype(np.float32), i)
        for i, emotion in enumerate(emotions)
    ]


def make(path, *, session=1, left_gender="F", duration=1.0, seed=4):
    left, right = turns([session, 0], EMOTIONS), turns([session, 1], EMOTIONS[::-1])
    write_video(
        path, session=session, left_gender=left_gender, left=left, right=right, duration=duration, fps=15.0, seed=seed
    )
    return path


def frames(path):
    reader = cv2.VideoCapture(str(path))
    while True:
        ok, frame = reader.read()
        if not ok:
            break
        yield frame


def test_layout_and_path_with_umlauts(tmp_path):
    pictures = list(frames(make(tmp_path / "Gespräch" / "Ä.avi")))
    assert len(pictures) == 15 and pictures[0].shape == (480, 720, 3)
    assert pictures[7][:110].max() < 8 and pictures[7][370:].max() < 8
    assert pictures[7][114:366].mean(axis=(0, 2)).min() > 20


def test_left_gender_swaps_the_halves(tmp_path):
    one = next(frames(make(tmp_path / "f.avi", duration=0.1))).astype(float)
    other = next(frames(make(tmp_path / "m.avi", duration=0.1, left_gender="M"))).astype(float)
    same, crossed = np.abs(one - other).mean(), np.abs(one - np.roll(other, 360, axis=1)).mean()
    assert crossed < 0.6 * same


@pytest.mark.slow
@pytest.mark.parametrize("session", range(1, 6))
def test_haar_finds_both_faces_after_compression(tmp_path, session):
    detector = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml"))
    found: dict[int, list[bool]] = {0: [], 1: []}
    for frame in list(frames(make(tmp_path / "a.avi", session=session, duration=8.0)))[::8]:
        for side, hits in found.items():
            grey = cv2.cvtColor(frame[:, side * 360 : side * 360 + 360], cv2.COLOR_BGR2GRAY)
            small = cv2.resize(grey, (180, 240), interpolation=cv2.INTER_AREA)
            boxes = detector.detectMultiScale(small, 1.1, 3, minSize=(30, 30))
            hits.append(len(boxes) == 1 and np.hypot(*(boxes[0][:2] + boxes[0][2:] / 2 - (90, 120))) < 15)
    assert min(np.mean(hits) for hits in found.values()) >= 0.97


SCRIPT = """
import sys, cv2
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_video import make
cv2.setNumThreads({threads})
make(Path({path!r}))
"""


@pytest.mark.slow
def test_same_bytes_on_one_core_and_on_many(tmp_path):
    cores = sorted(os.sched_getaffinity(0))
    digests = set()
    for name, threads, allowed in (("one", 1, cores[:1]), ("all", 8, cores)):
        path = tmp_path / f"{name}.avi"
        code = SCRIPT.format(tests=str(Path(__file__).parent), threads=threads, path=str(path))
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            preexec_fn=lambda allowed=allowed: os.sched_setaffinity(0, allowed),
        )
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1
    assert digests != {hashlib.sha256(make(tmp_path / "other.avi", seed=5).read_bytes()).hexdigest()}


@pytest.mark.slow
def test_full_disk_is_reported_and_leaves_nothing(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(EmotionError, match=r"a\.avi.*room on the disk"):
            make(tmp_path / "a.avi", duration=3.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


def test_unknown_actor_and_bad_folder(tmp_path):
    with pytest.raises(EmotionError, match="session 9"):
        make(tmp_path / "a.avi", session=9)
    (tmp_path / "file").touch()
    with pytest.raises((EmotionError, OSError)):
        make(tmp_path / "file" / "b.avi")
