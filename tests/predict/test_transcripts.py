"""Transcripts of several recordings: a folder of files by name, or one file that says which part is whose."""

from pathlib import Path

import pytest
from predict.planted_talk import plant_sound, plant_speakers, plant_transcript, told

from emotion.core.errors import EmotionError
from emotion.predict.transcripts import transcripts

ONE, TWO = Path("talks/one.mp4"), Path("talks/two.mp4")


def test_a_folder_has_one_for_each_name(tmp_path):
    for name in ("one.srt", "two.vtt", "two.mp4.JSON", "two.txt", "three.csv", "three.tsv"):
        (tmp_path / name).touch()
    for count in (1, 2):
        find = transcripts(tmp_path, count=count)
        assert find(ONE) == tmp_path / "one.srt"
        assert find(TWO) == tmp_path / "two.mp4.JSON" and find(Path("two.wav")) == tmp_path / "two.vtt"
        with pytest.raises(
            EmotionError, match=r"^four.mp4: .* has no transcript of that name, expected e.g. 'four.srt'"
        ):
            find(Path("four.mp4"))
        with pytest.raises(EmotionError, match=r"^three.mp4: .* has 'three.csv' and 'three.tsv', expected one"):
            find(Path("three.mp4"))


def test_one_file_is_for_one_recording(tmp_path):
    file = plant_transcript(tmp_path / "talk.csv")
    assert transcripts(file, count=1)(ONE) == file and transcripts(None, count=2)(ONE) is None
    with pytest.raises(
        EmotionError, match=r"talk.csv: the transcript of one recording, but there are 2; give a folder"
    ):
        transcripts(file, count=2)
    with pytest.raises(EmotionError, match=r"none.srt: cannot be read"):
        transcripts(tmp_path / "none.srt", count=2)


def test_one_file_of_several_recordings(tmp_path):
    file = plant_speakers(tmp_path / "all.rttm", recording="one")
    find = transcripts(file, count=2)
    assert find(ONE) == file
    with pytest.raises(EmotionError, match=r"^talks/two.mp4: .*all.rttm names one, not this recording"):
        find(TWO)
    (tmp_path / "all.csv").write_text("video,start,end,text\none.mp4,0,1,hello\ntwo.mp4,0,1,oh\n")
    assert transcripts(tmp_path / "all.csv", count=2)(TWO) == tmp_path / "all.csv"


def test_nothing_is_written_where_one_file_is_given_for_two(packed, tmp_path):
    talks = tmp_path / "talks"
    talks.mkdir()
    for name in "ab":
        plant_sound(talks / f"{name}.wav")
    with pytest.raises(EmotionError, match="the transcript of one recording, but there are 2"):
        told(talks, packed, tmp_path / "out", plant_transcript(tmp_path / "talk.csv"))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_who_has_none_is_one_line_and_the_others_are_done(packed, tmp_path, capfd):
    """The transcripts lie beside the recordings."""
    talks = tmp_path / "talks"
    talks.mkdir()
    for name in "ab":
        plant_sound(talks / f"{name}.wav")
    plant_transcript(talks / "a.csv")
    with pytest.raises(EmotionError, match="1 of 2 recordings could not be used"):
        told(talks, packed, tmp_path / "out", talks, formats=["csv"])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]
