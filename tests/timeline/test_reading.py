"""Transcripts as other programs write them."""

import pytest
from timeline.planted_transcripts import EAF, LONG, RTTM, SHORT, SRT, VTT, cues, whisperx, words

from emotion.timeline.reading import read_transcript


def turns(folder, name, content, **given):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    read = read_transcript(path, **given)
    return [(turn.start, turn.end, turn.speaker, turn.text) for turn in read.turns], [
        note.replace(f"{path}", name) for note in read.notes
    ]


HELLO = [(1.0, 2.5, "", "Hello."), (3.0, 4.0, "", "Good morning.")]


@pytest.mark.parametrize(
    "content",
    [
        SRT,
        SRT.replace("\n", "\r\n"),
        SRT.replace("\n", "\r"),
        "\ufeff" + SRT,
        "\n\n" + SRT + "\n\n\n",
        SRT.encode("utf-16"),
        SRT.encode("utf-16-le"),
        SRT.replace(",000", ".000").replace("00:00:0", "0:0"),
        SRT.replace("Hello.", "<i>Hello.</i>").replace("Good", '{\\an8}<font color="red">Good</font>'),
        SRT.replace("00:00:02,500", "00:00:02,500  X1:53 X2:303 Y1:438 Y2:453"),
        SRT.replace("1\n00", "00").replace("2\n00", "00"),
        SRT.replace("Hello.\n\n2", "Hello.\n\n\n2"),
        SRT.replace("Good\nmorning", "Good\n\nmorning"),
    ],
)
def test_subrip(tmp_path, content):
    assert turns(tmp_path, "talk.srt", content) == (HELLO, [])


def test_letters_of_windows_in_subtitles(tmp_path):
    found, _ = turns(tmp_path, "talk.srt", SRT.replace("Hello.", "Don’t – café").encode("cp1252"))
    assert found[0][3] == "Don’t – café"


def test_a_number_that_is_said_stays(tmp_path):
    content = "1\n00:00:01,000 --> 00:00:02,000\nIn\n1999\n\n2\n00:00:03,000 --> 00:00:04,000\n2000\n"
    assert [said for *_, said in turns(tmp_path, "talk.srt", content)[0]] == ["In 1999", "2000"]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("[SPEAKER_00]: Hi", "[SPEAKER_01]: [laughs] Ho"), [("SPEAKER_00", "Hi"), ("SPEAKER_01", "[laughs] Ho")]),
        (("Anna: Hi", "Dr. Ben B: Look: a cat", "Anna: Yes"), [("Anna", "Hi"), ("Dr. Ben B", "Look: a cat")]),
        (("Anna: Hi", "It is 10:30", "Look: a cat"), [("", "Anna: Hi"), ("", "It is 10:30"), ("", "Look: a cat")]),
        (("Look: a cat", "Note: none"), [("", "Look: a cat"), ("", "Note: none")]),
        (
            ("[music]", "[SPEAKER_00]: R&amp;B &quot;x&quot; &copy; &lt;3"),
            [("", "[music]"), ("SPEAKER_00", 'R&B "x" &copy; <3')],
        ),
        (("[Anna]:", "a </script> b"), [("Anna", ""), ("", "a </script> b")]),
    ],
)
def test_who_speaks_in_subrip(tmp_path, texts, said):
    found, _ = turns(tmp_path, "talk.srt", cues(*texts))
    assert [turn[2:] for turn in found][: len(said)] == said


def test_webvtt(tmp_path):
    assert turns(tmp_path, "talk.vtt", VTT) == (
        [
            (1.0, 2.5, "Esme & Co", "Hi you there"),
            (3.0, 4.0, "Mary", "One <two> & three"),
            (3.0, 4.0, "Fred Olsen", "Four"),
            (5.0, 6.0, "", ""),
        ],
        [],
    )


def test_webvtt_of_a_meeting_names_speakers_with_a_colon(tmp_path):
    content = "WEBVTT\n\n" + cues("Anna B: Hi", "Ben: Ho", "Anna B: Bye").replace(",", ".")
    assert [turn[2] for turn in turns(tmp_path, "talk.vtt", content)[0]] == ["Anna B", "Ben", "Anna B"]


def test_whisperx(tmp_path):
    one = {"start": 1.0, "end": 3.0, "text": " In 1999 we", "speaker": "SPEAKER_01"}
    one["words"] = words(("In", 1.0, 1.4, 0.9), ("1999",), ("we", 2.0, 2.9, float("nan")))
    two = {"start": 3, "end": 4, "text": "Yes.", "words": [{"word": "Yes.", "start": 3, "end": 4, "speaker": "S"}]}
    path = tmp_path / "talk.json"
    path.write_text(whisperx(two, one, {"start": 5, "end": 6, "speaker": None}))
    read = read_transcript(path)
    assert [(turn.speaker, turn.text) for turn in read.turns] == [("SPEAKER_01", "In 1999 we"), ("S", "Yes."), ("", "")]
    assert [(word.start, word.end, word.text) for word in read.turns[0].words] == [
        (1.0, 1.4, "In"),
        (1.4, 2.0, "1999"),
        (2.0, 2.9, "we"),
    ]
    assert [word.probability for word in read.turns[0].words] == [0.9, None, None]
    assert read.notes == (f"{path}: segments out of order: 2; sorted by start",)
    assert read.speakers == ("SPEAKER_01", "S")


