"""A recording of real people: listened to, watched and classified, each turn by its own speaker's face."""

import pytest
from closure import ROOT

from emotion.core import logs
from emotion.predict.run import predict
from emotion.predict.talk import Listening
from emotion.timeline.json_file import read_timeline

RECORDING = ROOT.parent / "shared" / "data" / "dialogue13.mp4"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not RECORDING.is_file(), reason="the recording is not here")]


def test_faces_and_voices_of_all_turns_are_used(packed, tmp_path):
    pytest.importorskip("faster_whisper")
    with logs.quiet():
        predict([RECORDING], model=packed, out=tmp_path / "out", how=Listening(asr="none"), formats=["json"])
    timeline = read_timeline(tmp_path / "out" / "timeline.json")
    assert len(timeline.speakers) == 2 and 4 <= len(timeline.turns) <= 6
    assert {tuple(turn.absent) for turn in timeline.turns} == {("text",)}


def test_a_transcript_of_who_speaks_alone(packed, tmp_path):
    rttm = tmp_path / "a.rttm"
    times = {"Anna": "0.5 2.5", "Ben": "4.3 2.3"}
    lines = [f"SPEAKER dialogue13 1 {span} <NA> <NA> {name} <NA> <NA>\n" for name, span in times.items()]
    rttm.write_text("".join(lines))
    with logs.quiet():
        how = Listening(transcript=rttm, asr="none")
        predict([RECORDING], model=packed, out=tmp_path / "out", how=how, formats=["json"])
    timeline = read_timeline(tmp_path / "out" / "timeline.json")
    assert [turn.speaker for turn in timeline.turns] == ["Anna", "Ben"]
    assert all("face" not in turn.absent and turn.absent["text"] == "no words" for turn in timeline.turns)
    assert any("says nothing of what is said" in line for line in timeline.warnings)
