"""Files of any size cost bounded time."""

import time

import pytest
from timeline.planted_timeline import planted

from emotion.core.errors import EmotionError
from emotion.timeline.reading import read_transcript
from emotion.timeline.segments import MOST
from emotion.timeline.timeline import Turn
from emotion.timeline.whisperx import LARGEST
from emotion.timeline.writing import WRITERS


def test_a_file_of_gigabytes_is_not_read(tmp_path):
    path = tmp_path / "a.srt"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(
        EmotionError, match=f"has 1048576 MiB, expected a transcript of {LARGEST >> 20} or less; split it"
    ):
        read_transcript(path)


@pytest.mark.slow
def test_too_many_segments(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("start,end\n" + "1,2\n" * (MOST + 1))
    with pytest.raises(EmotionError, match=f"has more than {MOST} segments"):
        read_transcript(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<c.emotion>" * 100_000),
        ("b.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<" * 1_000_000),
        ("c.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v a>" * 100_000),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\n" + "<font " * 100_000 + "{\\" * 100_000 + "&#" * 100_000),
        ("b.srt", "1\n00:00:01,000 --> 00:00:02,000\n[" + "a" * 1_000_000),
        ("a.TextGrid", 'File type = "ooTextFile" "TextGrid" 0 1 <exists> 1 ' + '""' * 300_000 + '"'),
        ("a.eaf", "<ANNOTATION_DOCUMENT>" + "<TIER TIER_ID='a'>" * 100_000),
    ],
)
def test_nothing_takes_the_square_of_its_length(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content)
    start = time.process_time()
    try:
        read_transcript(path)
    except EmotionError as error:
        assert len(str(error)) < 600
    assert time.process_time() - start < 2.0


@pytest.mark.slow
def test_everybody_speaks_at_once():
    """Many turns of one speaker over each other, and many speakers: layers and tiers in moments."""
    turns = tuple(Turn(start=number / 1000, end=60, speaker="a", text="x") for number in range(3000))
    crowd = tuple(Turn(start=number / 1000, end=60, speaker=f"s{number}", text="x") for number in range(3000))
    start = time.process_time()
    for held in (turns, crowd):
        assert WRITERS["textgrid"](planted(turns=held, duration=60)).count('class = "IntervalTier"') == 6001
    assert time.process_time() - start < 2.0
