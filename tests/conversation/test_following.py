import math
from dataclasses import replace

import numpy as np
import pytest

from emotion.conversation.following import Follower, blend, without_doubles
from emotion.media.detectors import Box

A, B = Box(100, 100, 60, 20), Box(400, 120, 80, 30)


class Planted:
    """Finds what is written down for each time it is asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), 0

    def __call__(self, picture):
        self.asked += 1
        answer = self.answers[min(self.asked, len(self.answers)) - 1]
        return [replace(box, score=box.score) for box in answer]


class NearPlanted(Planted):
    def __init__(self, *answers):
        super().__init__(*answers)
        self.near_asked = 0

    def near(self, picture, known):
        self.near_asked += 1
        return list(known)


def grey(level=90):
    return np.full((240, 600), level, np.uint8)


def test_two_faces_are_two_tracks_in_any_order():
    follower = Follower(Planted([A, B], [B, A], [replace(A, x=110)], [B, A]))
    for number in range(4):
        follower.examine(number * 0.5, grey())
    first, second = sorted(follower.tracks, key=lambda track: track.box.x)
    assert {first.number, second.number} == {0, 1} and first.times == [0.0, 0.5, 1.0, 1.5]
    assert second.times == [0.0, 0.5, 1.5] and {box.x for box in second.found} == {400}


def test_a_face_that_is_lost_for_long_begins_a_new_track():
    follower = Follower(Planted([A], [], [], [], [A]))
    for number in range(5):
        follower.examine(number * 1.1, grey())
        assert len(follower.open) == (number in (0, 4))
    assert [track.times for track in follower.tracks] == [[0.0], [4.4]]


def test_a_far_face_is_another_one():
    follower = Follower(Planted([A], [replace(A, x=A.x + 1.2 * A.side)]))
    follower.examine(0.0, grey())
    follower.examine(0.2, grey())
    assert len(follower.tracks) == 2


def test_a_box_that_trembles_is_smoothed_and_one_that_moves_is_followed():
    follower = Follower(Planted([A], [replace(A, x=106)], [replace(A, x=140)]))
    for time in (0.0, 0.2, 0.4):
        follower.examine(time, grey())
    (track,) = follower.tracks
    assert track.before.x == pytest.approx(100 + 0.4 * 6) and track.box.x == 140
    assert [box.x for box in track.found] == [100, 106, 140]


def test_the_whole_picture_is_searched_at_the_start_and_at_times():
    detect = NearPlanted([A])
    follower = Follower(detect)
    for number in range(100):
        follower.examine(number / 5, grey())
    assert detect.asked == 4 and detect.near_asked == 96
    empty = NearPlanted([])
    follower = Follower(empty)
    for number in range(100):
        follower.examine(number / 5, grey())
    assert empty.asked == 20 and empty.near_asked == 0


def test_a_cut_ends_all_tracks_unless_a_face_stays_where_it_was():
    rng = np.random.default_rng(0)
    one, other = (rng.integers(0, 255, (240, 600)).astype(np.uint8) for _ in range(2))
    follower = Follower(Planted([A]))
    assert not follower.cut(one)
    follower.examine(0.0, one)
    assert follower.cut(other) and follower.open == [] and follower.shot == 1
    follower.examine(0.04, other)
    assert [track.shot for track in follower.tracks] == [0, 1]
    assert not follower.cut(other)
    brighter = np.clip(other.astype(int) + 20, 0, 255).astype(np.uint8)
    assert not follower.cut(brighter) and follower.shot == 1


def test_doubles_of_a_face_are_one():
    inside = Box(A.x + 10, A.y + 10, 40, 5)
    assert without_doubles([inside, B, A]) == [B, A]
    assert without_doubles([]) == []


def test_blending():
    half = blend(A, B, 0.5)
    assert (half.x, half.y, half.side) == (250, 110, 70)
    assert blend(A, B, 0.0).x == A.x and blend(A, B, 1.0) == B
    assert not math.isnan(half.score)
