import numpy as np
import pytest

from emotion.core.errors import EmotionError
from emotion.corpus.synthetic.voice import MANNERS, manner, openness, speak, throat

RATE = 16000
TEXTS = [
    "I got it",
    "Okay, let me think",
    "They told me this morning at the office",
    "That is what he said to me today",
]
ACTORS = [(session, gender) for session in range(1, 6) for gender in "FM"]


def say(text=TEXTS[2], *, session=1, gender="F", emotion="neutral", intensity=1.0, seed=0):
    return speak(text, session=session, gender=gender, emotion=emotion, intensity=intensity, seed=seed)


def level(wave):
    return 10 * np.log10(np.mean(wave.astype(float) ** 2))


def brightness(wave):
    return np.mean(np.diff(np.sign(wave)) != 0)


def median_pitch(wave):
    found = []
    for start in range(0, len(wave) - 1024, 400):
        frame = wave[start : start + 1024].astype(float)
        values = np.correlate(frame, frame, "full")[1023:1400] / (1 - np.arange(377) / 1024)
        lag = 40 + int(np.argmax(values[40:230]))
        if values[lag] > 0.6 * values[0] > 0:
            found.append(RATE / lag)
    return float(np.median(found))


@pytest.mark.parametrize("emotion", MANNERS)
@pytest.mark.parametrize("text", TEXTS)
def test_waveforms_are_finite_audible_and_of_the_right_length(emotion, text):
    for seed, (session, gender) in enumerate(ACTORS[::4]):
        wave = say(text, session=session, gender=gender, emotion=emotion, seed=seed)
        assert wave.dtype == np.float32 and np.isfinite(wave).all()
        assert 1.0 * RATE <= len(wave) <= 2.4 * RATE
        assert 0.03 < np.max(np.abs(wave)) < 1.0
        assert abs(wave.mean()) < 0.01 * np.max(np.abs(wave))


def test_no_click_at_the_edges_or_inside():
    for emotion in MANNERS:
        wave = say(emotion=emotion)
        assert np.max(np.abs(wave[[*range(16), *range(-16, 0)]])) < 0.02 * np.max(np.abs(wave))
        calm = say("mama nana lulu we are mellow", emotion="sad")
        assert np.max(np.abs(np.diff(calm, 2))) < 0.5 * np.max(np.abs(calm))


def test_same_seed_same_bytes_other_seed_other_bytes():
    assert say(seed=7).tobytes() == say(seed=7).tobytes()
    assert say(seed=7).tobytes() != say(seed=8).tobytes()
    assert say(session=1).tobytes() != say(session=2).tobytes()


def test_no_word_is_a_hum_and_any_text_is_spoken():
    hum = say("")
    assert len(hum) == pytest.approx(0.4 * RATE, abs=RATE * 0.01) and np.max(np.abs(hum)) > 0.03
    assert say("...").shape == hum.shape
    assert np.max(np.abs(say("Hmm"))) > 0.03
    assert len(say("what " * 40)) <= 2.4 * 5 * RATE
    other = speak("I got it", session=1, gender="M", emotion="sad", intensity=1, seed=0, rate=22050)
    assert len(other) >= 22050


def test_actors_differ_and_women_speak_higher_through_shorter_tracts():
    throats = [throat(*actor) for actor in ACTORS]
    assert len({t.pitch for t in throats}) == len({t.breath for t in throats}) == 10
    for (_, gender), t in zip(ACTORS, throats, strict=True):
        low, high = (180, 230) if gender == "F" else (95, 135)
        assert low <= t.pitch <= high
    assert min(throat(s, "F").tract for s in range(1, 6)) > max(throat(s, "M").tract for s in range(1, 6))


@pytest.mark.slow
def test_spoken_pitch_follows_the_actor():
    for session, gender in ACTORS[:4]:
        # Sentences differ by 0.8 semitones, and half a neutral accent is one.
        found = np.median(
            [median_pitch(say("mama we mean all money now", session=session, gender=gender, seed=s)) for s in range(5)]
        )
        assert found == pytest.approx(throat(session, gender).pitch, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(("session", "gender"), ACTORS)
def test_emotions_keep_their_order_for_every_actor(session, gender):
    waves = {
        emotion: [say(TEXTS[k], session=session, gender=gender, emotion=emotion, seed=k) for k in (2, 3)]
        for emotion in MANNERS
    }

    def mean(measure, emotion):
        return np.mean([measure(wave) for wave in waves[emotion]])

    levels = {emotion: mean(level, emotion) for emotion in MANNERS}
    assert levels["sad"] + 8 < levels["angry"] and levels["sad"] < levels["neutral"] < levels["angry"]
    assert mean(len, "excited") < 0.85 * mean(len, "sad") and mean(len, "angry") < mean(len, "frustrated")
    assert mean(brightness, "angry") > mean(brightness, "sad")


def test_excited_is_spoken_higher_than_sad():
    assert median_pitch(say(emotion="excited")) > 1.3 * median_pitch(say(emotion="sad"))


def test_intensity_leads_from_neutral_to_the_emotion():
    assert manner("angry", intensity=0.0) == MANNERS["neutral"]
    assert manner("angry", intensity=1.0).level == pytest.approx(MANNERS["angry"].level)
    assert say(emotion="angry", intensity=0).tobytes() == say(emotion="sad", intensity=0).tobytes()
    assert level(say(emotion="angry", intensity=0.3)) < level(say(emotion="angry", intensity=1.0))


def test_unknown_emotion_or_gender_is_a_clear_error():
    with pytest.raises(EmotionError, match="'bored', expected one of happy"):
        say(emotion="bored")
    with pytest.raises(EmotionError, match="gender is 'X'"):
        say(gender="X")


def test_openness_follows_a_planted_envelope():
    fps, seconds = 15, 3
    planted = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(RATE * seconds) / RATE)
    wave = (0.3 * planted * np.random.default_rng(0).standard_normal(RATE * seconds)).clip(-1, 1)
    mouth = openness(wave, rate=RATE, fps=fps)
    middles = ((np.arange(fps * seconds) + 0.5) / fps * RATE).astype(int)
    assert mouth.dtype == np.float32 and mouth.shape == (fps * seconds,)
    assert np.max(np.abs(mouth - planted[middles])) < 0.15 and mouth.max() > 0.95


def test_openness_of_silence_and_frame_counts():
    assert not openness(np.zeros(RATE), rate=RATE, fps=15).any()
    assert openness(np.zeros(0), rate=RATE, fps=15).shape == (0,)
    assert openness(np.ones(RATE + 1), rate=RATE, fps=10).shape == (11,)
    assert openness(say(emotion="sad"), rate=RATE, fps=15).max() > 0.9
