"""One line that says what came of an extraction."""

import pytest

from emotion.core.errors import ABSENT, EmotionError
from emotion.extraction.outcome import check_missing, kinds, say_outcome, say_remarks

REASONS = ["", "crash: killed", "no face: 3 frames", "no face", "", "too slow", "too large", "no face: 1 frame"]


def test_kinds_of_reasons_the_most_frequent_first():
    assert list(kinds(REASONS).items()) == [("no face", 3), ("crash", 1), ("too large", 1), ("too slow", 1)]


def test_the_outcome_is_one_line(tmp_path, capsys):
    say_outcome(REASONS, what="face clips", out=tmp_path / "a.h5")
    say_outcome(["", ""], what="text", out=tmp_path / "b.h5", already=True)
    assert capsys.readouterr().err.splitlines() == [
        f"face clips: 2 of 8 utterances, 6 missing (3 no face; 1 crash; 1 too large; 1 others) -> {tmp_path / 'a.h5'}",
        f"text: 2 of 2 utterances, 0 missing -> {tmp_path / 'b.h5'} (already there, nothing to do)",
    ]


def test_too_much_is_missing():
    check_missing(REASONS, max_missing=0.75, what="face clips")
    check_missing([f"no video: {ABSENT}"] * 3, max_missing=0.0, what="face clips")
    with pytest.raises(
        EmotionError,
        match=r"^face clips: 6 of 8 utterances are missing, more than max_missing = 0\.7 allows \(3 no face; 1 crash; "
        r"1 too large; 1 others; e\.g\. crash: killed\); fix the media or raise max_missing$",
    ):
        check_missing(REASONS, max_missing=0.7, what="face clips")


def test_remarks_are_a_line_for_each_kind(capsys):
    notes = [{"remarks": {"clipped": f"{i} %"}} for i in range(5)]
    notes[1]["remarks"]["silent"] = "all of it"
    say_remarks([f"u{i}" for i in range(7)], [*notes, {}, {"remarks": {}}], what="audio")
    assert capsys.readouterr().err.splitlines() == [
        "warning: audio: 5 of 7: clipped: u0 (0 %), u1 (1 %), u2 (2 %) and 2 more",
        "warning: audio: 1 of 7: silent: u1 (all of it)",
    ]
