"""What is written is read back: times to 1 ms, speakers and texts, whatever letters they have."""

import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from timeline.planted_timeline import planted, said, timelines

from emotion.timeline.json_file import read_timeline
from emotion.timeline.praat import NO_WORDS
from emotion.timeline.reading import read_transcript
from emotion.timeline.timeline import UNKNOWN, Turn
from emotion.timeline.writing import WRITERS, file_name, write_timeline

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def rounded(timeline):
    """The timeline as a file to 1 ms and six digits has it."""

    def to_ms(time):
        return math.floor(1000 * time + 0.5) / 1000

    turns = []
    for turn in timeline.turns:
        chances = turn.emotion and {label: round(turn.emotion.probabilities[label], 6) for label in timeline.labels}
        turns.append(
            replace(
                turn,
                start=to_ms(turn.start),
                end=to_ms(turn.end),
                emotion=turn.emotion and replace(turn.emotion, probabilities=chances),
            )
        )
    return replace(timeline, turns=tuple(turns))


@pytest.mark.parametrize("form", WRITERS)
def test_speakers_texts_and_times(form, tmp_path):
    timeline = planted()
    path = write_timeline(tmp_path, timeline, formats=[form])[form]
    assert path.name == file_name(form)
    read = read_transcript(path, duration=timeline.duration)
    assert said(read.turns, unknown=UNKNOWN) == said(timeline.turns)
    assert read.speakers == timeline.speakers[:2] and read.has_text
    assert {turn.speaker_from for turn in read.turns} == {"transcript", ""}
    overlaps = [note for note in read.notes if "before the same speaker has ended: 1; kept" in note]
    assert len(overlaps) == 1 and [note for note in read.notes if note not in overlaps and "no text" not in note] == []


@pytest.mark.slow
@QUICK
@given(timeline=timelines())
@pytest.mark.parametrize("form", WRITERS)
def test_any_speakers_and_texts(form, timeline, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / file_name(form)
    path.write_bytes(WRITERS[form](timeline).encode())
    if not timeline.turns:
        return
    read = read_transcript(path, duration=timeline.duration)
    assert said(read.turns, unknown=UNKNOWN) == said(timeline.turns)


@pytest.mark.slow
@QUICK
@given(timeline=timelines())
def test_json_keeps_everything(timeline, tmp_path_factory):
    path = tmp_path_factory.mktemp("all") / "timeline.json"
    path.write_bytes(WRITERS["json"](timeline).encode())
    assert read_timeline(path) == rounded(timeline)


def test_json_keeps_everything_of_a_whole_one(tmp_path):
    path = write_timeline(tmp_path, planted(), formats=["json"])["json"]
    assert read_timeline(path) == rounded(planted())
    assert [word.text for word in read_transcript(path).turns[0].words] == ["There", "you", "are!"]


@pytest.mark.parametrize("form", WRITERS)
def test_a_millisecond_stays_one_wherever_it_begins(form, tmp_path):
    turns = tuple(
        Turn(start=start, end=start + 0.001, speaker=f"s{number}", text="a")
        for number, start in enumerate([0.0, 0.0005, 1.0015, 3599.9995, 7199.4999])
    )
    path = write_timeline(tmp_path, planted(turns=turns, duration=7200.0), formats=[form])[form]
    for turn, meant in zip(read_transcript(path).turns, turns, strict=True):
        assert turn.end - turn.start == pytest.approx(0.001, abs=1e-9)
        assert abs(turn.start - meant.start) <= 0.0005 + 1e-9


def test_words_in_words_out(tmp_path):
    path = write_timeline(tmp_path, planted(), formats=["json"])["json"]
    again = read_transcript(path).turns[0]
    assert again.words == planted().turns[0].words


def test_praat_tells_a_turn_without_words_from_silence(tmp_path):
    path = write_timeline(tmp_path, planted(), formats=["textgrid"])["textgrid"]
    assert NO_WORDS in path.read_text() and read_transcript(path).turns[-1].text == ""
