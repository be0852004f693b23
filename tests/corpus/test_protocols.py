"""What is held out: neither who is tested nor what is played was met in training."""

import re
from collections import Counter

import pytest

from emotion.core.errors import EmotionError
from emotion.corpus.protocols import Held, folds, hold_out, is_split, split_apart
from emotion.corpus.scenarios import even, kind_of, scenario_groups, sessions_of
from emotion.corpus.utterance import Utterance

PLAYS = ("script01", "script02", "script03", *(f"impro0{number}" for number in range(1, 9)))


def row(dialogue, speaker, scenario, turn=0):
    return Utterance(f"{dialogue}_{turn}", dialogue, turn, speaker, 0.0, 1.0, "happy", scenario=scenario)


def played(sessions=4, plays=PLAYS, takes=2):
    """Every session plays everything, with two people of its own."""
    return [
        row(f"Ses0{session}{'FM'[take % 2]}_{play}_{take}", f"Ses0{session}_{'FM'[turn]}", play, turn)
        for session in range(1, sessions + 1)
        for play in plays
        for take in range(takes)
        for turn in range(2)
    ]


@pytest.mark.parametrize("protocol", ["scenario", "random"])
def test_every_dialogue_is_tested_once_by_what_never_met_its_session(protocol):
    rows = played()
    own = {name.dialogue for name in rows if name.dialogue.endswith("_script01_1")}
    of = {name.dialogue: name.scenario for name in rows}
    sessions, groups = sessions_of(rows), scenario_groups(rows)
    found = folds(rows, protocol=protocol)
    assert [str(held) for held in found[:2]] == [f"Ses01-{protocol}1", f"Ses01-{protocol}2"] and len(found) == 12
    tested = Counter()
    for held in found:
        parts = hold_out(rows, held, validation=own)
        test, used = (
            {name for name, part in parts.items() if part in kinds} for kinds in (("test",), ("train", "validation"))
        )
        tested.update(test)
        assert {(sessions[name], groups[of[name]]) for name in test} == {(held.session, held.group)}
        assert held.session not in {sessions[name] for name in used}
        assert hold_out(rows, held, validation=own) == parts
        if protocol == "scenario":
            assert not {of[name] for name in test} & {of[name] for name in used}
            assert used == {n for n in of if sessions[n] != held.session and groups[of[n]] != held.group}
    assert tested == Counter(list(of))


def test_the_control_leaves_out_as_much_of_each_part_whatever_it_plays():
    rows = played()
    of = {name.dialogue: name.scenario for name in rows}
    own = {name for name in of if re.search("impro0[147]_0$", name)}
    met = 0
    for session in ("Ses01", "Ses04"):
        for group in (1, 2, 3):
            apart, control = (
                hold_out(rows, Held(session, name, group), validation=own) for name in ("scenario", "random")
            )
            assert Counter(apart.values()) == Counter(control.values())
            assert {n for n in of if apart[n] == "test"} == {n for n in of if control[n] == "test"}
            assert {n for n in of if control[n] == "validation"} <= own
            tested = {of[name] for name in of if control[name] == "test"}
            met += len(tested & {of[name] for name in of if control[name] == "train"})
    assert met >= 15  # of 22


def test_validation_that_plays_what_is_tested_is_drawn_anew():
    rows = played()
    own = {name.dialogue for name in rows if name.scenario == "script01"}
    parts = hold_out(rows, Held("Ses02", "scenario", 1), validation=own)
    drawn = [name for name, part in parts.items() if part == "validation"]
    assert len(drawn) == 4 and not own & set(drawn)  # a tenth of 42


def test_groups_of_scenarios():
    groups = scenario_groups(played())
    assert {name for name, group in groups.items() if group == 2} == {"script02", "impro04", "impro05", "impro06"}
    assert scenario_groups(played(plays=("script01", "impro05", "impro08"))) == {
        "script01": 1,
        "impro05": 2,
        "impro08": 3,
    }
    # Without a third group these are another corpus's: shared out evenly.
    assert sorted(scenario_groups(played(plays=("script01", "impro01", "script02"))).values()) == [1, 2, 3]
    sizes = {"shop": 50, "park": 30, "bank": 25, "zoo": 20, "inn": 20}
    found = even(sizes, 3)
    totals = Counter()
    for name, number in found.items():
        totals[number] += sizes[name]
    assert totals == {1: 50, 2: 50, 3: 45} and found == even(dict(reversed(sizes.items())), 3)
    assert [kind_of(name) for name in ("script02", "impro08", "shop", "")] == ["scripted", "improvised", "", ""]


def test_other_corpora_are_held_out_by_groups_of_people():
    pairs = [("a", "ann"), ("a", "bob"), ("b", "bob"), ("c", "cy"), ("d", "dan"), ("d", "Dan"), ("e", "eve")]
    rows = [row(dialogue, who, "shop" if dialogue in "ace" else "zoo") for dialogue, who in pairs]
    of = sessions_of(rows)
    assert of["a"] == of["b"] and len(set(of.values())) == 4
    for held in folds(rows, protocol="scenario"):
        parts = hold_out(rows, held)
        heard = {who for dialogue, who in pairs if parts[dialogue] in ("train", "validation")}
        assert not heard & {who for dialogue, who in pairs if parts[dialogue] == "test"}


def test_where_everybody_has_met_everybody_scenarios_alone_are_held_out():
    rows = [row(f"d{number}", "ann", ("shop", "zoo", "inn")[number % 3]) for number in range(9)]
    assert set(sessions_of(rows).values()) == {""}
    found = folds(rows, protocol="scenario")
    assert [str(held) for held in found] == ["scenario1", "scenario2", "scenario3"]
    parts = hold_out(rows, found[0])
    assert Counter(parts.values()) == {"test": 3, "train": 5, "validation": 1}
    with pytest.raises(EmotionError, match="the control leaves dialogues of other people out, but all"):
        hold_out(rows, folds(rows, protocol="random")[0])


def test_single_runs_have_splits_of_the_same_kind():
    rows = played(sessions=5)
    for name in ("session5_scenario2", "session5_random2"):
        assert is_split(name)
        parts = split_apart(rows, split=name)
        kind = "scenario" if "scenario" in name else "random"
        assert parts == hold_out(rows, Held("Ses05", kind, 2))
        assert set(parts.values()) == {"train", "validation", "test", ""}
    assert not any(map(is_split, ("session6_scenario1", "session1_scenario4", "session5_scenario2 ", "session5")))
    with pytest.raises(
        EmotionError, match="split session5_scenario1: no session 5, there are Ses01, Ses02, Ses03, Ses04"
    ):
        split_apart(played(), split="session5_scenario1")


@pytest.mark.parametrize(
    ("scenarios", "message"),
    [
        (("", ""), "dialogue 'a' has no scenario"),
        (("zoo", "shop"), r"dialogue 'a' has several scenarios \(shop, zoo\)"),
        (("zoo", "zoo"), "all dialogues have the scenario 'zoo', expected two or more"),
    ],
)
def test_scenarios_must_be_known(scenarios, message):
    rows = [row("a", "ann", name, turn) for turn, name in enumerate(scenarios)]
    with pytest.raises(EmotionError, match=message):
        folds(rows, protocol="scenario")
