"""Planted tracks, decoys and gaps: one person's boxes, and which frames show that person."""

import itertools

import numpy as np
import pytest

from emotion.media import tracks
from emotion.media.detectors import Box
from emotion.media.tracks import follow, longest_gap, one_person, visible


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
            return own + sum(tracks.jump(a, b) for a, b in itertools.pairwise(boxes))

        best = min(itertools.product(*options), key=cost)
        assert follow(hits) == tracks._without_outliers(list(best))


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


def test_longest_gap():
    assert longest_gap([True, False, False, True, False]) == 2
    assert longest_gap([]) == 0 and longest_gap([False] * 3) == 3


def boxes(*places, side=40.0):
    return [None if x is None else Box(float(x), 50.0, side, 5.0) for x in places]


def test_who_is_seen_longest_and_largest_is_kept():
    path = boxes(10, 11, 12, 200, 201, 202, 203, 13, 12)
    assert one_person(path, step=0.3) == [box if box.x < 100 else None for box in path]
    large = boxes(10, 11) + boxes(300, 301, side=200.0) + boxes(12)
    assert one_person(large, step=0.3) == [None, None, *large[2:4], None]
    assert one_person([None, None], step=0.3) == [None, None] and one_person([], step=1.0) == []


def test_who_was_shown_before_stays():
    path = boxes(10, None, 200, 201, 202)
    before = Box(12.0, 50.0, 40.0, 5.0)
    assert one_person(path, step=0.3, before=before) == boxes(10, None, None, None, None)
    assert one_person(path[1:], step=0.3, before=before) == path[1:]  # gone: the other one then


@pytest.mark.parametrize("step", [0.1, 0.33, 2.0])
def test_who_walks_is_one_person(step):
    walk = boxes(*range(0, 400, 30))
    assert one_person(walk, step=step) == walk


def test_who_walks_while_nobody_is_found_is_one_person():
    path = boxes(10, 20, None, None, None, None, 110, 120)
    assert one_person(path, step=0.33) == path  # 90 px in 1.7 s
    assert one_person(boxes(10, 20, 110), step=0.33) == boxes(10, 20, None)  # in 0.3 s


def mask(track, crops, **how):
    delivered, seen = visible(track, np.array(crops, dtype=float), **how)
    return "".join("s" if s else "d" if d else "." for d, s in zip(delivered, seen, strict=True))


def test_frames_are_as_the_examined_frame_next_to_them():
    crops = [(27, 27, 46)] * 22
    assert mask(boxes(50, 50, 50, 50, 50), crops, every=5, fps=10) == "s" * 22
    assert mask(boxes(50, None, None, None, None), crops, every=5, fps=10) == "sss..................."
    assert mask(boxes(None, None, 50, None, None), crops, every=5, fps=10) == "........sssss........."
    assert mask(boxes(None, None, None, None, 50), crops, every=5, fps=10) == "..................ssss"


def test_short_gaps_are_delivered_and_not_said_to_show_the_face():
    crops = [(27, 27, 46)] * 15
    assert mask(boxes(50, None, 50), crops, every=5, fps=10) == "sssdddddsssssss"
    assert mask(boxes(50, None, 50), crops, every=5, fps=1) == "sss.....sssssss"
    assert mask(boxes(50, 50), crops, every=10, fps=1) == "s" * 15


def test_a_crop_that_holds_half_a_face_does_not_show_it():
    assert mask(boxes(50), [(27, 27, 46), (34, 27, 46), (50, 27, 46), (200, 27, 46)], every=5, fps=10) == "ssdd"
