"""Following a face: planted tracks, decoys, gaps and drift; the bundled detector on a drawn face."""

import cv2
import numpy as np
import pytest
from drawn_face import draw_face, needs_haar

from emotion.core.errors import EmotionError
from emotion.media import faces, looks
from emotion.media.cropping import fixed_window
from emotion.media.detectors import Box, make_detector
from emotion.media.faces import FaceTrack
from emotion.media.picture import shrunk


def planted(where):
    """A detector that sees what `where(number)` says; the picture's first pixel is its number."""
    return lambda picture: where(int(picture[0, 0]))


def run(count, where, *, every=5, fps=10.0):
    track = FaceTrack(planted(where), size=16, every=every, fps=fps)
    for number in range(count):
        track.add(np.full((100, 100), number % 251, dtype=np.uint8))
    return track.finish()


def test_track_keeps_every_frame_and_measures_quality(monkeypatch):
    monkeypatch.setattr(looks, "_STRIDE", 1)
    clip, quality = run(32, lambda number: [] if number in (10, 15) else [Box(50.0, 50.0, 40.0, 4.0)])
    assert clip[:, 8, 8].tolist() == list(range(32))
    assert (quality.examined, quality.found, quality.gap, quality.score) == (7, 5, 1.0, 4.0)
    assert (quality.dropped, quality.unseen, quality.shots) == (0, 10, 1)  # a short gap is delivered, and counted
    assert quality.box == (27, 27, 46)
    assert run(32, lambda number: [])[0] is None
    assert run(1, lambda number: [Box(50.0, 50.0, 40.0, 4.0)])[0].shape == (1, 16, 16)


def test_the_clip_is_cut_out_of_the_colours():
    track = FaceTrack(planted(lambda number: [Box(50.0, 50.0, 40.0, 4.0, 30.0)]), size=16, every=5, fps=10.0)
    for number in range(12):
        track.add(np.full((100, 100), number, np.uint8), np.full((100, 100, 3), (number, 50, 200), np.uint8))
    clip, _ = track.finish()
    assert clip.shape == (12, 16, 16, 3) and clip[:, 8, 8].tolist() == [[number, 50, 200] for number in range(12)]


def test_long_clips_are_cropped_in_stretches(monkeypatch):
    monkeypatch.setattr(faces, "_STRETCH", 20)
    held = []
    original = faces.crop
    monkeypatch.setattr(
        faces, "crop", lambda pictures, *a, **k: held.append(len(pictures)) or original(pictures, *a, **k)
    )
    clip, quality = run(50, lambda number: [Box(50.0, 50.0, 40.0, 4.0)] if number < 20 else [])
    assert held == [20] and clip[:, 8, 8].tolist() == list(range(20))
    assert (quality.examined, quality.found, quality.dropped, quality.unseen) == (10, 4, 30, 0)
    clip, _ = run(50, lambda number: [Box(50.0, 50.0, 40.0, 4.0)])
    assert held[1:] == [20, 20, 10] and clip[:, 8, 8].tolist() == list(range(50))
    clip, _ = run(50, lambda number: [Box(50.0, 50.0, 40.0, 4.0)] if number >= 30 else [])
    assert clip[:, 8, 8].tolist() == list(range(28, 50))


def test_large_pictures_are_held_in_shorter_stretches(monkeypatch):
    monkeypatch.setattr(faces, "_HELD", 7 * 10_000)
    monkeypatch.setattr(faces, "crop", lambda pictures, *a, size, **k: np.full((1, size, size), len(pictures)))
    clip, _ = run(20, lambda number: [Box(50.0, 50.0, 40.0, 4.0)])
    assert clip[:, 0, 0].tolist() == [7, 7, 6]


def scene(number, left):
    """A picture of one of two scenes, with its number in the first pixel and a bright square where the face is."""
    picture = np.zeros((100, 200), np.uint8)
    picture[:, :: 8 if left else 3] = 60
    picture[30:70, (30 if left else 130) :][:, :40] = 200
    picture[0, 0] = number
    return picture


