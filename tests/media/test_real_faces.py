"""Two real people in a film, upright and turned, by YuNet."""

import math
import time

import cv2
import numpy as np
import pytest
from real_faces import MODEL, frames, needs_film

from emotion.extraction.one_video import video_clips
from emotion.media import looks
from emotion.media.detectors import make_detector
from emotion.media.faces import FaceTrack
from emotion.media.settings import Clips

pytestmark = needs_film


def turned(picture, degrees):
    """Clockwise around its middle."""
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1)
    return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def follow(pictures, **options):
    track = FaceTrack(make_detector(str(MODEL)), **{"size": 96, "every": 1, "fps": 5.0} | options)
    for picture in pictures:
        track.add(picture)
    return track.finish()


def alike(one, other):
    """How much the middle of a picture (96, 96) is like a part of another, -1 to 1, and px that this lies elsewhere."""
    found = cv2.matchTemplate(other, one[18:78, 18:78], cv2.TM_CCOEFF_NORMED)
    _, most, _, (x, y) = cv2.minMaxLoc(found)
    return most, math.hypot(x - 18, y - 18)


@pytest.fixture(scope="module", params=["left", "right"])
def person(request):
    """Pictures of a person, and what was made of them upright."""
    pictures = frames(request.param, every=40)
    return pictures, *follow(pictures)


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [-45, -30, -15, 0, 10, 25, 45])
def test_a_turned_face_is_levelled(person, degrees):
    pictures, upright, quality = person
    assert quality.found == len(pictures)
    clip, found = follow([turned(picture, degrees) for picture in pictures])
    assert abs(found.roll - quality.roll - degrees) < 5
    assert found.box[2] == pytest.approx(quality.box[2], rel=0.08)  # a box of a turned face is larger
    assert len(clip) >= len(pictures) - 2  # the other angles are tried one after the other
    for one, other in zip(clip, upright[-len(clip) :], strict=True):
        likeness, away = alike(one, other)
        assert likeness > 0.85 and away < 12


def eye_line(square):
    """Degrees clockwise of the eyes in a clip's picture: YuNet's landmarks of large upright faces are right."""
    model = cv2.FaceDetectorYN.create(str(MODEL), "", (352, 352), 0.6)
    room = cv2.copyMakeBorder(square, 64, 64, 64, 64, cv2.BORDER_REPLICATE)
    found = []
    for picture, sign in ((room, 1), (np.ascontiguousarray(room[:, ::-1]), -1)):  # mirrored: what it favours cancels
        row = model.detect(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))[1][0]
        found.append(sign * math.degrees(math.atan2(row[7] - row[5], row[6] - row[4])))
    return np.mean(found)


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [-45, -35, -10, 20, 45])
def test_the_eyes_are_level_in_the_clip(person, degrees):
    for picture in person[0][::2]:  # each alone: within a clip a head moves
        clip, _ = follow([turned(picture, degrees) for _ in range(3)], size=224)
        assert abs(eye_line(clip[-1])) < 5


@pytest.mark.slow
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_film_on_its_side_or_head_is_turned(tmp_path, turns):
    pictures = [np.rot90(picture, -turns) for picture in frames("full", every=8)]
    height, width = pictures[0].shape
    writer = cv2.VideoWriter(str(tmp_path / "a.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10, (width, height))
    for picture in pictures:
        writer.write(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_GRAY2BGR))
    writer.release()
    how = Clips(detector=str(MODEL), size=96, fps=10.0)
    spans = [(0.0, 1.5, "left"), (1.0, 2.5, "right")]
    items = dict(video_clips(tmp_path / "a.mp4", spans, how, max_seconds=60.0))
    assert sorted(items) == [0, 1]
    for place, item in items.items():
        start, end, side = spans[place]
        assert item.note["turned"] == 90 * turns and item.note["score"] > 0.85
        upright, _ = follow(frames(side, every=8)[int(10 * start) : int(10 * end)], every=5, fps=10.0)
        assert min(alike(a, b)[0] for a, b in zip(item.values, upright, strict=True)) > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("stride", [1, looks._STRIDE])  # of single looks, and of frames
def test_what_has_no_face_costs_at_most_two_with_one(monkeypatch, stride):
    monkeypatch.setattr(looks, "_STRIDE", stride)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)

    def cost(pictures):
        start = time.process_time()
        found = follow(pictures, size=48)[1].found
        return time.process_time() - start, found

    with_one = frames("left", every=5)
    without = [cv2.GaussianBlur(picture, (0, 0), 20) for picture in with_one]
    try:
        (one, found), (none, missed) = (min(cost(pictures) for _ in range(3)) for pictures in (with_one, without))
    finally:
        cv2.setNumThreads(threads)
    assert found == len(with_one) and missed == 0 and none <= 2 * one  # 1.8


@pytest.mark.slow
def test_of_two_people_one_is_shown():
    pictures = frames("full", every=10)
    _, quality = follow(pictures)
    left, _, side = quality.box
    assert quality.found == len(pictures) and quality.dropped == 0
    assert (left + side < 360) != (left >= 360)  # in one half, all the time
    other, own = (follow([picture[:, half] for picture in pictures])[0] for half in (slice(360), slice(360, None)))
    for hidden in (range(10, 13), range(5, 20), range(20, 33)):  # the larger of the two; the other stays in sight
        covered = [picture.copy() for picture in pictures]
        for number in hidden:
            covered[number][:, 360:] = cv2.GaussianBlur(covered[number][:, 360:], (0, 0), 30)
        clip, _ = follow(covered)
        nearer = [max(alike(p, o) for o in own) > max(alike(p, o) for o in other) for p in clip]
        assert len(set(nearer)) == 1 and len(clip) >= 13
