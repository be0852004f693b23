import numpy as np
import pytest

from emotion.conversation.mfcc import Mfcc


def made(samples, block):
    mfcc = Mfcc()
    wave = (samples / 32768).astype(np.float32)
    for first in range(0, len(wave), block):
        mfcc.add(wave[first : first + block])
    return mfcc.finish()


def noise(count):
    return np.random.default_rng(count).normal(0, 3000, count).round().clip(-32768, 32767)


def naive(samples):
    """One frame at a time, by the definitions."""
    wave = np.concatenate([samples[:1], samples[1:] - 0.97 * samples[:-1]])
    frames = 1 + max(0, int(np.ceil((len(wave) - 400) / 160)))
    wave = np.concatenate([wave, np.zeros(frames * 160 + 400)])
    mel = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 28)
    corners = np.floor(513 * 700 * (10 ** (mel / 2595) - 1) / 16000).astype(int)
    rows = []
    for frame in range(frames):
        power = np.abs(np.fft.rfft(wave[frame * 160 : frame * 160 + 400], 512)) ** 2 / 512
        bands = []
        for low, middle, high in zip(corners, corners[1:], corners[2:], strict=False):
            band = sum(power[at] * (at - low) / (middle - low) for at in range(low, middle))
            bands.append(band + sum(power[at] * (high - at) / (high - middle) for at in range(middle, high)))
        logs = np.log(bands)
        row = []
        for number in range(13):
            scale = np.sqrt((1 if number == 0 else 2) / 26)
            value = scale * sum(logs[n] * np.cos(np.pi * number * (2 * n + 1) / 52) for n in range(26))
            row.append(value * (1 + 11 * np.sin(np.pi * number / 22)))
        rows.append([np.log(power.sum()), *row[1:]])
    return np.array(rows)


@pytest.mark.parametrize("count", [200, 400, 560, 561, 4001])
def test_by_the_definitions(count):
    assert np.allclose(made(noise(count), 333), naive(noise(count)), atol=1e-4)


@pytest.mark.parametrize("block", [1, 159, 160, 401, 16000])
def test_blocks_do_not_matter(block):
    assert np.array_equal(made(noise(3000), block), made(noise(3000), 3000))


def test_silence_is_finite_and_nothing_is_nothing():
    assert np.isfinite(made(np.zeros(1600), 1600)).all()
    assert Mfcc().finish().shape == (0, 13)


@pytest.mark.slow
def test_as_the_package_that_light_asd_was_trained_with():
    package = pytest.importorskip("python_speech_features", reason="pip install -e '.[test-slow]'")
    for count in (399, 400, 16000, 16161):
        theirs = package.mfcc(noise(count).astype(np.int16), 16000, numcep=13, winlen=0.025, winstep=0.01)
        assert np.allclose(made(noise(count), 1000), theirs, atol=1e-4)
