"""Scenarios: names that the reader understands, emotions that even out over a session."""

import pytest

from emotion.corpus.iemocap import scenario as parsed
from emotion.corpus.synthetic.emotions import EMOTIONS
from emotion.corpus.synthetic.scenarios import SCENARIOS, SCENES, scenario


def test_the_reader_finds_the_scenario_in_the_name():
    for scene in SCENES:
        assert scenario(scene) is SCENARIOS[parsed(f"Ses03{scene}")]
    assert sum(scenario(scene).scripted for scene in SCENES) == 2
    assert all(scenario(scene).scripted == ("script" in scene) for scene in SCENES)


def test_emotions_are_about_equally_frequent_over_a_session():
    for one in SCENARIOS.values():
        assert sum(one.lead.values()) == pytest.approx(1) and sum(one.other.values()) == pytest.approx(1)
    total = {name: sum(scenario(s).lead[name] + scenario(s).other[name] for s in SCENES) / 12 for name in EMOTIONS}
    assert total == pytest.approx(dict.fromkeys(EMOTIONS, 1 / 6), abs=0.01)
