from emotion.study import notes
from emotion.study.missing import more_with_less, rises


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
