"""What stands beside the figures: what intervals rest on, classes without utterances, why a score rises."""

import json

import pytest
from planted_study import LABELS, conduct, plant, rows_of

from emotion.evaluation.scores import clusters_of
from emotion.study import notes
from emotion.study import study as study_module
from emotion.study.about import About, Interval
from emotion.study.folds import make_folds, truth
from emotion.study.missing import more_with_less, rises
from emotion.study.notes import head


def about(**changes):
    known = {"corpus": "a|b", "protocol": "split", "labels": ("x", "y"), "features": {"audio": 4}, "folds": []}
    known |= {"counts": {"test": (5, 2)}, "seeds": 2, "reference": "cnn", "scored": "test"}
    return About(**known | {"interval": Interval("dialogues", 12, given=True)} | changes)


def test_nothing_is_said_where_all_is_well():
    text = head(about())
    assert text.startswith("# Study\n\nCorpus a\\|b: test 5 utterances in 2 dialogues. 2 seeds per model.")
    assert text.count("\n\n") == 1
    assert (about().no_interval, about().no_ranks, about(seeds=8).no_ranks) == (
        "",
        "none (2 seeds)",
        "none (equal pairs)",
    )


def test_what_must_be_known_is_said():
    known = {"absent": {"training": ["<x>"], "test": ["y"]}, "unknown_training": ["audio", "text"]}
    found = about(**known, folds=["Ses01", "Ses02"], interval=Interval("speakers", 4, given=False))
    text = head(found)
    assert "Classes without a training utterance: &lt;x&gt;." in text
    assert "Classes without a test utterance: y." in text
    assert "Encoders: unknown training utterances (audio, text)." in text
    assert "the figures rest on 4 speakers in 2 sessions, and fewer than 10 independent ones" in text
    assert found.no_interval == "none (4 speakers)"
    assert Interval("speakers", 1, given=False).counted == "1 speaker"


@pytest.mark.slow
def test_utterances_that_are_dialogues_are_resampled_by_speaker(tmp_path):
    """Three speakers: no interval, no p-value, the reason in their place, and pictures all the same."""
    features = plant(tmp_path / "features", sessions=1, each=40, length=1, trained_on=None)
    out = conduct(features, tmp_path / "out", seeds=1, epochs=1)
    rows = {row["model"]: row for row in rows_of(out / "study.csv")}
    for name in ("test_weighted_f1_ci_low", "difference_ci_low", "bootstrap_p", "bootstrap_p_holm", "wilcoxon_p"):
        assert rows["cnn"][name] == "", name
    assert rows["cnn"]["difference"] != ""
    text = (out / "study.md").read_text()
    assert text.count("| none (3 speakers) |") >= 3 and "nan" not in text
    assert "the figures rest on 3 speakers, and fewer than 10" in text
    known = json.loads((out / "study.json").read_text())
    assert known["interval"] == {"over": "speakers", "count": 3, "given": False}
    assert known["unknown_training"] == ["audio", "text"]
    assert (out / "study.png").stat().st_size > 5000


def test_classes_without_utterances_are_found_fold_by_fold(tmp_path):
    path = plant(tmp_path) / "index.csv"
    lines = path.read_text().splitlines()
    gone = [line for line in lines if ",happy," not in line or line.startswith("Ses01")]  # ids begin with the session
    path.write_text("\n".join(gone) + "\n")
    folds = make_folds(path, protocol="leave-one-session-out")
    assert study_module._absent(folds, truth(path, folds), scored="test") == {"training (Ses01 held out)": ["happy"]}
    path.write_text("\n".join(line for line in lines if ",happy,test," not in line) + "\n")
    folds = make_folds(path, protocol="split")
    assert study_module._absent(folds, truth(path, folds), scored="test") == {"test": ["happy"]}
    assert clusters_of(folds[0].index)[1] == "dialogues" and "happy" in LABELS


def curve(name, *scores, model="cmn"):
    return [
        {"model": model, "kind": "missing", "modalities": name, "share": f"{place / 10:.6f}", "weighted_f1": f"{score}"}
        for place, score in enumerate(scores)
    ]


def given(**scores):
    return [
        {"model": "cnn", "kind": "present", "modalities": name.replace("_", "+"), "share": 0.0, "weighted_f1": score}
        for name, score in scores.items()
    ]


FALLING = curve("audio", 0.6, 0.5, 0.50004, 0.4)
RISING = curve("any", 0.6, 0.62, 0.5, 0.55, 0.4)


def test_the_steepest_rise_of_each_row():
    assert rises(FALLING) == []
    (found,) = rises(FALLING + RISING)
    assert (found.modalities, found.low, found.high, found.before, found.after) == ("any", 0.2, 0.3, 0.5, 0.55)
    names = [rise.modalities for rise in rises(curve("text", 0.5, 0.51) + RISING)]
    assert names == ["any", "text"]  # the largest first


def test_a_subset_that_beats_all_modalities():
    assert more_with_less(given(audio=0.3, text=0.4, audio_text=0.4)) == []
    (found,) = more_with_less(given(audio=0.3, text=0.5, audio_text=0.4))
    assert (found.fewer, found.more, found.before, found.after) == ("text", "audio+text", 0.4, 0.5)


def test_why_a_score_rises_is_said_where_one_does():
    assert notes.missing(FALLING + given(audio=0.3, audio_text=0.4), utterances=100) == ""
    said = notes.missing(FALLING + RISING + given(text=0.5, audio_text=0.4), utterances=100)
    assert "In 1 of 2 rows" in said and "cmn, any one modality: 50.00 at 20 %, 55.00 at 30 %" in said
    assert "cnn scores 50.00 with text, 40.00 with audio+text." in said
    assert "one of 100 utterances is 1.00 points" in said and "up to 5.0 points" in said
