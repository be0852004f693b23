"""The reader on a small hand-written tree with every quirk of the release planted, and its truth."""

from collections import Counter

import pytest
from small_release import HEADER, block, dialogue

from emotion.core.errors import EmotionError
from emotion.corpus.iemocap import Rating, read_iemocap, read_ratings, scenario, six_class_label
from emotion.corpus.reading import Notes, Vote

NONE = ("", "", "")


@pytest.fixture
def root(tmp_path):
    dialogue(
        tmp_path,
        "Ses01F_impro01",
        # M000 overlaps F000 and starts before it, but is transcribed after it.
        transcript=(
            "Ses01F_impro01_F000 [001.5000-003.0000]: Where is   the kettle?\n"
            "Ses01F_impro01_M000 [001.0000-002.0000]: On the shelf.\n"
            "M: (coughs)\n"
            "\n"
            "Ses01F_impro01_MXX0 [003.0000-003.5000]: Hm.\n"
            "Ses01F_impro01_F001 [004.0000-005.0000]: Thanks, I suppose.\n"
            "Ses01F_impro01_F002 [005.0000-006.0000]: Cold again.\n"
            "Ses01F_impro01_F003 [006.0000-007.0000]:\n"
            "Ses01F_impro01_F003 [006.0000-007.0000]: Twice.\n"
            "Ses01F_impro01_F004 [008.0000-007.0000]: Backwards.\n"
        ),
        evaluation=(
            block("Ses01F_impro01_M000", "fru", "1.0000", "2.0000")
            + block("Ses01F_impro01_F000", "ang", "1.5000", "3.0000")
            + block(
                "Ses01F_impro01_F001", "xxx", "4.0000", "5.0000", ("Happiness;", "Excited;", "Neutral;"), "Happiness;"
            )
            + block("Ses01F_impro01_F002", "sur", "5.0000", "6.0000")
            + block("Ses01F_impro01_F003", "exc", "6.0000", "7.0000")
            + block("Ses01F_impro01_F004", "sad", "8.0000", "7.0000")
            + block("Ses01F_impro01_F009", "sad", "9.0000", "9.5000")
        ),
    )
    line = "Ses05M_{}_M000 [000.5000-001.5000]: {}\n"
    dialogue(
        tmp_path,
        "Ses05M_script01_1",
        transcript=line.format("script01_1", "One.") + line.format("script01_1b", "Not mine."),
        evaluation=block("Ses05M_script01_1_M000", "hap", "0.5", "1.5")
        + block("Ses05M_script01_1b_M000", "sad", "0.5", "1.5"),
        media=(),
    )
    dialogue(
        tmp_path,
        "Ses05M_script01_1b",
        transcript=line.format("script01_1b", "Caf\xe9.").encode("cp1252").replace(b"\n", b"\r\n"),
        evaluation=block("Ses05M_script01_1b_M000", "neu", "0.5", "1.5").replace("\n", "\r\n"),
        media=("wav",),
    )
    dialogue(tmp_path, "Ses02F_impro03", transcript="Ses02F_impro03_F000 [000.0-001.0]: Unrated.\n")
    (tmp_path / "Session1" / "dialog" / "EmoEvaluation" / "Categorical").mkdir()
    return tmp_path


def test_every_quirk(root):
    reading = read_iemocap(root, label_rule="released")
    rows = reading.utterances
    found = [
        (row.utterance.split("_", 1)[1], row.turn, row.speaker, row.label, row.side, row.start, row.end) for row in rows
    ]
    assert found == [
        ("impro01_F000", 0, "Ses01_F", "angry", "left", 1.5, 3.0),
        ("impro01_M000", 1, "Ses01_M", "frustrated", "right", 1.0, 2.0),
        ("impro01_F001", 3, "Ses01_F", "happy", "left", 4.0, 5.0),
        ("impro01_F003", 5, "Ses01_F", "excited", "left", 6.0, 7.0),
        ("script01_1_M000", 0, "Ses05_M", "happy", "left", 0.5, 1.5),
        ("script01_1b_M000", 0, "Ses05_M", "neutral", "left", 0.5, 1.5),
    ]
    assert [row.text for row in rows] == [
        *("Where is the kettle?", "On the shelf.", "Thanks, I suppose.", "", "One.", "Caf\xe9."),
    ]
    assert [row.dialogue for row in rows][-2:] == ["Ses05M_script01_1", "Ses05M_script01_1b"]
    assert {row.split for row in rows} == {""}
    assert reading.notes.counts() == {
        "dialogues without evaluation": 1,
        "dialogues without video": 2,
        "dialogues without wav": 1,
        "label sur": 1,
        "rated utterances without a transcript line": 1,
        "transcript lines without id or time": 1,
        "unrated turns": 1,
        "utterances that end before they start": 1,
        "utterances transcribed twice": 1,
        "utterances with an id of another form": 1,
        "xxx counted as happy": 1,
    }


