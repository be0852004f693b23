import math

import numpy as np
import pytest
import torch
from conversation.planted import face

from emotion.conversation.light_asd import LightAsd
from emotion.conversation.talking import Clip, Judge, kind_of, motion, square
from emotion.media.detectors import Box


def pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 112, 112)).astype(np.uint8)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return LightAsd().eval()


def sound(count):
    return np.random.default_rng(1).normal(size=(count, 13)).astype(np.float32)


@pytest.mark.slow
def test_the_network_sees_and_hears_the_same_time(network):
    whole = sound(400)
    judge = Judge(network, whole)
    clip = Clip(30, pictures(25))
    faces = torch.from_numpy(clip.pictures[None]).float()
    with torch.inference_mode():
        expected = network(faces, torch.from_numpy(whole[None, 120:220])).mean()
    assert judge(clip).talking == pytest.approx(float(expected), abs=1e-4)
    assert not judge.by_motion and math.isnan(judge(clip).motion)


@pytest.mark.slow
def test_a_clip_that_outlasts_the_sound_is_judged_as_far_as_it_goes(network):
    whole = sound(200)
    part = Judge(network, whole)(Clip(30, pictures(25)))
    assert part.talking == pytest.approx(Judge(network, whole)(Clip(30, pictures(25)[:20])).talking, abs=1e-4)
    assert math.isnan(Judge(network, whole)(Clip(48, pictures(25))).talking)
    assert math.isnan(Judge(network, whole)(Clip(60, pictures(25))).talking)


def test_without_network_or_sound_the_mouth_is_all_there_is(network):
    for judge in (Judge(None, sound(400)), Judge(network, None)):
        signs = judge(Clip(0, pictures(10), (0.1, 0.2) * 5))
        assert judge.by_motion and math.isnan(signs.talking) and signs.motion == pytest.approx(0.15)
        assert math.isnan(judge(Clip(0, pictures(3), (0.1, 0.2))).motion)


def test_a_mouth_moves_and_a_brow_does_not_count():
    still = pictures(1)[0]
    mouth, brow = still.copy(), still.copy()
    mouth[70:100, 40:70] = 0
    brow[:40] = 0
    assert motion(still, still) == motion(still, brow) == 0
    assert motion(still, mouth) > 0


@pytest.mark.parametrize("kind", ["haar", "yunet"])
def test_the_square_holds_the_mouth(kind):
    box = Box(100, 80, 60, 1)
    left, top, side = square(box, detector=kind)
    assert left + side / 2 == pytest.approx(100)
    assert 80 < top + side / 2 < 80 + 0.3 * 60 and 0.7 * 60 < side < 60
    assert kind_of("haar") == "haar" and kind_of("/models/face.onnx") == "yunet"


def test_drawn_mouths_differ_where_the_mouth_is():
    change = np.argwhere(face(mouth=1.0) != face())
    assert change.min(axis=0)[0] > 120
