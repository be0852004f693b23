"""The script: counts, balance, contagion, scenarios, habits, independence of the three modalities."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from every_line import every_line

from emotion.corpus.iemocap import scenario
from emotion.corpus.splits import NAMES, PAPER_VALIDATION, split_dialogues
from emotion.corpus.synthetic import emotions, script
from emotion.corpus.synthetic.emotions import CODES, EMOTIONS
from emotion.corpus.synthetic.habits import habits
from emotion.corpus.synthetic.lines import AMBIGUOUS, end_with
from emotion.corpus.synthetic.scenarios import SCENARIOS, SCENES
from emotion.corpus.synthetic.script import write_script

SEEDS = range(1, 9)
ACTORS = [(session, gender) for session in range(1, 6) for gender in "FM"]
VAGUE = {line for one in SCENARIOS.values() for template in AMBIGUOUS for line in every_line(template, one.slots)}
VAGUE |= {end_with(line, habits(*actor).tail) for line in VAGUE for actor in ACTORS}


@pytest.fixture(scope="module")
def scripts():
    return [write_script(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def turns(scripts):
    return [turn for dialogues in scripts for dialogue in dialogues for turn in dialogue.turns]


@pytest.mark.slow
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
        assert dialogue.name.startswith(f"Ses{dialogue.left.session:02d}{dialogue.left.gender}_")
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
                improvised = not SCENARIOS[scenario(dialogue.name)].scripted
                if improvised and turn.actor in last and other in last and last[turn.actor] != last[other]:
                    own += turn.emotion == last[turn.actor]
                    caught += turn.emotion == last[other]
                    count += 1
                last[turn.actor] = turn.emotion
    assert count > 500
    # By chance 1/6 each; the chance of a new or similar emotion to be one of the two comes on top of STAY and CATCH.
    assert emotions.STAY - 0.05 <= own / count <= emotions.STAY + 0.15
    assert emotions.CATCH - 0.05 <= caught / count <= emotions.CATCH + 0.15
    assert own > 1.2 * caught


def told(turn):
    """Which of face, voice and words tell this turn's emotion, as far as that can be seen."""
    return turn.face_intensity >= script.STRONG[0], turn.voice_intensity >= script.STRONG[0], turn.text not in VAGUE


def test_face_voice_and_words_tell_as_often_as_they_should_and_never_none_of_them(turns):
    assert all(0 <= turn.face_intensity <= 1 and 0 <= turn.voice_intensity <= 1 for turn in turns)
    assert not any(script.WEAK[1] < turn.face_intensity < script.STRONG[0] for turn in turns)
    assert all(any(told(turn)) for turn in turns)
    improvised = [turn for turn in turns if "impro" in turn.utterance]
    names = np.array([turn.emotion for turn in improvised])
    for column, channel in enumerate(("face", "voice", "words")):
        tells = np.array([told(turn)[column] for turn in improvised])
        share = sum(odds for channels, odds in script.TELLS.items() if channel in channels)
        assert 0.45 < share < 0.65
        assert tells.mean() == pytest.approx(share, abs=0.03)
        assert all(tells[names == emotion].mean() == pytest.approx(share, abs=0.1) for emotion in EMOTIONS)
    assert sum(script.TELLS.values()) == pytest.approx(1)


def test_scripted_scenarios_have_the_same_lines_in_every_session_and_improvised_ones_do_not(scripts):
    for dialogues in scripts:
        for scene in SCENES:
            same = [dialogue.turns for dialogue in dialogues if dialogue.name.endswith(scene)]
            assert len(same) == 5
            lines = [[(turn.actor.gender, turn.text) for turn in turns] for turns in same]
            shortest = min(map(len, lines))
            if SCENARIOS[scenario(f"Ses01{scene}")].scripted:
                assert len({tuple(said[:shortest]) for said in lines}) == 1
                assert len({tuple(turn.emotion for turn in turns[:shortest]) for turns in same}) == 5
            else:
                assert all(len(set(one) & set(other)) < 5 for one in lines for other in lines if one is not other)


def test_the_scenario_tells_about_the_emotion(scripts):
    """The majority emotion of the same scenario in the other sessions is right more often than chance, 1/6."""
    right = []
    for dialogues in scripts:
        counts = defaultdict(Counter)
        for dialogue in dialogues:
            counts[scenario(dialogue.name), dialogue.left.session].update(turn.emotion for turn in dialogue.turns)
        for name, session in counts:
            others = sum((counts[name, other] for other in range(1, 6) if other != session), Counter())
            guess = others.most_common(1)[0][0]
            right.append((counts[name, session][guess], counts[name, session].total()))
    share = sum(hits for hits, _ in right) / sum(total for _, total in right)
    assert 0.25 < share < 0.45


def test_what_an_actor_feels_about_a_scripted_line_is_mostly_what_the_script_says(scripts):
    """So the commonest emotion of a line over the sessions is that of most of them."""
    felt = defaultdict(list)
    for seed, dialogues in zip(SEEDS, scripts, strict=True):
        for dialogue in dialogues:
            if "script" in dialogue.name:
                for place, turn in enumerate(dialogue.turns):
                    felt[seed, dialogue.name[5:], place].append(turn.emotion)
    shares = [Counter(names).most_common(1)[0][1] / len(names) for names in felt.values() if len(names) == 5]
    assert script.PLAYED < np.mean(shares) < script.PLAYED + 0.2


def test_actors_have_moods_and_end_lines_in_a_way_of_their_own(turns):
    for actor in ACTORS:
        who = habits(*actor)
        mine = [turn for turn in turns if (turn.actor.session, turn.actor.gender) == actor]
        ends = [turn.text[:-1].endswith(f", {who.tail}") for turn in mine if "impro" in turn.utterance]
        assert np.mean(ends) == pytest.approx(script.TAIL, abs=0.1)
    moods = [turn.emotion == habits(turn.actor.session, turn.actor.gender).mood for turn in turns]
    assert np.mean(moods) > 1 / 6 + 0.01


def test_every_split_of_iemocap_fits(scripts):
    for name in NAMES:
        parts = split_dialogues([dialogue.name for dialogue in scripts[0]], split=name)
        assert Counter(parts.values())["test"] == 6
