import numpy as np
import pytest

from emotion.conversation.people import NOBODY, people
from emotion.conversation.watch import FaceTrack, Shot, Sight

LEFT, RIGHT = (0.1, 0.2, 0.3, 0.5), (0.7, 0.2, 0.9, 0.5)


def track(shot, start, box, *, end=None, count=5, score=20.0):
    times = np.linspace(start, end or start + 1, count, dtype=np.float32)
    return FaceTrack(shot, times, np.tile(np.array(box, np.float32), (count, 1)), score)


def picture(seed):
    return np.random.default_rng(seed).integers(0, 256, (24, 24)).astype(np.uint8)


def shots(*cameras):
    """A shot of ten seconds for each camera."""
    return tuple(Shot(10 * n, 10 * n + 10, picture(camera), picture(camera)) for n, camera in enumerate(cameras))


def who(tracks, *cameras, detector="haar"):
    return people(Sight(tuple(tracks), shots(*cameras)), detector=detector)


def test_two_faces_are_two_people():
    assert who([track(0, 0, LEFT), track(0, 0, RIGHT)], 1) == [0, 1]


def test_a_face_that_comes_back_is_the_same():
    assert who([track(0, 0, LEFT), track(0, 0, RIGHT, end=9), track(0, 4, LEFT)], 1) == [0, 1, 0]
    assert who([track(0, 0, LEFT), track(0, 90, LEFT)], 1) == [0, 1]


def test_at_two_places_at_once_is_two():
    near = (0.14, 0.2, 0.34, 0.5)
    assert who([track(0, 0, LEFT, end=5), track(0, 3, near, end=8)], 1) == [0, 1]


def test_shots_of_one_camera_show_the_same_people():
    tracks = [track(0, 0, LEFT), track(0, 0, RIGHT), track(1, 10, LEFT), track(2, 20, RIGHT), track(2, 20, LEFT)]
    assert who(tracks, 1, 2, 1) == [0, 1, 2, 1, 0]
    assert who([track(0, 0, LEFT), track(1, 10, LEFT)], 1, 1) == [0, 0]


def test_what_is_hardly_a_face_is_nobody():
    tracks = [track(0, 0, LEFT, count=2), track(0, 0, RIGHT, score=5), track(0, 2, RIGHT)]
    assert who(tracks, 1) == [NOBODY, NOBODY, 0]
    assert who([track(0, 0, RIGHT, score=0.8)], 1, detector="yunet") == [0]
    assert who([], 1) == []


@pytest.mark.parametrize("width", [0.0, 1e-9])
def test_boxes_at_the_edge_of_the_picture(width):
    assert who([track(0, 0, (0, 0, width, 0.1)), track(0, 3, (0, 0, width, 0.1))], 1)[0] == 0
