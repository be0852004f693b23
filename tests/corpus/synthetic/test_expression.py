"""Poses over time: what emotions share, what only motion tells, and what listening looks like."""

import numpy as np
import pytest

from emotion.corpus.synthetic.expression import ACTS, Pose, Segment, poses

FPS = 15.0
HEAD = ["x", "y", "yaw", "pitch", "scale"]


def columns(track, names):
    return track[:, [Pose._fields.index(name) for name in names]]


def acted(emotion, *, intensity=1.0, seed=0, duration=2.0, talk=0.0):
    """Poses while one turn is fully on, without its onset and offset."""
    frames = round(duration * FPS)
    segment = Segment(1.0, 1.0 + duration, emotion, intensity, np.full(frames, talk, np.float32), seed)
    return poses([segment], frames=frames + 30, fps=FPS, seed=3)[18 : 12 + frames]


def mean_and_speed(emotion):
    tracks = [acted(emotion, seed=seed, duration=4.0) for seed in range(60)]
    speed = np.mean([np.abs(np.diff(columns(track, HEAD), axis=0)).sum(axis=1).mean() for track in tracks])
    return np.mean([track.mean(axis=0) for track in tracks], axis=0), float(speed)


@pytest.mark.parametrize(("fast", "slow"), [("excited", "happy"), ("angry", "frustrated")])
def test_pairs_share_their_mean_pose_and_differ_in_speed(fast, slow):
    (mean_fast, speed_fast), (mean_slow, speed_slow) = mean_and_speed(fast), mean_and_speed(slow)
    apart = dict(zip(Pose._fields, np.abs(mean_fast - mean_slow), strict=True))
    assert max(apart.values()) < 0.6, apart
    assert apart["lid"] < 0.05
    assert speed_fast > 2.5 * speed_slow


def test_other_emotions_differ_in_their_mean_pose():
    means = {emotion: mean_and_speed(emotion)[0] for emotion in ("happy", "angry", "sad", "neutral")}
    for first in means:
        for second in means:
            assert first == second or np.abs(means[first] - means[second]).max() > 4.0


@pytest.mark.slow
def test_single_poses_of_a_pair_have_the_same_spread():
    """Quantiles of every column over many turns, at one moment each: a still picture knows nothing of speed."""
    for fast, slow in (("excited", "happy"), ("angry", "frustrated")):
        stills = [np.array([acted(e, seed=seed)[10] for seed in range(250)]) for e in (fast, slow)]
        low, high = (np.quantile(still, [0.1, 0.5, 0.9], axis=0) for still in stills)
        assert np.abs(low - high).max() < 1.6


@pytest.mark.parametrize("emotion", sorted(ACTS))
def test_no_intensity_is_neutral(emotion):
    assert np.abs(acted(emotion, intensity=0.0) - acted("neutral", intensity=0.0)).max() == 0.0
    weak, strong = acted(emotion, intensity=0.1, seed=2), acted(emotion, intensity=1.0, seed=2)
    still = acted("neutral", intensity=0.0)
    assert np.abs(weak - still).max() < 0.15 * max(np.abs(strong - still).max(), 1.0)


def test_onset_and_offset_are_smooth_and_listening_is_calm():
    segment = Segment(2.0, 4.0, "angry", 1.0, np.zeros(30, np.float32), 5)
    track = poses([segment], frames=120, fps=FPS, seed=1)
    frown = track[:, Pose._fields.index("frown")]
    assert frown[:26].max() == 0.0 and frown[66:].max() == 0.0 and frown[33:58].min() > 0.7
    assert np.abs(np.diff(frown)).max() < 0.4
    listening = poses([], frames=600, fps=FPS, seed=1)
    assert np.abs(columns(listening, HEAD)).max() < 2.0
    blinks = listening[:, Pose._fields.index("lid")] < 0.3
    assert 5 <= np.count_nonzero(np.diff(blinks.astype(int)) == 1) <= 25


def test_mouth_follows_speech_from_the_segments_first_frame():
    frames = 90
    mouth = np.zeros(30, np.float32)
    mouth[7] = 1.0
    track = poses([Segment(2.0, 4.0, "neutral", 1.0, mouth, 5)], frames=frames, fps=FPS, seed=1)
    opened = track[:, Pose._fields.index("open")]
    assert int(opened.argmax()) == 37
    assert np.count_nonzero(opened > 0.05) == 1


def test_columns_stay_possible_and_seeds_decide():
    for emotion in ACTS:
        track = acted(emotion, talk=1.0, seed=9)
        for name, low, high in (("open", 0, 1), ("press", 0, 1), ("lid", 0, 1.3), ("cheek", 0, 1.2), ("frown", 0, 1.2)):
            column = columns(track, [name])
            assert column.min() >= low and column.max() <= high
        assert np.array_equal(track, acted(emotion, talk=1.0, seed=9))
        assert not np.array_equal(track, acted(emotion, talk=1.0, seed=10))


def test_speech_beyond_the_video_is_cut():
    segment = Segment(1.0, 9.0, "happy", 1.0, np.ones(120, np.float32), 0)
    assert poses([segment], frames=30, fps=FPS, seed=0).shape == (30, len(Pose._fields))
    assert poses([segment], frames=5, fps=FPS, seed=0).shape == (5, len(Pose._fields))
