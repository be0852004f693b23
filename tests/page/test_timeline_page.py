"""The page of a timeline: what it holds, that nothing of the recording becomes markup, and the recording inside."""

import base64
import json
import re

import pytest
from predict.planted_talk import files, generated, plant_sound, plant_transcript, plant_video, told
from timeline.planted_timeline import HOSTILE, LABELS, WARNING, planted

from emotion.page import timeline
from emotion.page.build import page_text
from emotion.page.timeline import EXTRAS, timeline_data, write_page
from emotion.predict.media import DEMO, look
from emotion.predict.run import Finished
from emotion.timeline.subtitles import senses
from emotion.timeline.timeline import Turn


def shown(text):
    """The object inside a page."""
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def numbers(packed):
    return list(base64.b64decode(packed.removeprefix("u8:")))


def test_the_name_of_a_file_keeps_its_letters():
    data = timeline_data(planted(warnings=("talk.srt: segments out of order: 2", "no face is seen")))
    assert data["notes"] == ["talk.srt: segments out of order: 2", "No face is seen"]


def test_it_says_what_the_timeline_says():
    data = timeline_data(planted())
    said = data["utterances"]
    assert data["notes"] == [WARNING.capitalize()] and data["labels"] == list(LABELS)
    assert [data["speakers"][i] for i in said["speaker"]] == [turn.speaker for turn in planted().turns]
    assert numbers(said["predicted"]) == [0, 1, 1, 255] and set(numbers(said["actual"])) == {255}
    assert said["probabilities"][:3] == pytest.approx([255 * chance for chance in (0.62, 0.2, 0.18)], abs=1e-3)
    assert data["turns"][0]["words"] == [[1.0, 1.2, "There"], [1.2, 1.5, "you"], [1.6, 2.4, "are!"]]
    assert data["turns"][0]["senses"] == "looks and sounds" and data["turns"][2]["senses"] == "sounds"
    assert data["turns"][2]["unsure"] == ["speaker", "emotion"]
    assert data["turns"][2]["absent"] == {"face": "no face was found"}


def test_nothing_of_the_recording_becomes_markup():
    text = page_text(timeline_data(planted(media='a"><script>.mp4')))
    assert text.count("</script>") == 2 and text.count("<script") == 2  # the template's own
    assert shown(text)["speakers"][1] == HOSTILE and "</script>" in shown(text)["utterances"]["text"][1]
    assert "connect-src 'none'" in text and not re.search(r"""(src|href)=["']?https?:""", text)


def finished(path, folder):
    return Finished(planted(media=path.name), look(path), "haar", 0.7, folder)


@pytest.mark.slow
def test_the_recording_is_inside_as_far_as_it_fits(tmp_path, monkeypatch):
    sound, film = plant_sound(tmp_path / "talk.wav"), plant_video(tmp_path / "film.mp4", seconds=1)
    found = shown(write_page(finished(sound, tmp_path), files=["timeline.csv"]).read_text())
    assert found["dialogues"][0]["sound"].startswith("data:audio/mp4") and found["media"]["mode"] == "embedded"
    assert found["files"] == ["timeline.csv"]
    text = write_page(finished(film, tmp_path)).read_text()
    assert shown(text)["dialogues"][0]["media"].startswith("data:video/mp4")
    assert text == write_page(finished(film, tmp_path)).read_text()
    monkeypatch.setattr(timeline, "_LARGEST", 100)
    found = shown(write_page(finished(film, tmp_path)).read_text())
    assert found["media"]["mode"] == "none" and "fit into a page" in found["media"]["note"]


def test_long_pictures_are_left_out_and_their_sound_is_not(tmp_path, monkeypatch):
    film, sound = plant_video(tmp_path / "film.mp4", seconds=1), plant_sound(tmp_path / "talk.wav", seconds=1)
    monkeypatch.setattr(timeline, "_LONGEST", 0.5)
    both = Finished(planted(), look(film, sound=sound), "haar", 0.7, tmp_path)
    found = shown(write_page(both).read_text())
    assert found["dialogues"][0]["sound"].startswith("data:audio/mp4") and not found["dialogues"][0]["media"]
    assert found["media"]["note"].startswith("Without pictures")


@pytest.mark.slow
def test_predict_writes_it_with_the_others(packed, tmp_path):
    talk, transcript = plant_sound(tmp_path / "talk.wav"), plant_transcript(tmp_path / "talk.csv")
    model, formats = generated(packed, tmp_path / "generated"), ["csv", "html", "mp4"]
    told(talk, model, tmp_path / "out", transcript, formats=formats, extras=EXTRAS, demo=True)
    assert sorted(files(tmp_path / "out")) == ["report.html", "timeline.csv"]  # sound has no annotated video
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert shown(text)["notes"][0].lower() == DEMO and shown(text)["title"] == "talk.wav"
    assert str(tmp_path) not in text


@pytest.mark.parametrize("unused", ["audio", "face"])
def test_a_turn_looks_and_sounds_like_nothing_that_the_model_does_not_use(unused):
    turn = Turn(start=0, end=1, speaker="A", absent={unused: "the model does not use it"})
    assert senses(turn) == {"audio": "looks", "face": "sounds"}[unused]
