"""Drawn faces, found by the cascade that comes with OpenCV."""

from fractions import Fraction

import numpy as np
import pytest
from conversation.planted import mumble, two, voice, write

from emotion.conversation.talking import Judge
from emotion.conversation.watch import _Span, watch
from emotion.conversation.words import Region
from emotion.core.errors import MediaError

BY_MOTION = Judge(None, None)


def film(path, seconds, say, *, fps=25):
    """`say(t)`: the mouths at a time."""
    count = round(seconds * float(Fraction(fps)))
    return write(path, pictures=[two(*say(number / float(Fraction(fps)))) for number in range(count)], fps=fps)


def talks(time):
    """The left one for two seconds, then the right one."""
    return (mumble(time), 0.2) if time < 2 else (0.2, mumble(time))


@pytest.mark.slow
@pytest.mark.parametrize("fps", [25, Fraction(30000, 1001), 12])
def test_the_mouth_that_moves_is_the_speakers(tmp_path, fps):
    path = film(tmp_path / "a.mp4", 4, talks, fps=fps)
    told = []
    spans = [Region(0.2, 1.8), Region(2.2, 3.8)]
    sight = watch(path, spans=spans, detector="haar", judge=BY_MOTION, progress=lambda *step: told.append(step))
    assert sight.seconds == pytest.approx(4, abs=0.1) and sight.trouble == ""
    assert len(sight.shots) == 1 and len(sight.tracks) == 2
    left, right = sorted(range(2), key=lambda number: sight.tracks[number].boxes[0, 0])
    for spoken, quiet, seen in ((left, right, sight.glimpses[0]), (right, left, sight.glimpses[1])):
        signs = {glimpse.track: glimpse.signs.motion for glimpse in seen}
        assert signs[spoken] > 3 * signs[quiet] and all(glimpse.share == 1 for glimpse in seen)
    assert [done for done, _ in told][:4] == [0, 1, 2, 3]
    assert all(total == pytest.approx(sight.seconds) for _, total in told)


def test_boxes_are_where_the_faces_are(tmp_path):
    path = film(tmp_path / "a.mp4", 1, lambda time: (0.2, 0.2))
    sight = watch(path, spans=[Region(0, 1)], detector="haar", judge=BY_MOTION)
    boxes = [np.median(track.boxes, axis=0) for track in sight.tracks]
    centres = sorted(((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in boxes)
    assert centres[0] == pytest.approx((0.25, 0.5), abs=0.06) and centres[1] == pytest.approx((0.75, 0.5), abs=0.06)


@pytest.mark.slow
def test_a_span_over_a_cut_has_the_faces_of_both_shots(tmp_path):
    path = film(tmp_path / "a.mp4", 3, lambda time: (0.2, None) if time < 1.5 else (None, 0.2))
    sight = watch(path, spans=[Region(0.5, 2.5)], detector="haar", judge=BY_MOTION)
    assert [(shot.start, shot.end) for shot in sight.shots] == [(0, 1.52), (1.52, 3)]
    assert [track.shot for track in sight.tracks] == [0, 1]
    (seen,) = sight.glimpses
    assert [glimpse.track for glimpse in seen] == [0, 1]
    assert all(glimpse.share == pytest.approx(0.5, abs=0.1) for glimpse in seen)


@pytest.mark.slow
def test_overlapping_short_and_late_spans(tmp_path):
    path = film(tmp_path / "a.mp4", 2, lambda time: (mumble(time), None))
    spans = [Region(0.0, 2.0), Region(0.5, 0.6), Region(0.4, 1.4), Region(1.9, 30.0), Region(40, 41)]
    sight = watch(path, spans=spans, detector="haar", judge=BY_MOTION)
    assert [len(seen) for seen in sight.glimpses] == [1, 1, 1, 0, 0]
    assert all(seen[0].signs.motion > 0 for seen in sight.glimpses[:3])


@pytest.mark.slow
def test_no_more_than_the_middle_of_a_long_span_is_held(tmp_path):
    held = []

    class Counting(Judge):
        def __call__(self, clip):
            held.append((clip.first, len(clip.pictures)))
            return super().__call__(clip)

    path = film(tmp_path / "a.mp4", 6, lambda time: (0.2, None))
    watch(path, spans=[Region(0, 6), Region(5.0, 5.2)], detector="haar", judge=Counting(None, None))
    assert held == [(25, 100), (120, 15)]


def test_a_face_in_the_crowd_is_not_put_together_from_pieces():
    span = _Span(0, 10, 30)
    for number in (12, 13, 15, 14):
        span.add(7, number, np.full((2, 2), number), [float(number)])
    assert span.starts == {7: 12} and [int(face[0, 0]) for face in span.pictures[7]] == [12, 13, 14]
    assert span.moved == {7: [12.0, 13.0, 14.0]}


@pytest.mark.slow
def test_what_moved_between_two_spans_does_not_count(tmp_path):
    path = film(tmp_path / "a.mp4", 3, lambda time: (0.0 if time < 1.5 else 1.0, None))
    spans = [Region(0.2, 1.0), Region(2.0, 2.8)]
    sight = watch(path, spans=spans, detector="haar", judge=BY_MOTION)
    assert all(seen[0].signs.motion < 0.02 for seen in sight.glimpses)


def test_nobody_is_seen(tmp_path):
    path = film(tmp_path / "a.mp4", 1, lambda time: (None, None))
    sight = watch(path, spans=[Region(0, 1)], detector="haar", judge=BY_MOTION)
    assert sight.tracks == () and sight.glimpses == ((),)


def test_what_is_no_video_is_named(tmp_path):
    sound = write(tmp_path / "a.m4a", sound=voice([(0, 1)], 1))
    (tmp_path / "text.mp4").write_text("no video")
    for path, reason in (
        (sound, "no video track"),
        (tmp_path / "text.mp4", "undecodable"),
        (tmp_path / "b", "no video"),
    ):
        with pytest.raises(MediaError, match=reason) as caught:
            watch(path, spans=[], detector="haar", judge=BY_MOTION)
        assert "\n" not in str(caught.value)


def test_a_video_that_was_cut_off_is_watched_as_far_as_it_goes(tmp_path):
    whole = write(tmp_path / "a.mkv", pictures=[two(0.2, None)] * 100).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    sight = watch(tmp_path / "cut.mkv", spans=[Region(0, 4)], detector="haar", judge=BY_MOTION)
    assert 1 < sight.seconds < 4 and len(sight.tracks) == 1