@pytest.mark.parametrize(
    ("given", "times"),
    [
        ([("a",), ("b",), ("c",), ("d",)], [0, 1, 1, 2, 2, 3, 3, 4]),
        ([("a",), ("b", 2.0, 3.0), ("c",)], [0, 2, 2, 3, 3, 4]),
        ([("a", 1.0), ("b", None, 2.0)], [1, 1.5, 1.5, 2]),
        ([("a", 1.0, 3.0), ("b",), ("c", 2.0, 2.5)], [1, 3, 3, 3, 2, 2.5]),
        ([("a", 1.0), ("b", 3.0, 5.0)], [1, 3, 3, 5]),
        ([(" ",), ("a",)], [0, 4]),
        ([], []),
    ],
)
def test_words_without_times_share_what_is_between_their_neighbours(tmp_path, given, times):
    path = tmp_path / "talk.json"
    path.write_text(whisperx({"start": 0, "end": 4, "text": "a", "words": words(*given)}))
    (turn,) = read_transcript(path).turns
    assert [time for word in turn.words for time in (word.start, word.end)] == times
    assert [word.text for word in turn.words] == [word[0] for word in given if word[0].strip()]


def test_rttm(tmp_path):
    found, notes = turns(tmp_path, "talk.rttm", RTTM)
    assert found == [(0.1, 0.3, "", ""), (3.2, 5.9, "anna", "")]
    assert notes[0] == "talk.rttm: line 2: of another type than SPEAKER; passed over"
    assert not read_transcript(tmp_path / "talk.rttm").has_text


def test_rttm_of_several_recordings(tmp_path):
    content = RTTM + "SPEAKER Other.x 1 1 1 <NA> <NA> ben <NA> <NA>\n"
    assert len(turns(tmp_path, "a.rttm", content, recording="media/talk.mp4")[0]) == 2
    assert turns(tmp_path, "a.rttm", content, recording="other.mp4")[0] == [(1.0, 2.0, "ben", "")]


def test_csv(tmp_path):
    content = 'Start;END;Speaker;text;mood\n0:01,5;2,25;anna;"a; ""b""\nc";x\n\n3;4;;;\n'
    found, notes = turns(tmp_path, "talk.csv", content)
    assert found == [(1.5, 2.25, "anna", 'a; "b" c'), (3.0, 4.0, "", "")]
    assert notes == ["talk.csv: line 5: no text; nothing is said there"]
    assert turns(tmp_path, "talk.tsv", "start\tend\n1\t2\n")[0] == [(1.0, 2.0, "", "")]


def test_the_rows_of_one_recording(tmp_path):
    content = "utterance,video,start,end,text\na,x/one.mp4,1,2,A\nb,x/two.mp4,0,1,B\n"
    assert turns(tmp_path, "t.csv", content, recording="two.mp4")[0] == [(0.0, 1.0, "", "B")]


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1", "windows-1252"])
def test_elan(tmp_path, encoding):
    found, notes = turns(tmp_path, "talk.eaf", EAF.format(encoding=encoding).encode(encoding))
    assert found == [(0.78, 1.59, "Zoë", "so you <go> out")]
    assert notes == ["talk.eaf: tier 'W': hangs on another tier, or holds words or sounds; not read"]


@pytest.mark.parametrize(
    "content", [LONG, SHORT, LONG.replace("\n", "\r\n"), SHORT.replace('ooTextFile"', 'ooTextFile short"')]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_textgrid(tmp_path, content, encoding):
    found, notes = turns(tmp_path, "talk.TextGrid", content.encode(encoding))
    assert found == [(0.0, 1.25, 'Mary "M" intervals [1] [x', "look at item [3] and 4 = 5")]
    assert notes == ["talk.TextGrid: tier 'bell' and 1 more: holds points, words or sounds; not read"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        *((SRT, "SubRip"), (VTT, "WebVTT"), (whisperx({"start": 0, "end": 1}), "JSON"), (RTTM, "RTTM")),
        *(("start,end\n1,2\n", "CSV"), (EAF.format(encoding="UTF-8"), "ELAN"), (SHORT, "TextGrid")),
    ],
)
def test_a_kind_is_known_by_its_content(tmp_path, content, kind):
    path = tmp_path / "talk.txt"
    path.write_text(content)
    assert read_transcript(path).kind == kind


def test_what_ends_after_the_recording_is_cut(tmp_path):
    path = tmp_path / "talk.json"
    path.write_text(whisperx({"start": 3, "end": 5, "text": "a b", "words": words(("a", 3, 3.5), ("b", 4.5, 5))}))
    read = read_transcript(path, duration=4.0)
    assert read.turns[0].end == 4.0 and [(word.start, word.end) for word in read.turns[0].words] == [(3, 3.5), (4, 4)]
    assert read.notes == (f"{path}: segment 1: ends later than the recording (4 s); cut there",)
    assert read_transcript(path).notes == ()


def test_people_who_speak_at_once_are_usual(tmp_path):
    both = "WEBVTT\n\n00:01.000 --> 00:03.000\n<v A>a\n\n00:02.000 --> 00:04.000\n<v B>b\n"
    assert turns(tmp_path, "talk.vtt", both)[1] == []
    assert turns(tmp_path, "talk.vtt", both.replace("<v B>", "<v A>"))[1] == [
        "talk.vtt: segments that begin before the same speaker has ended: 1; kept"
    ]
