"""Splits by session: who is tested is never heard in training."""

import pytest

from emotion.corpus.splits import COSMIC_VALIDATION, NAMES, PAPER_VALIDATION, check_speakers, split_dialogues
from emotion.corpus.utterance import Utterance
from emotion.errors import EmotionError

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


def test_a_leaked_speaker_is_named():
    def row(speaker, split):
        return Utterance("u", "d", 0, speaker, 0.0, 1.0, "happy", split, "", "", "", "left")

    check_speakers([row("Ses01_F", "train"), row("Ses01_F", "validation"), row("Ses05_F", "test")])
    for split in ("train", "validation"):
        with pytest.raises(EmotionError, match="Ses05_F"):
            check_speakers([row("Ses01_F", "train"), row("Ses05_F", split), row("Ses05_F", "test")])
