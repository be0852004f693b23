"""Each format read back by the field's own library: times to 1 ms, speaker and emotion."""

import html
import json

import pytest
from timeline.planted_timeline import HOSTILE, WARNING, planted

from emotion.timeline.json_file import SCHEMA, schema_text
from emotion.timeline.timeline import UNKNOWN
from emotion.timeline.writing import write_timeline

MISSING = "make test installs it"
WORDS = ["looks and sounds most like happy, 62 %", "looks and sounds most like very sad, 70 %"]
WORDS += ["sounds most like very sad, 41 %, unsure; speaker unsure"]


@pytest.fixture
def written(tmp_path):
    return write_timeline(tmp_path, planted())


def test_pympi_reads_elan(written):
    pympi = pytest.importorskip("pympi", reason=MISSING)
    eaf = pympi.Eaf(str(written["eaf"]))
    odd = '<B> & "q"\\n--> ]: {\\\\i1} \\(emotion)'  # two tiers cannot share a name, nor can a name be two lines
    assert set(eaf.get_tier_names()) == {
        *("(warning)", "Anna", "Anna (emotion)", "Anna [2]", "Anna [2] (emotion)", odd, f"{odd} (emotion)"),
        *(UNKNOWN, f"{UNKNOWN} (emotion)"),
    }
    assert eaf.get_annotation_data_for_tier("Anna") == [(1000, 2500, "There you are!")]
    assert eaf.get_annotation_data_for_tier("Anna [2]") == [(2000, 4002, planted().turns[1].text)]
    assert eaf.get_annotation_data_for_tier("(warning)") == [(0, 12500, WARNING)]
    assert eaf.get_ref_annotation_data_for_tier("Anna (emotion)") == [(1000, 2500, "happy", "There you are!")]
    (found,) = eaf.get_ref_annotation_data_for_tier(f"{odd} (emotion)")
    assert found[:3] == (2600, 4000, "very sad (unsure) (speaker unsure)")
    assert {eaf.get_parameters_for_tier(name)["PARTICIPANT"] for name in (odd, f"{odd} (emotion)")} == {HOSTILE}
    assert eaf.get_parameters_for_tier("Anna (emotion)")["PARENT_REF"] == "Anna"
    kind = eaf.get_parameters_for_linguistic_type("emotion")
    assert kind["CONSTRAINTS"] == "Symbolic_Association" and kind["TIME_ALIGNABLE"] == "false"
    assert eaf.adocument["DATE"] == "1970-01-01T00:00:00Z"
    assert eaf.get_linked_files()[0]["RELATIVE_MEDIA_URL"] == "./talk.mp4"
    assert list(eaf.timeslots.values()) == sorted(eaf.timeslots.values())


def test_praatio_reads_textgrid(written):
    textgrid = pytest.importorskip("praatio.textgrid", reason=MISSING)
    grid = textgrid.openTextgrid(str(written["textgrid"]), includeEmptyIntervals=False, reportingMode="error")
    assert grid.maxTimestamp == 12.5
    assert [tuple(entry) for entry in grid.getTier("Anna").entries] == [(1.0, 2.5, "There you are!")]
    assert [tuple(entry) for entry in grid.getTier("Anna [2]").entries] == [(2.0, 4.002, planted().turns[1].text)]
    assert [tuple(entry) for entry in grid.getTier("Anna (emotion)").entries] == [(1.0, 2.5, "happy")]
    assert [tuple(entry) for entry in grid.getTier("(warning)").entries] == [(0.0, 12.5, WARNING)]
    full = textgrid.openTextgrid(str(written["textgrid"]), includeEmptyIntervals=True, reportingMode="error")
    for tier in full.tiers:
        ends = [(entry.start, entry.end) for entry in tier.entries]
        assert [end for _, end in ends[:-1]] == [start for start, _ in ends[1:]]
        assert ends[0][0] == 0.0 and ends[-1][1] == 12.5


def test_webvtt_reads_vtt(written):
    webvtt = pytest.importorskip("webvtt", reason=MISSING)
    warning, *cues = webvtt.read(str(written["vtt"]))
    assert WARNING in warning.text and (warning.start, warning.end) == ("00:00:00.000", "00:00:05.000")
    assert [(cue.start, cue.end) for cue in cues] == [
        ("00:00:01.000", "00:00:02.500"),
        ("00:00:02.000", "00:00:04.002"),
        ("00:00:02.600", "00:00:04.000"),
        ("00:00:05.000", "00:00:06.000"),
    ]
    assert [html.unescape(cue.voice) for cue in cues] == ["Anna", "Anna", HOSTILE, UNKNOWN]
    assert [cue.raw_text.split(" ")[0] for cue in cues] == ["<v.happy", "<v.very_sad", "<v.very_sad", "<v"]
    lines = [html.unescape(cue.text).split("\n") for cue in cues]
    assert [line[0] for line in lines] == [turn.text for turn in planted().turns]
    assert [line[1] for line in lines[:3]] == [f"({words})" for words in WORDS]


def test_pysubs2_reads_srt(written):
    pysubs2 = pytest.importorskip("pysubs2", reason=MISSING)
    warning, *cues = pysubs2.load(str(written["srt"]), format_="srt")
    assert WARNING in warning.text and (warning.start, warning.end) == (0, 5000)
    assert [(cue.start, cue.end) for cue in cues] == [(1000, 2500), (2000, 4002), (2600, 4000), (5000, 6000)]
    texts = [html.unescape(cue.text).split("\\N") for cue in cues]
    said = zip(["Anna", "Anna", HOSTILE, UNKNOWN], planted().turns, strict=True)
    assert [text[0] for text in texts] == [f"[{name}]: {turn.text}".strip() for name, turn in said]
    assert [text[1] for text in texts[:3]] == [f"({words})" for words in WORDS]


def test_the_json_follows_its_schema(written):
    jsonschema = pytest.importorskip("jsonschema", reason=MISSING)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    content = json.loads(written["json"].read_text(encoding="utf-8"))
    validator.validate(content)
    segment = content["segments"][0]
    assert {"start", "end", "text", "speaker", "words"} <= set(segment)  # what tools for whisperX look for
    assert segment["emotion"] == {"happy": 0.62, "very sad": 0.2, "neutral": 0.18}
    for damage in ({"start": -1}, {"speaker": ""}, {"emotion": {"happy": 2}}, {"unsure": ["face"]}, {"mood": 1}):
        broken = content | {"segments": [segment | damage]}
        assert list(validator.iter_errors(broken)), damage


def test_the_schema_is_that_of_the_code():
    """Write it again: python -c 'from emotion.timeline import json_file as j; j.SCHEMA.write_text(j.schema_text())'."""
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json.loads(schema_text())