def test_each_shot_has_a_box_of_its_own():
    def detect(picture):
        return [Box(50.0 if picture[0, 0] < 23 else 150.0, 50.0, 40.0, 20.0)]

    track = FaceTrack(detect, size=46, every=5, fps=10.0)
    for number in range(50):
        track.add(scene(number, left=number < 23))
    clip, quality = track.finish()
    assert quality.shots == 2 and (quality.dropped, quality.unseen) == (0, 0)
    assert quality.examined == 5 + 6  # the first frame of the second shot among them
    assert len(clip) == 50 and all((picture[5:-5, 5:-5] == 200).mean() > 0.95 for picture in clip)
    assert quality.sides == 1 and quality.note()["sides"] == 1


def test_a_hint_of_a_cut_is_none_where_the_face_stays(monkeypatch):
    monkeypatch.setattr(faces.Shots, "look", lambda self, picture: faces.Change.PERHAPS)
    _, quality = run(30, lambda number: [Box(50.0, 50.0, 40.0, 20.0)])
    assert quality.shots == 1
    _, quality = run(30, lambda number: [Box(50.0 if number < 12 else 80.0, 50.0, 40.0, 20.0)])
    assert quality.shots == 2


def test_one_person_a_shot():
    def where(number):  # the other one is found while the first is missed
        return [Box(20.0 if 25 <= number < 50 else 80.0, 50.0, 40.0, 20.0)]

    clip, quality = run(100, where, fps=5.0)
    expected = [number for number in range(100) if not 23 <= number < 48]
    assert clip[:, 8, 8].tolist() == expected and quality.dropped == 25 and quality.found == 15


@needs_haar
@pytest.mark.parametrize("height", [240, 480, 960])
def test_haar_finds_a_drawn_face(height):
    picture, (x, y) = draw_face(height)
    track = FaceTrack(make_detector("haar"), size=32, every=1, fps=10)
    track.add(picture)
    clip, quality = track.finish()
    left, top, side = quality.box
    assert clip.shape == (1, 32, 32) and quality.found == 1 and quality.score > 3
    assert abs(left + side / 2 - x) < 0.05 * height and abs(top + side / 2 - y) < 0.08 * height
    assert 0.25 * height < side < 0.75 * height


class Rolled:
    """A detector that sees an upright box and how far the face is turned."""

    def __init__(self, roll):
        self.roll = roll

    def __call__(self, picture):
        return [Box(80.0, 60.0, 60.0, 5.0, self.roll)]


@pytest.mark.parametrize("roll", [-25.0, 12.0, 30.0])
def test_turned_faces_are_turned_back(roll):
    upright = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (120, 160), dtype=np.uint8), (0, 0), 4)
    upright = cv2.normalize(upright, None, 0, 255, cv2.NORM_MINMAX)
    matrix = cv2.getRotationMatrix2D((79.5, 59.5), -roll, 1.0)  # clockwise
    turned = cv2.warpAffine(upright, matrix, (160, 120))
    clips = []
    for picture, angle in ((upright, 0.0), (turned, roll), (turned, 0.0)):
        track = FaceTrack(Rolled(angle), size=40, every=2, fps=10)
        for _ in range(5):
            track.add(picture)
        clip, quality = track.finish()
        assert quality.roll == angle and clip.shape == (5, 40, 40)
        clips.append(clip[0].astype(float))
    assert np.abs(clips[1] - clips[0]).mean() < 6 < np.abs(clips[2] - clips[0]).mean()


class Levelling(Rolled):
    """The same, which also says how the upright face would lie."""

    def turned(self, picture, roll):
        return []

    def level(self, picture, box):
        return Box(box.x + 0.1 * box.side, box.y, 0.8 * box.side, box.score, self.roll)


