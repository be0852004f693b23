"""Following a face: planted tracks, decoys, gaps and drift; the bundled detector on a drawn face."""

import itertools
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from drawn_face import draw_face

from emotion.errors import EmotionError
from emotion.media import faces
from emotion.media.cropping import crop, fixed_window, inside, place
from emotion.media.detectors import Box, make_detector
from emotion.media.faces import FaceTrack, follow, longest_gap, shrunk


def test_follow_is_the_best_of_all_paths():
    rng = np.random.default_rng(0)
    for _ in range(30):
        hits = [
            [Box(*rng.uniform(50, 90, 2), float(rng.uniform(35, 45)), 5.0) for _ in range(rng.integers(0, 4))]
            for _ in range(5)
        ]
        options = [frame or [None] for frame in hits]

        def cost(path):
            boxes = [box for box in path if box is not None]
            own = sum(-0.5 * np.log(box.side) - 0.1 * np.log1p(box.score) for box in boxes)
            return own + sum(faces._jump(a, b) for a, b in itertools.pairwise(boxes))

        best = min(itertools.product(*options), key=cost)
        assert follow(hits) == faces._without_outliers(list(best))


def test_follow_ignores_decoys_and_keeps_gaps():
    face = [Box(100 + step, 80.0, 50.0, 30.0) for step in range(12)]
    other = [Box(250 - step, 80.0, 40.0, 30.0) for step in range(12)]  # a smaller person beside
    hits = [[b, a] if step % 2 else [a, b] for step, (a, b) in enumerate(zip(face, other, strict=True))]
    hits[3] = [Box(300.0, 200.0, 60.0, 3.0), face[3]]  # a large false hit beside the face
    hits[5] = []
    hits[7] = [Box(20.0, 200.0, 60.0, 3.0)]  # a false hit where the face was missed
    expected = [None if step in (5, 7) else box for step, box in enumerate(face)]
    assert follow(hits) == expected
    assert follow([[], []]) == [None, None] and follow([]) == []


def test_follow_keeps_a_face_that_walks():
    walk = [Box(60.0 + 20 * step, 80.0, 50.0, 9.0) for step in range(13)]
    assert follow([[box] for box in walk]) == walk


def test_box_stands_still_while_the_face_nods():
    moving = [Box(100.0, 80 + 8 * np.sin(step), 50 + step % 3, 9.0) if step != 4 else None for step in range(10)]
    boxes = place(moving, np.arange(10) * 5, 48, fps=15)
    assert boxes.shape == (48, 3) and (boxes == boxes[0]).all()
    known = [box for box in moving if box]
    side = np.median([box.side for box in known])
    assert boxes[0, 2] == pytest.approx(side * 1.15)
    assert boxes[0, 1] + boxes[0, 2] / 2 == pytest.approx(np.median([box.y for box in known]))


def test_box_follows_a_face_that_walks():
    walk = [Box(60.0 + 20 * step, 80.0, 50.0, 9.0) for step in range(13)]
    boxes = place(walk, np.arange(13) * 5, 61, fps=15)
    centre = boxes[:, 0] + boxes[:, 2] / 2
    np.testing.assert_allclose(centre[15:-15], 60 + 4 * np.arange(61)[15:-15], atol=1)
    assert np.abs(np.diff(centre)).max() <= 4.001 and (boxes[:, 1:] == boxes[0, 1:]).all()


