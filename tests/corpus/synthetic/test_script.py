"""The script: counts, balance, contagion, independence of the three modalities."""

from collections import Counter

import numpy as np
import pytest

from emotion.corpus.splits import PAPER_VALIDATION
from emotion.corpus.synthetic import script
from emotion.corpus.synthetic.lines import AMBIGUOUS, every_line
from emotion.corpus.synthetic.script import CODES, EMOTIONS, next_emotion, write_script

SEEDS = range(1, 9)
VAGUE = {line for template in AMBIGUOUS for line in every_line(template)}


@pytest.fixture(scope="module")
def scripts():
    return [write_script(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def turns(scripts):
    return [turn for dialogues in scripts for dialogue in dialogues for turn in dialogue.turns]


def test_same_seed_same_script(scripts):
    assert write_script(1) == scripts[0] != scripts[1]


def test_counts(scripts):
    for dialogues in scripts:
        assert len({dialogue.name for dialogue in dialogues}) == 30
        labels = Counter(turn.label for dialogue in dialogues for turn in dialogue.turns)
        assert 350 <= sum(labels[code] for code in CODES.values()) <= 450
        assert 15 <= labels["xxx"] <= 45 and 5 <= labels[""] <= 25


def test_one_validation_dialogue_in_each_session_but_the_last(scripts):
    names = [dialogue.name for dialogue in scripts[0]]
    assert sorted(name[:5] for name in names if name in PAPER_VALIDATION) == ["Ses01", "Ses02", "Ses03", "Ses04"]


def test_every_emotion_in_every_session(scripts):
    for dialogues in scripts:
        for session in range(1, 6):
            turns = [turn for dialogue in dialogues if dialogue.left.session == session for turn in dialogue.turns]
            counts = Counter(turn.label for turn in turns)
            assert all(6 <= counts[code] <= 28 for code in CODES.values()), (session, counts)
            assert {turn.actor.gender for turn in turns} == {"F", "M"}


def test_ids_and_seats(scripts):
    for dialogue in scripts[0]:
        ids = [turn.utterance for turn in dialogue.turns]
        assert len(set(ids)) == len(ids) and all(name.startswith(f"{dialogue.name}_") for name in ids)
        assert dialogue.left.gender == dialogue.name[5] != dialogue.right.gender
        assert dialogue.left.name == f"{dialogue.name[:5]}_{dialogue.name[5]}"
        for gender in "FM":
            for kind, width, rated in (("", 3, True), ("XX", 1, False)):
                mine = [t for t in dialogue.turns if t.actor.gender == gender and bool(t.label) == rated]
                expected = [f"{dialogue.name}_{gender}{kind}{number:0{width}d}" for number in range(len(mine))]
                assert [turn.utterance for turn in mine] == expected


def test_labels_are_of_the_emotion_felt(turns):
    assert all(turn.label in (CODES[turn.emotion], "xxx", "") for turn in turns)


def test_seeds_differ(scripts):
    seeds = [turn.seed for dialogue in scripts[0] for turn in dialogue.turns]
    assert len(set(seeds)) == len(seeds)


def test_emotions_persist_and_are_caught(scripts):
    """Both the own last emotion and the other's tell about the next one, also where the two disagree."""
    own, caught, count = 0, 0, 0
    for dialogues in scripts:
        for dialogue in dialogues:
            last = {}
            for turn in dialogue.turns:
                other = dialogue.right if turn.actor == dialogue.left else dialogue.left
                if turn.actor in last and other in last and last[turn.actor] != last[other]:
                    own += turn.emotion == last[turn.actor]
                    caught += turn.emotion == last[other]
                    count += 1
                last[turn.actor] = turn.emotion
    assert count > 500
    # By chance 1/6 each; the chance of a new or similar emotion to be one of the two comes on top of STAY and CATCH.
    assert script.STAY - 0.05 <= own / count <= script.STAY + 0.15
    assert script.CATCH - 0.05 <= caught / count <= script.CATCH + 0.15


def test_new_emotions_are_rare_ones():
    rng = np.random.default_rng(0)
    had = Counter(dict.fromkeys(EMOTIONS, 9) | {"sad": 2})
    assert {next_emotion("", "", had, rng) for _ in range(50)} == {"sad"}
    fates = Counter(next_emotion("happy", "angry", had, rng) for _ in range(4000))
    expected = {"happy": script.STAY, "angry": script.CATCH, "excited": script.DRIFT}
    expected["sad"] = 1 - sum(expected.values())
    assert {name: count / 4000 for name, count in fates.items()} == pytest.approx(expected, abs=0.03)


def test_face_voice_and_words_tell_as_often_as_they_should_and_never_none_of_them(turns):
    face = np.array([turn.face_intensity >= script.STRONG[0] for turn in turns])
    voice = np.array([turn.voice_intensity >= script.STRONG[0] for turn in turns])
    text = np.array([turn.text not in VAGUE for turn in turns])
    emotions = np.array([turn.emotion for turn in turns])
    assert all(0 <= turn.face_intensity <= 1 and 0 <= turn.voice_intensity <= 1 for turn in turns)
    assert not any(script.WEAK[1] < turn.face_intensity < script.STRONG[0] for turn in turns)
    for tells, channel in ((face, "face"), (voice, "voice"), (text, "words")):
        share = sum(odds for channels, odds in script.TELLS.items() if channel in channels)
        assert 0.45 < share < 0.65
        assert tells.mean() == pytest.approx(share, abs=0.03)
        assert all(tells[emotions == emotion].mean() == pytest.approx(share, abs=0.08) for emotion in EMOTIONS)
    assert (face | voice | text).all()
    assert sum(script.TELLS.values()) == pytest.approx(1)