def test_boxes_of_turned_faces_become_those_of_upright_ones():
    track = FaceTrack(Levelling(30.0), size=40, every=2, fps=10)
    for _ in range(5):
        track.add(np.zeros((120, 160), np.uint8))
    _, quality = track.finish()
    left, top, side = quality.box
    assert quality.roll == 30 and side == round(60 * 0.8 * 1.15)
    assert abs(left + side / 2 - 86) <= 1 and abs(top + side / 2 - 60) <= 1


def test_small_rolls_are_left_alone_and_the_median_counts():
    rolls = iter([10.0, 12.0, 14.0, 80.0, 12.0])
    track = FaceTrack(lambda picture: [Box(50.0, 50.0, 40.0, 5.0, next(rolls))], size=16, every=1, fps=10)
    for _ in range(5):
        track.add(np.zeros((100, 100), np.uint8))
    assert track.finish()[1].roll == 12
    track = FaceTrack(Rolled(1.5), size=16, every=1, fps=10)
    track.add(np.zeros((100, 100), np.uint8))
    assert track.finish()[1].roll == 0


def test_fixed_window_where_no_face_is_found():
    half = np.random.default_rng(0).integers(0, 256, (480, 360), dtype=np.uint8)
    for scale in (1, 2):
        picture = np.ascontiguousarray(half[::scale, ::scale])
        track = FaceTrack(lambda picture: [], size=64, every=2, fps=10, fallback="iemocap")
        for _ in range(3):
            track.add(picture)
        clip, quality = track.finish()
        assert quality.fallback and quality.found == 0 and quality.note()["fallback"] is True
        top, left, side = 112 // scale, 52 // scale, 256 // scale
        expected = picture[top : top + side, left : left + side].reshape(64, side // 64, 64, side // 64)
        np.testing.assert_allclose(clip[1], expected.mean(axis=(1, 3)), atol=0.51)
    assert fixed_window(height=240, width=240) is None
    left, top, side = fixed_window(height=480, width=320)  # square pixels of television of 8:9
    assert (top, side) == (112, 256) and left == 32
    other = FaceTrack(lambda picture: [], size=64, every=2, fps=10, fallback="iemocap")
    other.add(np.zeros((240, 320), np.uint8))
    assert other.finish()[0] is None
    with pytest.raises(EmotionError, match=r"face.fallback is 'centre', expected one of none, iemocap"):
        FaceTrack(Rolled(0), size=64, every=2, fps=10, fallback="centre")


def test_fixed_window_is_not_used_where_a_face_is_found(monkeypatch):
    monkeypatch.setattr(faces, "_STRETCH", 20)
    track = FaceTrack(
        planted(lambda n: [Box(50.0, 50.0, 40.0, 4.0)] if n >= 30 else []),
        size=16,
        every=5,
        fps=10.0,
        fallback="iemocap",
    )
    for number in range(50):
        track.add(np.full((120, 90), number, dtype=np.uint8))
    clip, quality = track.finish()
    assert not quality.fallback and "fallback" not in quality.note() and "roll" not in quality.note()
    assert clip[:, 8, 8].tolist() == list(range(28, 50))


@needs_haar
def test_small_faces_are_found_at_the_second_height():
    face, _ = draw_face(84)
    picture = np.full((480, 360), 90, np.uint8)
    picture[100:184, 100:184] = face
    track = FaceTrack(make_detector("haar"), size=32, every=1, fps=10)
    for _ in range(3):
        track.add(picture)
    _, quality = track.finish()
    left, top, side = quality.box
    assert quality.found == 3 and abs(left + side / 2 - 142) < 8 and abs(top + side / 2 - 142) < 8


def test_shrunk_is_close_to_the_mean_of_areas():
    picture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (480, 360), dtype=np.uint8), (0, 0), 3)
    small, scale = shrunk(picture, 180)
    assert small.shape == (180, 135) and scale == pytest.approx(480 / 180)
    exact = cv2.resize(picture, (135, 180), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - exact).max() <= 6
    assert shrunk(picture, 480)[0] is picture and shrunk(picture, 600) == (picture, 1.0)
