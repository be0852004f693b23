"""A synthetic voice: text, actor and emotion give a 16 kHz waveform.

Text becomes sounds with durations, stress and pitch; `source_filter` makes them audible. Emotion changes pitch, tempo,
loudness, spectral tilt, attack, roughness, breath and pauses, as vocal studies report (Banse and Scherer, 1996).
The same seed gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError
from emotion.corpus.synthetic.habits import Habits, habits
from emotion.corpus.synthetic.phonemes import HUM, PAUSE, SIGH, Phone, Syllable, syllables, words
from emotion.corpus.synthetic.source_filter import Array, friction_filter, glottis, smooth, tract


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said.

    Attributes:
        pitch: Pitch above the actor's own, semitones.
        accent: Height of pitch accents on stressed syllables, semitones.
        slope: Pitch at the end minus pitch at the start, semitones.
        tempo: Syllables per second.
        level: Loudness of the voice, dB (0 = root mean square 0.2).
        punch: How much louder stressed syllables are, dB.
        tilt: Spectral tilt added to the voice, dB per octave (higher = sharper).
        attack: Rise time of sounds, s.
        jitter: Relative standard deviation of the length of a glottal cycle.
        breath: Breath noise in the voice, relative to the pulses.
        pause: Pause in the middle, s.
        sigh: Sigh at the end, s.
    """

    pitch: float
    accent: float
    slope: float
    tempo: float
    level: float
    punch: float
    tilt: float
    attack: float
    jitter: float
    breath: float
    pause: float
    sigh: float


MANNERS = {
    "happy": Manner(3.5, 4.0, 2.0, 5.4, -6.5, 4.0, 0.8, 0.022, 0.008, 0.05, 0.0, 0.0),
    "sad": Manner(-3.0, 0.8, -2.5, 3.4, -17.0, 1.0, -4.0, 0.070, 0.012, 0.30, 0.12, 0.0),
    "neutral": Manner(0.0, 2.0, -1.5, 4.7, -11.0, 2.0, -1.0, 0.030, 0.008, 0.08, 0.0, 0.0),
    "angry": Manner(2.0, 3.0, -1.0, 5.6, -1.0, 7.0, 4.5, 0.006, 0.035, 0.05, 0.0, 0.0),
    "excited": Manner(7.5, 7.0, 4.0, 6.8, -2.5, 4.0, 2.0, 0.012, 0.012, 0.05, 0.0, 0.0),
    "frustrated": Manner(0.5, 2.5, -5.0, 4.2, -7.0, 4.0, 1.5, 0.018, 0.020, 0.20, 0.22, 0.34),
}

# Which of an actor's habits scales what (see `Habits`).
_PARTS = {
    **dict.fromkeys(("pitch", "accent", "slope"), "melody"),
    **dict.fromkeys(("level", "punch", "tilt", "attack", "jitter", "breath"), "force"),
    **dict.fromkeys(("tempo", "pause", "sigh"), "pace"),
}

# How much sentences differ anyway (standard deviations): pitch (semitones), tempo (log), level (dB), tilt (dB/octave).
VARIATION = (0.5, 0.05, 0.8, 0.4)
SHORTEST = 0.06  # s; shorter pauses and sighs would only be artefacts of a low intensity


@dataclass(frozen=True, slots=True)
class Throat:
    """What stays the same when one actor speaks.

    Attributes:
        pitch: The actor's own pitch, Hz.
        tract: Factor of all formants.
        breath: Breath noise added to the emotion's.
        tempo: Factor of the emotion's tempo.
        level: Added to the emotion's level, dB.
        expression: Factor of the emotion's difference from neutral.
    """

    pitch: float
    tract: float
    breath: float
    tempo: float
    level: float
    expression: float


def throat(session: int, gender: str) -> Throat:
    """The voice of an actor: men at 95 to 135 Hz, women at 180 to 230 Hz, with shorter vocal tracts.

    Raises:
        EmotionError: When the gender is neither `F` nor `M`.
    """
    if gender not in ("F", "M"):
        raise EmotionError(f"voice: gender is {gender!r}, expected 'F' or 'M'")
    female = gender == "F"
    # Orders differ between the columns so that no trait of an actor tells another.
    place = (session * 2 + female) % 5 / 4
    pitch = 180 + 50 * place if female else 95 + 40 * place
    tract = (1.17 if female else 1.0) * (0.96 + 0.08 * ((session * 3 + 1) % 5) / 4)
    turn = session * 2 + female
    return Throat(
        pitch=pitch,
        tract=tract,
        breath=0.06 * (turn * 3 % 10) / 9,
        tempo=0.93 + 0.14 * (turn * 7 % 10) / 9,
        level=-2.0 + 4.0 * (turn % 10) / 9,
        expression=0.92 + 0.16 * ((turn * 3 + 4) % 10) / 9,
    )


