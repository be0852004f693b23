"""The lines: many, short, and the ambiguous ones alike for all emotions."""

import numpy as np
import pytest
from every_line import every_line

from emotion.corpus.synthetic.emotions import EMOTIONS, SIMILAR
from emotion.corpus.synthetic.lines import AMBIGUOUS, PAIRS, TELLING, draw_line, end_with
from emotion.corpus.synthetic.scenarios import SCENARIOS

TEMPLATES = [*AMBIGUOUS, *sum(TELLING.values(), ()), *sum(PAIRS.values(), ())]
SLOTS = SCENARIOS["impro01"].slots
LINES = sorted(
    {line for one in SCENARIOS.values() for template in TEMPLATES for line in every_line(template, one.slots)}
)


def test_hundreds_of_distinct_short_lines():
    for one in SCENARIOS.values():
        lines = [line for template in TEMPLATES for line in every_line(template, one.slots)]
        assert len(set(lines)) == len(lines) > 250
    assert len(LINES) > 500
    assert {len(line.split()) for line in LINES} <= set(range(3, 9))


def test_every_line_fills_every_slot():
    slots = {"who": ("my brother", "Tom"), "when": ("today", "this morning")}
    assert every_line("{who} slept {when}.", slots)[:2] == ["My brother slept today.", "My brother slept this morning."]
    assert len(every_line("{who} slept {when}.", slots)) == 4
    assert not [line for line in LINES if "{" in line or not line[0].isupper() or line[-1] not in ".!?"]


def drawn(emotion, *, telling, shared):
    rng = np.random.default_rng(3)
    return [draw_line(emotion, telling=telling, shared=shared, slots=SLOTS, rng=rng) for _ in range(300)]


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_ambiguous_lines_do_not_depend_on_the_emotion(emotion):
    assert drawn(emotion, telling=False, shared=True) == drawn("neutral", telling=False, shared=False)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_telling_lines_are_the_emotions_own_or_its_pairs(emotion):
    own = {line for template in TELLING[emotion] for line in every_line(template, SLOTS)}
    assert set(drawn(emotion, telling=True, shared=False)) <= own
    shared = drawn(emotion, telling=True, shared=True)
    assert shared == drawn(SIMILAR[emotion], telling=True, shared=True) and not own & set(shared)


def test_pairs_are_the_similar_emotions():
    assert {frozenset(pair) for pair in PAIRS} == {frozenset(pair) for pair in SIMILAR.items()}
    assert set(TELLING) == set(EMOTIONS)


def test_own_words_come_before_the_mark():
    assert end_with("Are you there?", "dear") == "Are you there, dear?"
