import numpy as np
import pytest

from emotion.conversation.channels import Levels, channel_of, one_each
from emotion.conversation.words import Region

RATE = 16_000
LEFT, RIGHT = Region(1, 4), Region(5, 8)


def recording(left, right, noise=0.001, seed=0):
    """Ten seconds; gains of the two channels for who speaks first and second."""
    rng = np.random.default_rng(seed)
    wave = rng.normal(0, noise, (2, 10 * RATE))
    for span, gains in ((LEFT, left), (RIGHT, right)):
        voice = rng.normal(0, 0.1, round(span.length * RATE))
        part = slice(round(span.start * RATE), round(span.end * RATE))
        for channel, gain in enumerate(gains):
            wave[channel, part] += gain * voice
    return wave.astype(np.float32)


def levels(wave, block=7777):
    made = Levels(RATE)
    for first in range(0, wave.shape[1], block):
        made.add(wave[:, first : first + block])
    return made.finish()


def test_energies_are_those_of_the_whole_whatever_the_blocks():
    wave = recording((1, 0), (0, 1))
    naive = np.square(wave).reshape(2, 100, 1600).mean(axis=2).T
    naive = np.maximum(naive - 2 * np.percentile(naive, 10, axis=0), 0)
    assert np.allclose(levels(wave), naive, rtol=1e-5, atol=1e-9)
    assert np.allclose(levels(wave, block=160_000), naive, rtol=1e-5, atol=1e-9)
    assert levels(wave[:1]).shape == (0, 2)


@pytest.mark.parametrize("leak", [0.0, 0.2])
def test_own_microphones(leak):
    made = levels(recording((1, leak), (leak, 0.5)))
    assert one_each(made, [LEFT, RIGHT])
    assert channel_of(made, LEFT) == 0 and channel_of(made, RIGHT) == 1
    assert channel_of(made, Region(8.5, 9.5)) is None


def test_both_at_once_is_nobodys():
    wave = recording((1, 0), (0, 1))
    wave[1, RATE : 4 * RATE] += np.random.default_rng(1).normal(0, 0.1, 3 * RATE)
    assert channel_of(levels(wave), LEFT) is None


@pytest.mark.parametrize(
    ("left", "right"),
    [((1, 1), (1, 1)), ((1, 0.8), (0.8, 1)), ((1, 0), (1, 0)), ((0, 0), (0, 0))],
    ids=["copies", "one room", "one channel is empty", "silence"],
)
def test_channels_that_say_nothing(left, right):
    assert not one_each(levels(recording(left, right)), [LEFT, RIGHT])


def test_no_sound_no_speech():
    assert not one_each(np.zeros((0, 2), np.float32), [LEFT])
    assert not one_each(levels(recording((1, 0), (0, 1))), [])
    assert channel_of(np.zeros((0, 2), np.float32), LEFT) is None


def test_noise_of_one_channel_is_no_voice():
    wave = recording((1, 0), (0, 1))
    wave[1] += np.random.default_rng(2).normal(0, 0.08, wave.shape[1]).astype(np.float32)
    made = levels(wave)
    assert channel_of(made, LEFT) == 0 and channel_of(made, RIGHT) == 1