def manner(emotion: str, *, intensity: float, expression: float = 1.0, who: Habits | None = None) -> Manner:
    """The manner of `emotion` at an intensity from 0 (neutral) to 1.

    Args:
        emotion: One of the keys of `MANNERS`.
        intensity: How much of it is heard.
        expression: How expressive the actor is, a factor of all of it.
        who: The actor's habits: which parts of the manner they make more of.

    Raises:
        EmotionError: When the emotion is unknown.
    """
    if emotion not in MANNERS:
        raise EmotionError(f"voice: emotion is {emotion!r}, expected one of {', '.join(MANNERS)}")
    plain, full = np.array(astuple(MANNERS["neutral"])), np.array(astuple(MANNERS[emotion]))
    own = np.array([getattr(who, _PARTS[field.name]) for field in fields(Manner)]) if who else 1.0
    mixed = plain + np.clip(intensity, 0.0, 1.0) * expression * own * (full - plain)
    return Manner(*(float(value) for value in mixed))


def speak(
    text: str, *, session: int, gender: str, emotion: str, intensity: float, seed: int, rate: int = 16000
) -> NDArray[np.float32]:
    """Say `text` as one actor in one emotion.

    Args:
        text: What to say; without any word the actor hums for 0.4 s.
        session: Session of the actor; with the gender it fixes the voice.
        gender: `F` or `M`.
        emotion: One of the keys of `MANNERS`.
        intensity: 0 (sounds neutral) to 1.
        seed: Seed of everything random; the same seed gives the same samples.
        rate: Samples per second, Hz.

    Returns:
        Waveform (t,), peak below 1; 1.0 to 2.4 s for up to eight words, longer in proportion for longer texts.

    Raises:
        EmotionError: When the emotion or gender is unknown.
    """
    rng = np.random.default_rng([seed, 1])
    actor = throat(session, gender)
    who = habits(session, gender)
    how = manner(emotion, intensity=intensity, expression=actor.expression, who=who)
    how = _vary(how, actor, rng=rng)
    spoken = syllables(text)
    limit = 2.36 * max(1.0, sum(word[0].isalnum() for word in words(text)) / 8)
    sounds, seconds, stress = _schedule(spoken, how, limit=limit, rng=rng)
    counts = np.maximum(np.round(np.asarray(seconds) * rate), 1).astype(int)
    wave = _voice(sounds, counts, np.asarray(stress), how, actor, rate=rate, rng=rng)
    loud = 0.2 * 10 ** (how.level / 20) * wave
    return np.asarray(0.97 * np.tanh(loud / 0.97), dtype=np.float32)


def _vary(how: Manner, actor: Throat, *, rng: np.random.Generator) -> Manner:
    """The manner of one utterance: the actor's own habits added, and what differs from one sentence to the next."""
    pitch, tempo, level, tilt = rng.standard_normal(4) * VARIATION
    return replace(
        how,
        pitch=how.pitch + float(pitch),
        tempo=how.tempo * actor.tempo * float(np.exp(tempo)),
        level=how.level + actor.level + float(level),
        tilt=how.tilt + float(tilt),
        breath=how.breath + actor.breath,
    )


def _schedule(
    spoken: Sequence[Syllable], how: Manner, *, limit: float, rng: np.random.Generator
) -> tuple[list[Phone], list[float], list[float]]:
    """Sounds, their durations (s) and stress (0..1), within 1 s and `limit` s; edges of silence included."""
    if not spoken:
        return [PAUSE, HUM, PAUSE], [0.03, 0.34, 0.03], [0.0, 0.5, 0.0]
    spoken = _elide(spoken, round((limit - 0.1 - how.pause - how.sigh) * how.tempo))
    sounds, seconds, stress = [PAUSE], [0.04], [0.0]
    middle = len(spoken) // 2
    for i, syllable in enumerate(spoken):
        if syllable == (PAUSE,) or (i == middle and i > 0 and how.pause >= SHORTEST):
            sounds.append(PAUSE)
            seconds.append(0.06 if syllable == (PAUSE,) else how.pause)
            stress.append(0.0)
        if syllable != (PAUSE,):
            strength = float(np.clip((0.8 if i % 2 == 0 else 0.25) + 0.12 * rng.standard_normal(), 0.0, 1.0))
            # A syllable keeps the beat whatever its number of consonants, half way to the length of its sounds.
            total = sum(phone.length for phone in syllable)
            share = (0.5 + 0.5 * total / 1.9) / how.tempo * (0.9 + 0.2 * strength) / total
            sounds.extend(syllable)
            seconds.extend(phone.length * share for phone in syllable)
            stress.extend([strength] * len(syllable))
    if how.sigh >= SHORTEST:
        sounds.extend([SIGH, replace(SIGH, breath=0.4 * SIGH.breath)])
        seconds.extend([0.5 * how.sigh, 0.5 * how.sigh])
        stress.extend([0.0, 0.0])
    return _fit(sounds, seconds, stress, limit=limit)


