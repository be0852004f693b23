import csv
import io
import json

import pytest
from timeline.planted_timeline import WARNING, emotion, planted

from emotion.core.errors import EmotionError
from emotion.timeline.json_file import read_timeline
from emotion.timeline.tiers import tiers_of
from emotion.timeline.timeline import UNKNOWN, Turn
from emotion.timeline.writing import WRITERS, write_timeline


def test_the_same_timeline_gives_the_same_bytes(tmp_path):
    one, two = (write_timeline(tmp_path / name, planted()) for name in "ab")
    assert list(one) == list(WRITERS)
    assert [path.read_bytes() for path in one.values()] == [path.read_bytes() for path in two.values()]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        *("timeline.TextGrid", "timeline.csv", "timeline.eaf", "timeline.json", "timeline.srt", "timeline.vtt")
    ]


def test_an_unknown_format_writes_nothing(tmp_path):
    with pytest.raises(
        EmotionError, match="format 'docx' is unknown, expected some of csv, json, vtt, srt, eaf, textgrid"
    ):
        write_timeline(tmp_path / "out", planted(), formats=["csv", "docx"])
    assert not (tmp_path / "out").exists()


def test_all_or_nothing(tmp_path):
    before = write_timeline(tmp_path, planted(), formats=["csv"])["csv"].read_bytes()
    (tmp_path / "timeline.json").mkdir()
    with pytest.raises(EmotionError, match="cannot be written"):
        write_timeline(tmp_path, planted(turns=()), formats=["json", "csv"])
    assert (tmp_path / "timeline.csv").read_bytes() == before


@pytest.mark.parametrize("form", WRITERS)
def test_every_file_carries_the_warnings(form):
    assert WARNING in WRITERS[form](planted()) and WARNING not in WRITERS[form](planted(warnings=()))


@pytest.mark.parametrize("form", WRITERS)
def test_nobody_is_said_to_be_anything(form):
    text = WRITERS[form](planted()).lower()
    assert "is happy" not in text and "feels" not in text


@pytest.mark.parametrize("form", WRITERS)
def test_what_is_unsure_is_marked(form):
    assert "unsure" in WRITERS[form](planted())


@pytest.mark.parametrize("form", WRITERS)
def test_a_recording_in_which_nobody_speaks(form):
    assert WRITERS[form](planted(turns=()))


@pytest.mark.parametrize(
    ("absent", "words"),
    [
        ({}, "looks and sounds most like happy"),
        ({"face": "none"}, "(sounds most like happy"),
        ({"audio": "none", "text": "none"}, "(looks most like happy"),
        ({"audio": "none", "face": "none"}, "(reads most like happy"),
    ],
)
def test_only_what_was_used_is_named(absent, words):
    turn = Turn(start=0, end=1, speaker="a", text="b", absent=absent, emotion=emotion(0.5, 0.25, 0.25))
    for form in ("srt", "vtt"):
        assert words in WRITERS[form](planted(turns=(turn,)))


def test_csv():
    rows = list(csv.DictReader(io.StringIO(WRITERS["csv"](planted()), newline="")))
    told = ["talk_0001", "1.000", "2.500", "Anna", "There you are!", "happy", "", "transcript", ""]
    columns = ["utterance", "start", "end", "speaker", "text", "label", "unsure", "speaker_from", "absent"]
    assert list(rows[0].items()) == [
        *zip(columns, told, strict=True),
        *(("novelty_audio", "50.00"), ("novelty_face", "99.25"), ("novelty_text", "")),
        *(("p_happy", "0.620000"), ("p_very sad", "0.200000"), ("p_neutral", "0.180000"), ("warning", WARNING)),
    ]
    assert rows[2]["unsure"] == "speaker; emotion" and rows[2]["absent"] == "face: no face was found"
    assert rows[3]["speaker"] == UNKNOWN and rows[3]["label"] == rows[3]["p_happy"] == ""


def test_no_cell_is_run_by_a_spreadsheet():
    turn = Turn(start=0, end=1, speaker="@cmd", text='=HYPERLINK("http://a")', emotion=emotion(0.5, 0.25, 0.25))
    text = WRITERS["csv"](planted(media="+1.mp4", turns=(turn,), warnings=("-2+3",)))
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")] == []
    assert "'@cmd" in cells and '\'=HYPERLINK("http://a")' in cells


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"format": "x"}, "format is 'x', expected a timeline.json"),
        ({"segments": 3}, "expected a timeline.json"),
        ({"duration": 0}, "duration is 0, expected"),
        ({"duration": 3}, "turn at 2 s ends at 4.002 s, expected an end within the 3 s"),
        ({"mood": 1}, "unknown key mood"),
        ({"labels": ["happy"]}, "probabilities are of"),
    ],
)
def test_a_damaged_json_is_one_line(tmp_path, change, what):
    path = tmp_path / "timeline.json"
    path.write_text(json.dumps(json.loads(WRITERS["json"](planted())) | change))
    with pytest.raises(EmotionError, match=what) as caught:
        read_timeline(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_a_damaged_segment_is_named(tmp_path):
    path = tmp_path / "timeline.json"
    content = json.loads(WRITERS["json"](planted()))
    del content["segments"][1]["end"]
    path.write_text(json.dumps(content))
    with pytest.raises(EmotionError, match=r"key segments\.1\.end is missing, expected seconds >= 0"):
        read_timeline(path)


def test_turns_side_by_side_share_a_tier():
    times = [(0, 1), (1, 2), (1.5, 3), (2, 3), (2.5, 4), (3, 4)]
    turns = tuple(Turn(start=start, end=end, speaker="a", text="x") for start, end in times)
    found = {tier.name: [turn.start for turn in tier.turns] for tier in tiers_of(planted(turns=turns))}
    assert found == {"a": [0, 1, 2, 3], "a [2]": [1.5], "a [3]": [2.5]}
