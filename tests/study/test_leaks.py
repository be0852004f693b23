"""A planted leak is found by the study and named on its page: copies, a speaker by another name, a scenario."""

import json
from dataclasses import replace

import pytest
from planted_study import conduct, plant

from emotion.page.study import study_data

SAID = "I have told you a hundred times already"


def clean(row):
    """Nothing is shared: each split has its people, its scenario and its words."""
    text = f"{row.utterance} has words that nobody else ever {row.split}"
    return replace(row, speaker=f"{row.split} {row.speaker}", scenario=f"the {row.split} scene", text=text)


def leaking(row):
    """One test dialogue plays what training plays, by somebody of training, in its words."""
    row = clean(row)
    if row.dialogue == "Ses01F_impro00":  # training
        return replace(row, speaker="Ann Lee", text=SAID)
    if row.dialogue == "Ses01F_impro03":  # test
        return replace(row, speaker="ann_LEE", scenario="the train scene", text=f"Oh, {SAID}!")
    return row


def conducted(folder, edit, **options):
    return conduct(plant(folder / "features", edit=edit), folder / "out", models=["cnn"], seeds=1, epochs=1, **options)


@pytest.mark.slow
def test_the_study_and_the_page_name_what_is_shared(tmp_path, no_pictures, monkeypatch):
    monkeypatch.setattr("emotion.page.study._picture", lambda _: "")
    out = conducted(tmp_path, leaking)
    assert json.loads((out / "study.json").read_text())["shared"] == {
        "test": {"speakers": [1, 7], "scenarios": [1, 2], "near_copies": [3, 36]},
        "validation": {"speakers": [0, 6], "scenarios": [0, 1], "near_copies": [0, 36]},
    }
    text = (out / "study.md").read_text()
    line = (
        "est shares with training and validation: 1 of 7 speakers, 1 of 2 scenarios, near copies of 3 of 36 utterances "
        "of 4 words and more (8.3 %)."
    )
    assert f"Protocol `split`. T{line}" in text
    assert f"Protocol split: t{line}" in study_data(out)["notes"]
    for private in ("Ann", "scene", "hundred"):
        assert private not in text + (out / "study.json").read_text()


@pytest.mark.slow
def test_nothing_is_named_where_nothing_is_shared(tmp_path, no_pictures, monkeypatch):
    monkeypatch.setattr("emotion.page.study._picture", lambda _: "")
    out = conducted(tmp_path, clean)
    data = study_data(out)
    assert not [line for line in data["notes"] if "shares" in line]
    (line,) = [line for line in data["text"] if "test shares" in line]
    assert "0 of 6 speakers, 0 of 1 scenarios, near copies of 0 of 36" in line
