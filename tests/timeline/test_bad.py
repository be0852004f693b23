"""Transcripts that cannot be meant: one line with file, line or segment, what was found and what was expected."""

import json
import os

import pytest
from timeline.planted_transcripts import EAF, LONG, RTTM, SHORT, SRT, VTT, cues, whisperx

from emotion.core.errors import EmotionError
from emotion.timeline.reading import read_transcript

BOMB = '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + "".join(f'<!ENTITY a{n} "{"&a;" * 10}">' for n in range(9)) + "]>"
XML = EAF.format(encoding="UTF-8")
SEGMENT = {"start": 1, "end": 2, "text": "a"}
CASES = [
    # of any kind
    ("a.srt", "", "empty, expected a transcript"),
    ("a.srt", "\ufeff \n\t\n", "empty, expected a transcript"),
    ("a.txt", "once upon a time", "begins with 'once upon a time', expected a transcript with times: SubRip"),
    ("a.docx", b"PK\x03\x04\x00\x00", "is a zip archive or an Office file"),
    ("a.srt", b"%PDF-1.4 ...", "is a PDF"),
    ("a.srt", b"1\n00:00:01,000\x00", "line 2 holds NUL characters"),
    (
        "a.srt",
        b"1\n00:00:01,000 --> 00:00:02,000\n" + "Привет всем и каждому".encode("cp1251"),
        "save it as UTF-8",
    ),
    ("a.vtt", SRT, "its suffix means WebVTT, but it holds SubRip; rename it to a.srt"),
    ("a.srt", VTT, "its suffix means SubRip, but it holds WebVTT; rename it to a.vtt"),
    ("a.csv", whisperx(SEGMENT), "its suffix means CSV, but it holds JSON"),
    ("a.json", XML, "its suffix means JSON, but it holds ELAN"),
    ("a.eaf", LONG, "its suffix means ELAN, but it holds TextGrid"),
    ("a.TextGrid", RTTM, "its suffix means TextGrid, but it holds RTTM"),
    ("a.rttm", "start,end\n1,2\n", "its suffix means RTTM, but it holds CSV"),
    # SubRip
    ("a.srt", "hello\n" + SRT, r"line 1: found 'hello', expected a number, then a line with times"),
    (
        "a.srt",
        SRT.replace("00:00:03,000", "-00:00:03,000"),
        "line 6: found '-00:00:03,000 --> 00:00:04,000', expected times",
    ),
    ("a.srt", SRT.replace("00:00:03,000", "00:00:nan"), "line 6: found '00:00:nan --> "),
    ("a.srt", SRT.replace("00:00:03,000", "00:61:03,000"), "line 6: .*minutes and seconds below 60"),
    (
        "a.srt",
        SRT.replace("00:00:04,000", "00:00:03,000"),
        "line 6: end is 3 s, expected more than start = 3 s; correct",
    ),
    ("a.srt", SRT.replace("00:00:04,000", "00:00:02,000"), "line 6: end is 2 s, expected more than start = 3 s"),
    ("a.srt", SRT.replace("00:00:03,000 -->", "00:00:03,000 ->"), "line 6: found '00:00:03,000 -> 00:00:04,000'"),
    (
        "a.srt",
        SRT.replace("00:00:04,000", "9999:00:04,000"),
        r"line 6: end is 3.59964e\+07 s, expected 0 or more and less",
    ),
    ("a.srt", SRT + "\n3\n00:00:05,000 --> \nx\n", "line 11: found '00:00:05,000 --> '"),
    ("a.srt", cues("a\u202e --> <b>"), r"line 3: found 'a\\u202e --> <b>'"),
    ("a.srt", cues("[" + "n" * 301 + "]: a"), "line 2: speaker is 'nnn.*, expected a name of 300 characters or fewer"),
    # WebVTT
    ("a.vtt", "WEBVTTx\n\n", "line 1: found 'WEBVTTx', expected WEBVTT"),
    ("a.vtt", "WEBVTT\n\nNOTE nobody\n", "WebVTT without a segment"),
    ("a.vtt", VTT.replace("00:02.500", "00:02:500"), "line 14: found '00:01.000 --> 00:02:500"),
    ("a.vtt", VTT.replace("00:02.500", "00:00.500"), "line 14: end is 0.5 s, expected more than start = 1 s"),
    # JSON
    ("a.json", "{", "no JSON"),
    ("a.json", "[1]", "expected a JSON object"),
    ("a.json", '{"text": "a"}', r"has \['text'\], expected \"segments\""),
    ("a.json", '{"segments": []}', "JSON without a segment"),
    ("a.json", '{"segments": {}}', 'expected "segments"'),
    ("a.json", '{"segments": [3]}', "segment 1 is 3, expected"),
    ("a.json", '{"a":' * 100_000, "no JSON"),
    ("a.json", '{"segments": ' + "[" * 60 + "]" * 60 + "}", "nested deeper than 50 levels"),
    ("a.json", whisperx({"end": 2}), "segment 1: start is None, expected seconds such as 12.5"),
    ("a.json", whisperx(SEGMENT, SEGMENT | {"start": float("nan")}), "segment 2: start is nan, expected seconds"),
    ("a.json", whisperx(SEGMENT | {"end": float("inf")}), "segment 1: end is inf"),
    ("a.json", whisperx(SEGMENT | {"end": 10**400}), "segment 1: end is a number of more than"),
    ("a.json", whisperx(SEGMENT | {"end": "2"}), "segment 1: end is '2'"),
    ("a.json", whisperx(SEGMENT | {"end": True}), "segment 1: end is True"),
    ("a.json", whisperx(SEGMENT | {"start": -1}), "segment 1: start is -1 s, expected 0 or more"),
    ("a.json", whisperx(SEGMENT | {"start": 1000, "end": 400_000}), r"end is 400000 s, expected .* \(100 h\)"),
    ("a.json", whisperx(SEGMENT | {"text": 3}), "segment 1: text is 3, expected text"),
    ("a.json", whisperx(SEGMENT | {"speaker": ["a"]}), r"segment 1: speaker is \['a'\], expected text"),
    ("a.json", whisperx(SEGMENT | {"words": "a b"}), "segment 1: words are 'a b', expected a list"),
    ("a.json", whisperx(SEGMENT | {"words": [{"word": 1}]}), "segment 1: word is 1, expected text"),
    (
        "a.json",
        whisperx(SEGMENT | {"words": [{"word": "a", "start": 2, "end": 1}]}),
        "word 'a': end is 1 s, expected no less",
    ),
    ("a.json", whisperx(SEGMENT | {"words": [{"word": "a", "start": "1"}]}), "segment 1: start of word 'a' is '1'"),
    # RTTM
    ("a.rttm", RTTM + "\nSPEAKER talk 1 2 3\n", "line 6: found 5 fields, expected SPEAKER file channel"),
    ("a.rttm", RTTM.replace("3.20", "x"), "line 3: found start 'x', expected seconds"),
    ("a.rttm", RTTM.replace("3.20", "nan"), "line 3: start is nan s"),
    ("a.rttm", RTTM.replace("3.20", "-1"), "line 3: start is -1 s"),
    ("a.rttm", RTTM.replace("2.70", "0"), "line 3: end is 3.2 s, expected more than start"),
    ("a.rttm", RTTM + "hello\n", "line 5: found 'hello', expected a type such as"),
    ("a.rttm", RTTM + "SPEAKER b 1 1 1 <NA> <NA> c <NA> <NA>\n", r"2 recordings \('talk', 'b'\), none of them ''"),
    ("a.rttm", ";; nothing\n", "RTTM without a segment"),
    # CSV
    ("a.csv", "speaker,text\na,b\n", "no column start, end; its columns are speaker, text; rename or add it"),
    ("a.csv", "start,end\n", "CSV without a segment"),
    ("a.csv", "start,end,Start\n1,2,3\n", "column start is there twice"),
    ("a.csv", "start,end\n1\n", "line 2 has 1 column, expected 2"),
    ("a.csv", "start,end\n1,\n", "line 2: end is empty, expected seconds such as 12.5"),
    ("a.csv", "start,end\n-1,2\n", "line 2: start is '-1', expected seconds"),
    ("a.csv", "start,end\nnan,2\n", "line 2: start is 'nan', expected seconds"),
    ("a.csv", "start,end\n2,1\n", "line 2: end is 1 s, expected more than start = 2 s"),
    ("a.csv", 'start,end,text\n1,2,"a\n', "line 2 is no CSV"),
    ("a.csv", 'start,end\n950,960\n"1,234","1,300"\n', "does the comma stand for thousands"),
    ("a.csv", "start,end,dialogue\n1,2,a\n1,2,b\n", r"2 recordings \('a', 'b'\)"),
    # ELAN
    (
        "a.eaf",
        XML.replace("<ANNOTATION_DOC", BOMB + "<ANNOTATION_DOC", 1),
        "line 2: found a DOCTYPE, expected an .eaf without",
    ),
    (
        "a.eaf",
        XML.replace("<ANNOTATION_DOC", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><ANNOTATION_DOC', 1),
        "found a DOCTYPE",
    ),
    ("a.eaf", XML.replace("</ANNOTATION_DOCUMENT>", ""), "no XML .*; save it again in ELAN"),
    ("a.eaf", XML.replace("so you", "so &x; you"), "no XML"),
    ("a.eaf", XML.replace("UTF-8", "no-such"), "no XML"),
    ("a.eaf", "<html><ANNOTATION_DOCUMENT/></html>", "line 1: found '<html>', expected <ANNOTATION_DOCUMENT>"),
    ("a.eaf", XML.replace('"780"', '"-780"'), "line 7: found time slot 'ts1' with '-780', expected whole milliseconds"),
    ("a.eaf", XML.replace('"780"', '"nan"'), "line 7: found time slot 'ts1' with 'nan'"),
    ("a.eaf", XML.replace('"780"', '"1590"'), "line 7: end is 1.59 s, expected more than start = 1.59 s"),
    ("a.eaf", XML.replace(' TIME_VALUE="780"', ""), "line 7: found an annotation without a time"),
    ("a.eaf", XML.replace('REF1="ts1"', 'REF1="ts9"'), "line 7: found an annotation without a time"),
    ("a.eaf", XML.replace(' TIME_SLOT_REF1="ts1"', "", 1), "line 7: found an element without TIME_SLOT_REF1"),
    ("a.eaf", XML.replace(' TIER_ID="K-Spch"', "", 1), "line 6: found an element without TIER_ID"),
    ("a.eaf", XML.replace("milliseconds", "PAL-frames"), "line 3: found times in 'PAL-frames', expected milliseconds"),
    (
        "a.eaf",
        XML.replace('<TIER LINGUISTIC_TYPE_REF="utt', '<TIER PARENT_REF="W" LINGUISTIC_TYPE_REF="utt'),
        "without a segment",
    ),
    # TextGrid
    ("a.TextGrid", b"ooBinaryFile\x08TextGrid", "a TextGrid that is no text"),
    ("a.TextGrid", '"Praat chronological TextGrid text file"\n0 1 ! domain\n1', 'expected "TextGrid"'),
    ("a.TextGrid", LONG.replace('"TextGrid"', '"PitchTier"'), "expected a TextGrid saved as text or short text"),
    ("a.TextGrid", LONG.replace("xmax = 1.25", "xmax = nan"), "line 17: found 'nan', expected a number"),
    ("a.TextGrid", LONG.replace("xmax = 1.25", "xmax = --undefined--"), "line 17: found '--undefined--'"),
    (
        "a.TextGrid",
        LONG.replace("xmin = 0\n            xmax = 1.25", "xmin = -2\n            xmax = 1.25"),
        "line 16: start is -2 s",
    ),
    ("a.TextGrid", LONG.replace("xmax = 1.25", "xmax = 0"), "line 16: end is 0 s, expected more than start = 0 s"),
    (
        "a.TextGrid",
        LONG.replace("intervals: size = 2", "intervals: size = 3"),
        "line 24: found '\"TextTier\"', expected the start",
    ),
    (
        "a.TextGrid",
        LONG.replace("intervals: size = 2", "intervals: size = 1"),
        "line 20: found '1.25', expected the class",
    ),
    ("a.TextGrid", LONG.replace("size = 3", "size = 4"), "found the end of the file, expected the class of a tier"),
    ("a.TextGrid", LONG.replace("size = 3", "size = 2"), "expected the end of the file after its last tier"),
    ("a.TextGrid", LONG.replace("size = 3", "size = -1"), "line 7: found -1, expected the number of tiers"),
    ("a.TextGrid", LONG.replace('"look"', '"look'), "line 41: found a quote without its end"),
    ("a.TextGrid", SHORT.replace('"IntervalTier"', '"Tier"', 1), "line 7: found 'Tier', expected \"IntervalTier\""),
    ("a.TextGrid", 'File type = "ooTextFile" "TextGrid" 0 1 <absent>', "TextGrid without a segment"),
    ("a.TextGrid", 'File type = "ooTextFile" "TextGrid" 0 1 2', "found '2', expected <exists>"),
]


@pytest.mark.parametrize(("name", "content", "what"), CASES, ids=[f"{n}-{what[:40]}" for n, _, what in CASES])
def test_it_is_one_line(tmp_path, name, content, what):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(EmotionError, match=what) as caught:
        read_transcript(path)
    line = str(caught.value)
    assert line.startswith(str(path)) and line.isprintable() and len(line) < 500 + len(str(path))
    assert "expected" in line or ";" in line


def test_every_case_differs_from_what_it_was_made_of():
    contents = [content for _, content, _ in CASES if isinstance(content, str)]
    assert len(set(contents)) > len(contents) - 4 and not {LONG, XML, SHORT} & set(contents[14:])


@pytest.mark.parametrize("start", [4.0, 3.9999, 7.0])
def test_a_transcript_of_another_recording(tmp_path, start):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"segments": [{"start": start, "end": 9, "text": "a"}]}))
    with pytest.raises(
        EmotionError, match=r"segment 1: start is .* s, but the recording has 4 s; is it the transcript of"
    ):
        read_transcript(path, duration=4.0)


def test_what_is_no_file(tmp_path):
    with pytest.raises(EmotionError, match="it does not exist"):
        read_transcript(tmp_path / "none.srt")
    with pytest.raises(EmotionError, match="is a folder, expected a transcript"):
        read_transcript(tmp_path)
    os.mkfifo(tmp_path / "pipe.srt")
    with pytest.raises(EmotionError, match="is a pipe or a device"):
        read_transcript(tmp_path / "pipe.srt")
    (tmp_path / "secret.srt").write_text(SRT)
    (tmp_path / "secret.srt").chmod(0)
    if os.geteuid():
        with pytest.raises(EmotionError, match="no right to do that"):
            read_transcript(tmp_path / "secret.srt")


def test_a_name_with_quotes_line_ends_and_a_script(tmp_path):
    path = tmp_path / 'a"\n<script>.srt'
    path.write_text("")
    with pytest.raises(EmotionError, match="empty"):
        read_transcript(path)