def _elide(spoken: Sequence[Syllable], room: int) -> list[Syllable]:
    """Drop evenly spaced syllables, never the first or last, until at most `room` are left, as slow mumbling does."""
    keep = max(room, 2)
    if len(spoken) <= keep:
        return list(spoken)
    return [spoken[i] for i in np.linspace(0, len(spoken) - 1, keep).round().astype(int)]


def _fit(
    sounds: list[Phone], seconds: list[float], stress: list[float], *, limit: float
) -> tuple[list[Phone], list[float], list[float]]:
    """Stretch or squeeze a little, then add silence, so that the whole takes 1 s to `limit` s."""
    total = sum(seconds)
    factor = min(1.15, max(1.0, 1.0 / total), (limit - 0.04) / total)
    seconds = [value * factor for value in seconds]
    rest = max(1.04 - sum(seconds), 0.04)
    return [*sounds, PAUSE], [*seconds, rest], [*stress, 0.0]


def _voice(
    sounds: Sequence[Phone],
    counts: NDArray[Any],
    stress: Array,
    how: Manner,
    actor: Throat,
    *,
    rate: int,
    rng: np.random.Generator,
) -> Array:
    """Render scheduled sounds; the voiced part has root mean square 1 before stress. Returns (t,)."""
    attack = max(int(how.attack * rate), 3)

    def track(values: Sequence[float], width: int) -> Array:
        return smooth(np.repeat(np.asarray(values, dtype=np.float64), counts), width)

    voiced = track([phone.voice for phone in sounds], attack)
    emphasis = track([10 ** (how.punch * (value - 0.5) / 20) for value in stress], int(0.03 * rate))
    pitch = _pitch(track(list(stress), int(0.09 * rate)), voiced, how, actor)
    pulses = glottis(pitch, rate=rate, jitter=how.jitter, rng=rng)
    noise = rng.standard_normal((2, len(pulses)))
    aspirated = track([phone.breath for phone in sounds], attack)
    breath = how.breath * voiced + 1.2 * aspirated
    source = emphasis * voiced * pulses + breath * noise[0]
    formants = np.stack([track([p.formants[k] for p in sounds], int(0.05 * rate)) for k in range(3)], axis=1)
    spoken = tract(source, formants * actor.tract, rate=rate, tilt=how.tilt)
    loudness = np.sqrt(np.sum(spoken**2) / max(float(np.sum(voiced**2)), 1.0))
    hiss = track([phone.noise for phone in sounds], min(attack, int(0.01 * rate))) * noise[1]
    centres = track([phone.centre for phone in sounds], int(0.02 * rate))
    friction = friction_filter(hiss, centres * actor.tract**0.5, rate=rate)
    return np.asarray(spoken / loudness + 10 ** (how.tilt / 20) * friction)


def _pitch(stress: Array, voiced: Array, how: Manner, actor: Throat) -> Array:
    """Pitch contour (t,), Hz: the actor's own, raised by the emotion, with a slope and accents on stressed sounds."""
    place = np.cumsum(voiced) / max(float(np.sum(voiced)), 1e-9)
    raised = how.pitch + how.slope * (place - 0.5) + how.accent * (stress - 0.5)
    return np.asarray(actor.pitch * 2.0 ** (raised / 12))


def openness(wave: NDArray[Any], *, rate: int, fps: float) -> NDArray[np.float32]:
    """How far the mouth is open while `wave` sounds, from its smoothed envelope relative to its loud parts.

    Args:
        wave: Waveform (t,).
        rate: Samples per second, Hz.
        fps: Video frames per second.

    Returns:
        Opening per video frame, 0..1, (ceil(t / rate * fps),).
    """
    frames = int(np.ceil(len(wave) / rate * fps))
    if frames == 0:
        return np.zeros(0, dtype=np.float32)
    envelope = np.sqrt(np.maximum(smooth(np.asarray(wave, dtype=np.float64) ** 2, int(0.04 * rate)), 0.0))
    middles = np.minimum(((np.arange(frames) + 0.5) / fps * rate).astype(int), len(wave) - 1)
    reference = max(float(np.percentile(envelope, 95)), 1e-3)
    return np.asarray(np.clip(envelope[middles] / reference, 0.0, 1.0), dtype=np.float32)