def test_media_paths_are_of_the_dialogue_or_empty(root):
    rows = {row.dialogue: (row.audio, row.video) for row in read_iemocap(root, label_rule="released").utterances}
    assert rows == {
        "Ses01F_impro01": ("Session1/dialog/wav/Ses01F_impro01.wav", "Session1/dialog/avi/DivX/Ses01F_impro01.avi"),
        "Ses05M_script01_1": ("", ""),
        "Ses05M_script01_1b": ("Session5/dialog/wav/Ses05M_script01_1b.wav", ""),
    }
    assert all((root / path).is_file() for paths in rows.values() for path in paths if path)


def test_strict_leaves_out_what_the_raters_did_not_agree_on(root):
    released, strict = (read_iemocap(root, label_rule=rule) for rule in ("released", "strict"))
    extra = [row.utterance for row in released.utterances if row not in strict.utterances]
    assert extra == ["Ses01F_impro01_F001"]
    assert Counter(strict.notes.counts()) - Counter(released.notes.counts()) == {"label xxx": 1}


@pytest.mark.parametrize(
    ("label", "votes", "own", "expected"),
    [
        ("xxx", "Happiness Excited Neutral Happiness", "Happiness", "happy"),
        ("xxx", "Happiness Excited Happiness Excited Happiness", "Happiness", "happy"),
        # A tie, a mixed self-report, another self-report, none, another leader, another label.
        ("xxx", "Happiness Excited Excited Happiness", "Happiness", ""),
        ("xxx", "Happiness Excited Neutral Happiness Excited Happiness", "Happiness Excited", ""),
        ("xxx", "Happiness Happiness Excited Neutral", "Neutral", ""),
        ("xxx", "Happiness Happiness Excited Neutral", "", ""),
        ("xxx", "Anger Anger Sadness Sadness Anger Happiness", "Happiness", ""),
        ("sur", "Happiness Surprise Happiness", "Happiness", ""),
        ("fru", "Happiness Happiness", "Happiness", "frustrated"),
    ],
)
def test_released_rule(label, votes, own, expected):
    votes = Counter(votes.split()) - Counter(own.split())
    outside = tuple(Vote("u", f"E{number}", (vote,), NONE) for number, vote in enumerate(votes.elements()))
    rating = Rating(0.0, 1.0, label, (*outside, Vote("u", "F1", tuple(own.split()), NONE)))
    assert six_class_label(rating, label_rule="released") == expected
    assert six_class_label(rating, label_rule="strict") == ("" if label == "xxx" else expected)


def test_votes_for_several_labels_count_each_and_comments_do_not(tmp_path):
    path = tmp_path / "ratings.txt"
    path.write_text(
        HEADER + block("a", "xxx", "1", "2", ("Happiness; Excited;", "Anger", "Other; "), "Happiness; Sadness;")
    )
    rating = read_ratings(path, notes := Notes())["a"]
    assert rating.votes == ("Happiness", "Excited", "Anger", "Other", "Happiness", "Sadness")
    assert rating.own == {"Happiness", "Sadness"} and (rating.start, rating.end) == (1.0, 2.0)
    assert [(vote.rater, vote.labels, vote.scales) for vote in rating.raters] == [
        ("E2", ("Happiness", "Excited"), NONE),
        ("E3", ("Anger",), ("2", "4", "4")),
        ("E4", ("Other",), NONE),
        ("F1", ("Happiness", "Sadness"), ("2", "3", "3")),
    ]
    assert notes.counts() == {}


def test_nothing_there_and_unknown_rule(tmp_path):
    with pytest.raises(EmotionError, match="no dialogues found"):
        read_iemocap(tmp_path, label_rule="strict")
    with pytest.raises(EmotionError, match="label rule is 'loose', expected one of released, strict"):
        read_iemocap(tmp_path, label_rule="loose")


@pytest.mark.parametrize(
    ("dialogue", "played"),
    [
        ("Ses01F_script02_1", "script02"),
        ("Ses05M_script01_1b", "script01"),
        ("Ses03M_impro08a", "impro08"),
        ("Ses01F_talk", ""),
    ],
)
def test_scenario_is_in_the_dialogues_name(dialogue, played):
    assert scenario(dialogue) == played
