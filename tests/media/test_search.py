"""Where faces are looked for, and how often."""

import numpy as np

from emotion.media import search
from emotion.media.detectors import Box
from emotion.media.faces import FaceTrack
from emotion.media.search import Search


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
    monkeypatch.setattr(search, "_WHOLE", 4)
    detector = Near(lost=(3,))
    looking, found = Search(detector), list[Box]()
    for _ in range(10):
        found = looking.faces(np.zeros((100, 100), np.uint8), found)
    # one of two was lost in the third search, so everything is searched again; and after four searches at the latest
    assert detector.asked == ["all", "near", "near", "all", "near", "near", "near", "all", "near", "near", "near"]


def test_every_examined_frame_of_a_track_has_its_face():
    track = FaceTrack(Near(), size=16, every=2, fps=10)
    for _ in range(20):
        track.add(np.zeros((100, 100), np.uint8))
    clip, quality = track.finish()
    assert len(clip) == 20 and (quality.examined, quality.found) == (10, 10)


class Turning:
    """Sees a face that is turned by `roll` degrees where it looks within 30 of them; notes where it looked."""

    def __init__(self, roll):
        self.roll, self.asked = roll, []

    def __call__(self, picture):
        return self.turned(picture, 0.0)

    def turned(self, picture, roll):
        self.asked.append((picture.shape[0], roll))
        return [Box(50.0, 50.0, 40.0, 0.9, roll)] if self.roll is not None and abs(self.roll - roll) < 30 else []

    def level(self, picture, box):
        return box


def test_a_face_is_looked_for_as_it_was_found_before():
    detector = Turning(-45.0)
    looking = Search(detector)
    picture = np.zeros((240, 180), np.uint8)
    found = [looking.faces(picture, []) for _ in range(5)]
    assert [len(boxes) for boxes in found] == [0, 0, 1, 1, 1] and found[-1][0].roll == -40
    assert detector.asked == [(160, 0), (240, 0), (160, 0), (160, 40), (160, 0), (160, -40), (160, -40), (160, -40)]
    assert looking.goes_on(picture, found[-1])
    detector.roll = 10.0  # the head comes upright again
    assert [len(looking.faces(picture, found[3])) for _ in range(2)] == [1, 1]
    assert detector.asked[-3:] == [(160, -40), (160, 0), (160, 0)]


def test_without_a_face_there_are_two_looks_at_most():
    detector = Turning(None)
    looking = Search(detector)
    for _ in range(8):
        assert looking.faces(np.zeros((480, 360), np.uint8), []) == []
    usual, small, right, left = (160, 0), (240, 0), (160, 40), (160, -40)
    assert detector.asked == [usual, small, usual, right, usual, left, *([small, usual, right, usual, left] * 2)][:14]
