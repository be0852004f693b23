"""Splits by session: who is tested is never heard in training."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion.core.errors import EmotionError
from emotion.corpus.splits import (
    COSMIC_VALIDATION,
    NAMES,
    PAPER_VALIDATION,
    check_leaks,
    draw_dialogues,
    split_dialogues,
)
from emotion.corpus.utterance import Utterance

# Twenty dialogues per session, the lists' among them.
FILLERS = [f"Ses{session:02d}F_impro9{number}" for session in range(1, 6) for number in range(10)]
DIALOGUES = sorted({*FILLERS, *PAPER_VALIDATION, *COSMIC_VALIDATION})


@pytest.mark.parametrize(("name", "listed"), [("paper", PAPER_VALIDATION), ("cosmic", COSMIC_VALIDATION)])
def test_published_splits(name, listed):
    parts = split_dialogues(DIALOGUES, split=name)
    assert {dialogue for dialogue, part in parts.items() if part == "validation"} == set(listed)
    assert {dialogue for dialogue, part in parts.items() if part == "test"} == {d for d in DIALOGUES if d[3:5] == "05"}
    assert len(listed) == len(set(listed)) == 12


def test_paper_has_three_validation_dialogues_per_session():
    assert sorted(dialogue[:5] for dialogue in PAPER_VALIDATION) == [f"Ses0{s}" for s in range(1, 5) for _ in range(3)]


@pytest.mark.parametrize("session", range(1, 6))
def test_leave_one_session_out(session):
    parts = split_dialogues(DIALOGUES, split=f"session{session}")
    assert {d for d, part in parts.items() if part == "test"} == {d for d in DIALOGUES if int(d[3:5]) == session}
    for other in set(range(1, 6)) - {session}:
        names = [d for d in DIALOGUES if int(d[3:5]) == other]
        assert sum(parts[d] == "validation" for d in names) == max(1, round(len(names) / 10))


def test_order_of_the_dialogues_and_the_left_out_session_do_not_move_the_draw():
    first = split_dialogues(DIALOGUES, split="session5")
    assert split_dialogues(DIALOGUES[::-1], split="session5") == first
    second = split_dialogues(DIALOGUES, split="session4")
    assert all(first[d] == second[d] for d in DIALOGUES if d[3:5] in ("01", "02", "03"))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_may_be_empty(name):
    with pytest.raises(EmotionError, match=f"split {name}: no dialogue for"):
        split_dialogues(["Ses05F_impro01"], split=name)


def test_unknown_split_and_strange_names():
    with pytest.raises(EmotionError, match="split is 'session6', expected one of paper, cosmic, session1"):
        split_dialogues(DIALOGUES, split="session6")
    with pytest.raises(EmotionError, match="dialogue 'talk7': no session in its name"):
        split_dialogues(["talk7"], split="paper")


def row(speaker, split="", dialogue="", label="happy"):
    return Utterance("u", dialogue or f"{speaker} {split}", 0, speaker, 0.0, 1.0, label, split, "", "", "", "left")


def test_a_leaked_speaker_is_named_with_both_splits():
    fine = [row("Ses01_F", "train"), row("Ses01_F", "validation"), row("Ses05_F", "test")]
    check_leaks(fine, allow_speaker_overlap=False)
    for split in ("train", "validation"):
        leaking = [*fine, row("Ses05_F", split)]
        with pytest.raises(EmotionError, match=f"leak: speaker Ses05_F is in {split} and in test; .*--allow-speaker-"):
            check_leaks(leaking, allow_speaker_overlap=False)
        check_leaks(leaking, allow_speaker_overlap=True)


def test_a_leaked_dialogue_is_refused_whatever_is_allowed():
    rows = [row("a", "train", "d1"), row("b", "validation", "d1"), row("c", "train", "d2"), row("d", "test", "d2")]
    for allowed in (False, True):
        with pytest.raises(EmotionError, match=r"leak: dialogue d1 is in train and in validation \(1 others too\)"):
            check_leaks(rows, allow_speaker_overlap=allowed)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 9), st.sampled_from("ab")), min_size=1, max_size=60))
def test_drawn_splits_never_leak(cells):
    rows = [row(f"speaker {s}", dialogue=f"dialogue {d}", label=label) for d, s, label in cells]
    for allowed in (False, True):
        try:
            parts = draw_dialogues(rows, allow_speaker_overlap=allowed)
        except EmotionError as error:
            groups = len(components(cells))
            assert "cannot draw a split" in str(error)
            assert len({d for d, _, _ in cells}) < 3 or (groups < 2 and not allowed)
            continue
        assert set(parts) == {item.dialogue for item in rows} and set(parts.values()) == {"train", "validation", "test"}
        assert parts == draw_dialogues(rows, allow_speaker_overlap=allowed)
        check_leaks([replace(item, split=parts[item.dialogue]) for item in rows], allow_speaker_overlap=allowed)


def components(cells):
    """Groups of dialogues that share speakers, by repeated merging."""
    groups = [({d}, {s}) for d, s, _ in cells]
    merged = True
    while merged:
        merged = False
        for one in groups:
            for two in groups:
                if one is not two and (one[0] & two[0] or one[1] & two[1]):
                    groups = [group for group in groups if group is not one and group is not two]
                    groups.append((one[0] | two[0], one[1] | two[1]))
                    merged = True
                    break
            if merged:
                break
    return groups


def test_a_drawn_split_has_the_wanted_sizes_and_the_labels_of_the_whole():
    rows = [row(f"s{k % 60}", dialogue=f"d{k % 60}", label="abbcc"[k % 60 % 5]) for k in range(1200)]
    parts = draw_dialogues(rows, allow_speaker_overlap=False)
    counts = Counter((parts[item.dialogue], item.label) for item in rows)
    share = {"train": 0.7, "validation": 0.1, "test": 0.2}
    for (split, label), count in counts.items():
        assert abs(count - share[split] * {"a": 240, "b": 480, "c": 480}[label]) <= 40, (split, label)


def test_two_people_in_many_dialogues():
    rows = [row("anna", dialogue=f"a{k}") for k in range(6)] + [row("ben", dialogue=f"b{k}") for k in range(2)]
    parts = draw_dialogues(rows, allow_speaker_overlap=False)
    assert {parts["b0"], parts["b1"]} == {"test"} and {parts[f"a{k}"] for k in range(6)} == {"train", "validation"}


@pytest.mark.parametrize("people", [6, 7, 10, 40])
@pytest.mark.parametrize("allowed", [False, True])
def test_two_people_at_least_speak_in_validation(people, allowed):
    # Loud ones have most of the rows, so that a tenth of the utterances is less than what one person says.
    rows = [
        row(f"s{k}", dialogue=f"d{k} {n}", label="ab"[n % 2]) for k in range(people) for n in range(10 + 90 * (k < 3))
    ]
    parts = draw_dialogues(rows, allow_speaker_overlap=allowed)
    speakers = {split: {item.speaker for item in rows if parts[item.dialogue] == split} for split in parts.values()}
    assert len(speakers["validation"]) >= 2 and len(speakers["train"]) >= 2 and speakers["test"]


def test_two_people_speak_in_validation_where_all_others_know_each_other():
    rows = [row(f"s{k % 5}", dialogue=f"d{k // 2}", label="ab"[k % 2]) for k in range(60)] + [row("z", dialogue="z")]
    parts = draw_dialogues(rows, allow_speaker_overlap=False)
    assert parts["z"] == "test"
    assert len({item.speaker for item in rows if parts[item.dialogue] == "validation"}) >= 2


def test_spellings_of_a_name_stay_on_one_side():
    rows = [
        row(("07", "7", "7.0")[n % 3] if k == 7 else f"{k}", dialogue=f"{k} {n}") for k in range(12) for n in range(9)
    ]
    parts = draw_dialogues(rows, allow_speaker_overlap=False)
    assert len({parts[f"7 {n}"] for n in range(9)}) == 1


def test_a_rare_class_is_in_every_part():
    rows = [
        row(f"s{k}", dialogue=f"d{k} {n}", label="rare" if n == 0 and k % 2 else "ab"[n % 2])
        for k in range(30)
        for n in range(20)
    ]
    parts = draw_dialogues(rows, allow_speaker_overlap=False)
    counts = Counter(parts[item.dialogue] for item in rows if item.label == "rare")
    assert min(counts[split] for split in ("train", "validation", "test")) >= 3


def test_names_that_differ_in_form_only_leak():
    rows = [row("Ann", "train"), row("bob", "validation"), row("ANN", "test")]
    with pytest.raises(
        EmotionError, match=r"leak: speaker 'Ann' \(1\), 'ANN' \(1\) is in train and in test; write the"
    ):
        check_leaks(rows, allow_speaker_overlap=False)
    check_leaks(rows, allow_speaker_overlap=True)