def test_boxes_stay_inside_and_crops_are_what_they_show():
    boxes = inside(np.array([[-5.0, 2.4, 30.0], [90.0, 70.0, 30.0], [3.0, 3.0, 500.0]]), height=80, width=100)
    assert boxes.tolist() == [[0, 2, 30], [70, 50, 30], [3, 0, 80]]
    pictures = list(np.random.default_rng(0).integers(0, 256, (3, 80, 100), dtype=np.uint8))
    clip = crop(pictures, boxes, size=10)
    assert clip.shape == (3, 10, 10) and clip.dtype == np.uint8
    naive = pictures[0][2:32, 0:30].reshape(10, 3, 10, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(clip[0], naive, atol=0.51)


def planted(where):
    """A detector that sees what `where(number)` says; the picture's first pixel is its number."""
    return lambda picture: where(int(picture[0, 0]))


def run(count, where, *, every=5, fps=10.0):
    track = FaceTrack(planted(where), size=16, every=every, fps=fps)
    for number in range(count):
        track.add(np.full((100, 100), number % 251, dtype=np.uint8))
    return track.finish()


def test_track_keeps_every_frame_and_measures_quality():
    clip, quality = run(32, lambda number: [] if number in (10, 15) else [Box(50.0, 50.0, 40.0, 4.0)])
    assert clip[:, 8, 8].tolist() == list(range(32))
    assert (quality.examined, quality.found, quality.gap, quality.score) == (7, 5, 1.0, 4.0)
    assert quality.box == (27, 27, 46)
    assert run(32, lambda number: [])[0] is None
    assert run(1, lambda number: [Box(50.0, 50.0, 40.0, 4.0)])[0].shape == (1, 16, 16)


def test_long_clips_are_cropped_in_stretches(monkeypatch):
    monkeypatch.setattr(faces, "_STRETCH", 20)
    held = []
    original = faces.crop
    monkeypatch.setattr(
        faces, "crop", lambda pictures, *a, **k: held.append(len(pictures)) or original(pictures, *a, **k)
    )
    clip, quality = run(50, lambda number: [Box(50.0, 50.0, 40.0, 4.0)] if number < 20 else [])
    assert held == [20, 20, 10] and clip[:, 8, 8].tolist() == list(range(50))
    assert (quality.examined, quality.found) == (10, 4)
    clip, _ = run(50, lambda number: [Box(50.0, 50.0, 40.0, 4.0)] if number >= 30 else [])
    assert clip[:, 8, 8].tolist() == list(range(20, 50))


def test_longest_gap():
    assert longest_gap([True, False, False, True, False]) == 2
    assert longest_gap([]) == 0 and longest_gap([False] * 3) == 3


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


def test_detector_must_exist(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    for name in ("mtcnn", "missing.onnx"):
        with pytest.raises(EmotionError, match=name):
            make_detector(name)
    with pytest.raises(EmotionError, match="not a YuNet model"):
        make_detector(str(tmp_path / "bad.onnx"))


def test_yunet_rows_become_boxes(tmp_path, monkeypatch):
    class Model:
        def setInputSize(self, size):
            self.size = size

        def detect(self, picture):
            assert picture.shape == (120, 160, 3) and self.size == (160, 120)
            return 1, np.array([[10, 20, 40, 60, *[0] * 10, 0.9]], dtype=np.float32)

    (tmp_path / "a.onnx").write_bytes(b"x")
    monkeypatch.setattr(cv2, "FaceDetectorYN", SimpleNamespace(create=lambda *_: Model()))
    (box,) = make_detector(str(tmp_path / "a.onnx"))(np.zeros((120, 160), dtype=np.uint8))
    assert (box.x, box.y, box.side) == (30, 53, 40) and box.score == pytest.approx(0.9)


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
    assert clip[:, 8, 8].tolist() == list(range(20, 50))


class Near:
    """Notes what it is asked for."""

    def __init__(self, lost=()):
        self.asked, self.lost = [], lost

    def __call__(self, picture):
        self.asked.append("all")
        return [Box(50.0, 50.0, 40.0, 4.0), Box(80.0, 50.0, 20.0, 4.0)]

    def near(self, picture, known):
        self.asked.append("near")
        assert [box.side for box in known] == [40, 20]
        return known[: 1 if len(self.asked) in self.lost else 2]


def test_known_faces_are_looked_for_nearby(monkeypatch):
    monkeypatch.setattr(faces, "_WHOLE", 4)
    detector = Near(lost=(3,))
    track = FaceTrack(detector, size=16, every=2, fps=10)
    for _ in range(20):
        track.add(np.zeros((100, 100), np.uint8))
    clip, quality = track.finish()
    # one of two was lost in the third search, so everything is searched again; and after four searches at the latest
    assert detector.asked == ["all", "near", "near", "all", "near", "near", "near", "all", "near", "near", "near"]
    assert len(clip) == 20 and (quality.examined, quality.found) == (10, 10)


def test_near_search_finds_what_the_whole_search_finds():
    detector = make_detector("haar")
    picture, _ = draw_face(180)
    (box,) = detector(picture)
    moved = cv2.warpAffine(picture, np.float64([[1, 0, 6], [0, 1, 4]]), (180, 180), borderMode=cv2.BORDER_REPLICATE)
    (found,) = detector.near(moved, [box])
    assert abs(found.x - box.x - 6) < 3 and abs(found.y - box.y - 4) < 3 and abs(found.side / box.side - 1) < 0.08
    assert detector.near(np.full((180, 180), 90, np.uint8), [box]) == []


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


def test_yunet_says_how_a_face_is_turned(tmp_path, monkeypatch):
    row = [10, 20, 40, 60, 20, 40, 40, 60, *[0] * 6, 0.9]  # the right eye in the picture is 20 px lower, 20 px away
    model = SimpleNamespace(setInputSize=lambda size: None, detect=lambda picture: (1, np.float32([row])))
    (tmp_path / "a.onnx").write_bytes(b"x")
    monkeypatch.setattr(cv2, "FaceDetectorYN", SimpleNamespace(create=lambda *_: model))
    (box,) = make_detector(str(tmp_path / "a.onnx"))(np.zeros((120, 160), dtype=np.uint8))
    assert box.roll == pytest.approx(45)
