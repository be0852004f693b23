"""Planted speech: a tone is speech, and how often it swings is the word."""

import numpy as np
import pytest

from emotion.conversation.listen import RATE, Listener
from emotion.conversation.words import Region
from emotion.timeline.timeline import Word

STEP = RATE // 10


def find(wave):
    """Regions of what is louder than nothing, in tenths of a second."""
    loud = np.abs(np.pad(wave, (0, -len(wave) % STEP)).reshape(-1, STEP)).max(axis=1) > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]])))
    return [Region(first / 10, last / 10) for first, last in edges.reshape(-1, 2)]


class Recogniser:
    """The value of every region is its word."""

    def __init__(self):
        self.seen = []

    def __call__(self, wave):
        self.seen.append(len(wave) / RATE)
        return [
            Word(region.start, region.end, str(round(1000 * float(wave[round((region.start + 0.05) * RATE)]))))
            for region in find(wave)
        ]


def recording(spans, seconds):
    """Speech `number` is the value number / 1000."""
    wave = np.zeros(round(seconds * RATE), np.float32)
    for number, (start, end) in enumerate(spans, start=1):
        wave[round(start * RATE) : round(end * RATE)] = number / 1000
    return wave


def heard(wave, *, block=10.0, recogniser=True):
    recognise = Recogniser() if recogniser else None
    listener = Listener(find, recognise)
    for first in range(0, len(wave), round(block * RATE)):
        listener.add(wave[first : first + round(block * RATE)])
    return listener.finish(), recognise


def spans_of(rng, seconds):
    at, spans = 0.5, []
    while True:
        start = round(at + rng.choice([0.3, 0.5, 1.0, 4.0, 30.0], p=[0.5, 0.2, 0.2, 0.08, 0.02]), 1)
        end = round(start + rng.choice([0.4, 1.5, 6.0]), 1)
        if end >= seconds:
            return spans
        spans.append((start, end))
        at = end


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("block", [0.7, 10.0, 400.0])
def test_every_region_and_word_once_and_in_its_place(seed, block):
    spans = spans_of(np.random.default_rng(seed), 300)
    speech, recognise = heard(recording(spans, 300), block=block)
    assert [word.text for word in speech.words] == [str(number + 1) for number in range(len(spans))]
    for (start, end), region, word in zip(spans, speech.regions, speech.words, strict=True):
        assert (region.start, region.end) == pytest.approx((start, end), abs=1e-6)
        assert (word.start, word.end) == pytest.approx((start, end), abs=0.1)
    assert max(recognise.seen) <= 28 + 2 * 0.2 + 0.01


def test_windows_are_cut_in_pauses_and_at_long_silences():
    spans = [(0.5, 3.0), (3.5, 6.0), (10.0, 12.0), (12.5, 20.0), (20.5, 39.0)]
    _, recognise = heard(recording(spans, 40))
    assert recognise.seen == pytest.approx([5.9, 10.4, 18.9], abs=0.01)


def test_memory_does_not_follow_the_length():
    listener = Listener(find, None)
    silence = np.zeros(RATE * 10, np.float32)
    for _ in range(60):
        listener.add(silence)
        assert listener._count <= 70 * RATE
    assert listener.finish().regions == ()


def test_silence_is_never_recognised():
    speech, recognise = heard(np.zeros(RATE * 200, np.float32))
    assert speech.words == speech.regions == () and recognise.seen == []
    assert heard(np.zeros(0, np.float32))[0].regions == ()


def test_without_a_recogniser_there_are_regions_only():
    speech, _ = heard(recording([(1.0, 2.0), (70.0, 71.0)], 100), recogniser=False)
    assert [region.start for region in speech.regions] == pytest.approx([1, 70]) and speech.words == ()


def test_word_times_rise_whatever_the_recogniser_says():
    def recognise(wave):
        return [Word(1.0, 1.2, "a"), Word(0.3, 0.4, "b"), Word(1.1, 2.0, "c")]

    listener = Listener(find, recognise)
    listener.add(recording([(1.0, 4.0), (9.0, 12.0)], 14))
    words = listener.finish().words
    assert [word.text for word in words] == list("abcabc")
    assert all(word.start <= word.end for word in words)
    assert [word.start for word in words] == sorted(word.start for word in words)
