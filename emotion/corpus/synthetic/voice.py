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
    """How something is said."""

    pitch: float  # pitch above the actor's own, semitones
    accent: float  # height of pitch accents on stressed syllables, semitones
    slope: float  # pitch at the end minus pitch at the start, semitones
    tempo: float  # syllables per second
    level: float  # loudness of the voice, dB (0 = root mean square 0.2)
    punch: float  # how much louder stressed syllables are, dB
    tilt: float  # spectral tilt added to the voice, dB per octave (higher = sharper)
    attack: float  # rise time of sounds, s
    jitter: float  # relative standard deviation of the length of a glottal cycle
    breath: float  # breath noise in the voice, relative to the pulses
    pause: float  # pause in the middle, s
    sigh: float  # sigh at the end, s


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

_Sound = tuple[Phone, float, float]
"""What sounds, for how long (s), with which stress (0..1)."""

# How much sentences differ anyway (standard deviations): pitch (semitones), tempo (log), level (dB), tilt (dB/octave).
VARIATION = (0.5, 0.05, 0.8, 0.4)
SHORTEST = 0.06  # s; shorter pauses and sighs would only be artefacts of a low intensity


@dataclass(frozen=True, slots=True)
class Throat:
    """What stays the same when one actor speaks."""

    pitch: float  # the actor's own pitch, Hz
    tract: float  # factor of all formants
    breath: float  # breath noise added to the emotion's
    tempo: float  # factor of the emotion's tempo
    level: float  # added to the emotion's level, dB
    expression: float  # factor of the emotion's difference from neutral


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

    `expression` is how expressive the actor is, a factor of all of it; `who` says which parts they make more of.

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
    """Say `text` as one actor in one emotion; without any word the actor hums for 0.4 s.

    The session (1..5) and the gender (`F` or `M`) fix the voice; the intensity goes from 0 (sounds neutral) to 1;
    `rate` is in Hz. The same seed gives the same samples.

    Returns:
        Waveform (t,), peak below 1; 1.0 to 2.4 s for up to eight words, longer in proportion for longer texts.

    Raises:
        EmotionError: When the emotion or gender is unknown.
    """
    rng = np.random.default_rng([seed, 1])
    actor = throat(session, gender)
    who = habits(session, gender)
    how = manner(emotion, intensity=intensity, expression=actor.expression, who=who)
    pitch, tempo, level, tilt = (rng.standard_normal(4) * VARIATION).tolist()
    how = replace(
        how,
        pitch=how.pitch + pitch,
        tempo=how.tempo * actor.tempo * float(np.exp(tempo)),
        level=how.level + actor.level + level,
        tilt=how.tilt + tilt,
        breath=how.breath + actor.breath,
    )
    spoken = syllables(text)
    limit = 2.36 * max(1.0, sum(word[0].isalnum() for word in words(text)) / 8)
    wave = _voice(_schedule(spoken, how, limit=limit, rng=rng), how, actor, rate=rate, rng=rng)
    loud = 0.2 * 10 ** (how.level / 20) * wave
    return np.asarray(0.97 * np.tanh(loud / 0.97), dtype=np.float32)


def _schedule(spoken: Sequence[Syllable], how: Manner, *, limit: float, rng: np.random.Generator) -> list[_Sound]:
    """What sounds within 1 s and `limit` s; edges of silence included."""
    if not spoken:
        return [(PAUSE, 0.03, 0.0), (HUM, 0.34, 0.5), (PAUSE, 0.03, 0.0)]
    keep = max(round((limit - 0.1 - how.pause - how.sigh) * how.tempo), 2)
    if len(spoken) > keep:  # evenly spaced syllables are dropped, never the first or last, as slow mumbling does
        spoken = [spoken[i] for i in np.linspace(0, len(spoken) - 1, keep).round().astype(int)]
    sounds, middle = [(PAUSE, 0.04, 0.0)], len(spoken) // 2
    for i, syllable in enumerate(spoken):
        if syllable == (PAUSE,) or (i == middle and i > 0 and how.pause >= SHORTEST):
            sounds.append((PAUSE, 0.06 if syllable == (PAUSE,) else how.pause, 0.0))
        if syllable != (PAUSE,):
            stress = float(np.clip((0.8 if i % 2 == 0 else 0.25) + 0.12 * rng.standard_normal(), 0.0, 1.0))
            # A syllable keeps the beat whatever its number of consonants, half way to the length of its sounds.
            total = sum(phone.length for phone in syllable)
            share = (0.5 + 0.5 * total / 1.9) / how.tempo * (0.9 + 0.2 * stress) / total
            sounds += [(phone, phone.length * share, stress) for phone in syllable]
    if how.sigh >= SHORTEST:
        sounds += [(SIGH, 0.5 * how.sigh, 0.0), (replace(SIGH, breath=0.4 * SIGH.breath), 0.5 * how.sigh, 0.0)]
    total = sum(seconds for _, seconds, _ in sounds)  # stretched or squeezed a little, then filled with silence
    factor = min(1.15, max(1.0, 1.0 / total), (limit - 0.04) / total)
    sounds = [(phone, seconds * factor, stress) for phone, seconds, stress in sounds]
    return [*sounds, (PAUSE, max(1.04 - sum(seconds for _, seconds, _ in sounds), 0.04), 0.0)]


def _voice(spoken: Sequence[_Sound], how: Manner, actor: Throat, *, rate: int, rng: np.random.Generator) -> Array:
    """Render scheduled sounds; the voiced part has root mean square 1 before stress. Returns (t,)."""
    sounds, seconds, stress = zip(*spoken, strict=True)
    counts = np.maximum(np.round(np.asarray(seconds) * rate), 1).astype(int)
    attack = max(int(how.attack * rate), 3)

    def track(values: Sequence[float], width: int) -> Array:
        return smooth(np.repeat(np.asarray(values, dtype=np.float64), counts), width)

    voiced = track([phone.voice for phone in sounds], attack)
    emphasis = track([10 ** (how.punch * (value - 0.5) / 20) for value in stress], int(0.03 * rate))
    # The actor's own pitch, raised by the emotion, with a slope and accents on stressed sounds.
    slope = how.slope * (np.cumsum(voiced) / max(float(np.sum(voiced)), 1e-9) - 0.5)
    raised = how.pitch + slope + how.accent * (track(stress, int(0.09 * rate)) - 0.5)
    pulses = glottis(actor.pitch * 2.0 ** (raised / 12), rate=rate, jitter=how.jitter, rng=rng)
    noise = rng.standard_normal((2, len(pulses)))
    aspirated = track([phone.breath for phone in sounds], attack)
    breath = how.breath * voiced + 1.2 * aspirated
    source = emphasis * voiced * pulses + breath * noise[0]
    formants = np.stack([track([p.formants[k] for p in sounds], int(0.05 * rate)) for k in range(3)], axis=1)
    voice = tract(source, formants * actor.tract, rate=rate, tilt=how.tilt)
    loudness = np.sqrt(np.sum(voice**2) / max(float(np.sum(voiced**2)), 1.0))
    hiss = track([phone.noise for phone in sounds], min(attack, int(0.01 * rate))) * noise[1]
    centres = track([phone.centre for phone in sounds], int(0.02 * rate))
    friction = friction_filter(hiss, centres * actor.tract**0.5, rate=rate)
    return np.asarray(voice / loudness + 10 ** (how.tilt / 20) * friction)


def openness(wave: NDArray[Any], *, rate: int, fps: float) -> NDArray[np.float32]:
    """How far the mouth is open while `wave` (t,) sounds, by its smoothed envelope relative to its loud parts.

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
