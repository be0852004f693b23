import numpy as np
import pytest
from scipy.signal import resample_poly

from emotion.corpus.synthetic.source_filter import friction_filter, glottis, smooth, tract

RATE = 16000
VOWELS = {"ah": (730, 1090, 2440), "ee": (270, 2290, 3010), "oo": (300, 870, 2240), "eh": (530, 1840, 2480)}


def sustained(pitch, formants, *, jitter=0.01, seconds=1.0):
    count = int(seconds * RATE)
    pulses = glottis(np.full(count, float(pitch)), rate=RATE, jitter=jitter, rng=np.random.default_rng(0))
    return tract(pulses, np.tile(np.asarray(formants, float), (count, 1)), rate=RATE)


def autocorrelation_pitch(wave):
    frame = wave[4000:8000] - wave[4000:8000].mean()
    values = np.correlate(frame, frame, "full")[len(frame) - 1 :] / np.arange(len(frame), 0, -1)
    lags = np.arange(RATE // 500, RATE // 60)
    best = values[lags].max()
    # The first peak nearly as high as the highest: two cycles correlate as well as one.
    peaks = lags[(values[lags] > values[lags - 1]) & (values[lags] >= values[lags + 1]) & (values[lags] > 0.85 * best)]
    return RATE / peaks[0]


def lpc_peaks(wave, order=10, rate=10000):
    low = resample_poly(wave, 5, 8)[2000:6000]
    low = np.diff(low) * np.hamming(len(low) - 1)
    r = np.correlate(low, low, "full")[len(low) - 1 : len(low) + order]
    matrix = r[np.abs(np.subtract.outer(np.arange(order), np.arange(order)))]
    roots = np.roots(np.concatenate([[1], -np.linalg.solve(matrix, r[1:])]))
    roots = roots[(roots.imag > 0) & (np.abs(roots) > 0.85)]
    return np.sort(np.angle(roots) * rate / (2 * np.pi))


@pytest.mark.parametrize("pitch", [90, 120, 180, 230, 320])
def test_pitch_of_a_sustained_vowel_is_the_requested_one(pitch):
    assert autocorrelation_pitch(sustained(pitch, VOWELS["ah"])) == pytest.approx(pitch, rel=0.05)


@pytest.mark.parametrize("vowel", VOWELS)
def test_formants_are_found_by_linear_prediction(vowel):
    peaks = lpc_peaks(sustained(100, VOWELS[vowel], jitter=0.0))
    for formant in VOWELS[vowel]:
        assert np.min(np.abs(peaks - formant)) < max(0.08 * formant, 60), (vowel, formant, peaks)


def test_jitter_varies_the_cycles_and_zero_jitter_does_not():
    def spread(jitter):
        wave = sustained(100, VOWELS["ah"], jitter=jitter)[1600:14400].reshape(-1, 160)
        return np.std(wave, axis=0).mean() / np.std(wave)

    assert spread(0.0) < 1e-6 < 0.05 < spread(0.03)


def test_moving_formants_filter_equals_one_whole_filter_when_they_stand_still():
    noise = np.diff(np.random.default_rng(1).standard_normal(8001))
    actual = tract(noise, np.tile([500.0, 1500.0, 2500.0], (8000, 1)), rate=RATE)
    hertz = np.fft.rfftfreq(32768, 1 / RATE)
    response = hertz**2 / (hertz**2 + 60**2) + 0j
    for centre in (500.0, 1500.0, 2500.0, 3500.0, 4500.0):
        response = response * centre**2 / (centre**2 - hertz**2 + 1j * hertz * (50 + 0.04 * centre))
    expected = np.fft.irfft(np.fft.rfft(noise, 32768) * response)[:8000]
    assert np.sqrt(np.mean((actual - expected)[800:-800] ** 2)) < 0.03 * np.std(expected)


def test_tilt_raises_high_frequencies_by_decibels_per_octave():
    noise = np.random.default_rng(2).standard_normal(16000)
    formants, window = np.tile([500.0, 1500.0, 2500.0], (16000, 1)), np.hanning(16000)
    power = [np.abs(np.fft.rfft(window * tract(noise, formants, rate=RATE, tilt=tilt))) ** 2 for tilt in (0.0, 6.0)]
    gains = [
        10 * np.log10(power[1][band].sum() / power[0][band].sum()) for band in (slice(480, 520), slice(3950, 4050))
    ]
    assert gains[0] == pytest.approx(-6, abs=0.7) and gains[1] == pytest.approx(12, abs=0.7)


def test_friction_keeps_its_power_and_peaks_at_its_centre():
    noise = np.random.default_rng(3).standard_normal(16000)
    for centre in (1000.0, 3300.0, 5600.0):
        hiss = friction_filter(noise, np.full(16000, centre), rate=RATE)
        assert np.std(hiss) == pytest.approx(1.0, rel=0.1)
        power = smooth(np.abs(np.fft.rfft(hiss)) ** 2, 200)
        assert np.argmax(power) == pytest.approx(centre, abs=350)


def test_smooth_keeps_constants_and_spreads_a_step():
    assert np.allclose(smooth(np.full(50, 2.0), 7), 2.0)
    step = smooth(np.repeat([0.0, 1.0], 100), 21)
    assert np.all(np.diff(step) >= -1e-12) and np.max(np.diff(step)) < 0.06
