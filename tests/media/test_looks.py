"""Which pictures the detector sees: few while a face stays, all where it moves, hides or is lost."""

import numpy as np

from emotion.media.detectors import Box
from emotion.media.looks import Looks


class Planted:
    """Notes the pictures that it sees; their first pixel is their number."""

    def __init__(self, where):
        self.where, self.seen = where, []

    def __call__(self, picture):
        self.seen.append(int(picture[0, 0]))
        return self.where(self.seen[-1])


def picture(number, shade=90):
    made = np.full((100, 100), shade, np.uint8)
    made[0, 0] = number
    return made


def look(where, count=12, hidden=()):
    detector = Planted(where)
    looks = Looks(detector)
    for number in range(count):
        looks.add(picture(number, 200 if number in hidden else 90))
    return looks.finish(), detector.seen


def at(x):
    return [Box(x, 50.0, 40.0, 4.0)]


def test_a_face_that_stays_is_seen_now_and_then_and_lies_between():
    found, seen = look(lambda number: at(50 + 0.5 * number))
    assert seen == [0, 4, 8, 11]
    np.testing.assert_allclose([boxes[0].x for boxes in found], 50 + 0.5 * np.arange(12))


def test_where_a_face_moves_every_picture_is_seen():
    found, seen = look(lambda number: at(20 + 8 * max(0, min(number - 6, 4))))
    assert sorted(seen) == [0, 4, 6, 7, 8, 9, 10, 11]
    assert [boxes[0].x for boxes in found] == [20 + 8 * max(0, min(number - 6, 4)) for number in range(12)]


def test_a_face_that_is_hidden_for_a_moment_is_missed_there():
    found, seen = look(lambda number: [] if number in (2, 3) else at(50), hidden=(2, 3))
    assert [number for number, boxes in enumerate(found) if not boxes] == [2, 3] and {2, 3} <= set(seen)


def test_without_a_face_every_second_picture_is_seen_after_a_while():
    assert look(lambda number: []) == ([[]] * 12, [0, 1, 2, 4, 6, 8, 10, 11])


def test_a_face_that_comes_is_found_from_its_first_picture_on():
    found, seen = look(lambda number: at(50) if number >= 5 else [])
    assert [number for number, boxes in enumerate(found) if boxes] == list(range(5, 12))
    assert sorted(seen) == [0, 1, 2, 4, 5, 6, 10, 11]


def test_the_same_picture_is_seen_once_and_every_shot_begins_anew():
    detector = Planted(lambda number: at(50))
    looks, still = Looks(detector), picture(3)
    for _ in range(2):
        for _ in range(8):
            looks.add(still)
        assert looks.finish() == [at(50)] * 8
    assert detector.seen == [3, 3]


def test_whether_a_face_goes_on_is_asked_of_the_last_picture():
    looks = Looks(Planted(lambda number: at(50 + 3 * number)))
    assert looks.goes_on(picture(0), at(55)[0]) and not looks.goes_on(picture(0), None)
    for number in range(3):
        looks.add(picture(number))
    assert looks.goes_on(picture(3), at(90)[0]) and not looks.goes_on(picture(12), None)
