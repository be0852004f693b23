"""Following a face: planted tracks, decoys, gaps and drift; the bundled detector on a drawn face."""

import itertools
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from drawn_face import draw_face

from emotion.errors import EmotionError
from emotion.media import faces
from emotion.media.faces import Box, FaceTrack, crop, follow, inside, longest_gap, make_detector, place


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
