"""Transcripts as other programs write them."""

import json

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello.\n\n2\n00:00:03,000 --> 00:00:04,000\nGood\nmorning.\n"


CUE = "{0}\n00:00:0{0},000 --> 00:00:0{0},900\n{1}\n\n"


def cues(*texts):
    return "".join(CUE.format(number, text) for number, text in enumerate(texts, start=1))


VTT = """WEBVTT - a talk
Kind: captions

NOTE Some
text

STYLE
::cue { color: red }

REGION
id:one

first
00:01.000 --> 00:02.500 align:start position:0%
<v.loud Esme &amp; Co>Hi <c.x>you</c><00:00:01.500> <b>there</b></v>

00:00:03.000 --> 00:00:04.000
<v Mary>One &lt;two&gt;&nbsp;&amp; three
<v Fred Olsen>Four</v>

00:00:05.000 --> 00:00:06.000

"""


def words(*given):
    return [dict(zip(("word", "start", "end", "score"), word, strict=False)) for word in given]


def whisperx(*segments, **more):
    return json.dumps({"segments": list(segments), "language": "en"} | more)


RTTM = """;; a comment
SPKR-INFO talk 1 <NA> <NA> <NA> unknown anna <NA> <NA>
SPEAKER talk 1 3.20 2.70 <NA> <NA> anna <NA> <NA>
SPEAKER talk 1 0.1 0.2 <NA> <NA> <NA> <NA>
"""


EAF = """<?xml version="1.0" encoding="{encoding}"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2020-01-01T00:00:00+01:00" FORMAT="3.0" VERSION="3.0">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="780"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1590"/>
<TIME_SLOT TIME_SLOT_ID="ts3"/></TIME_ORDER>
<TIER LINGUISTIC_TYPE_REF="utterance" PARTICIPANT="Zoë" TIER_ID="K-Spch"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>so you &lt;go&gt;
out</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER LINGUISTIC_TYPE_REF="words" PARENT_REF="K-Spch" TIER_ID="W"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>so</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>"""


LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier" ! 12 "a comment
        name = "Mary ""M"" intervals [1] [x"
        xmin = 0
        xmax = 2.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.25
            text = "look at item [3] and 4 = 5"
        intervals [2]:
            xmin = 1.25
            xmax = 2.5
            text = ""
    item [2]:
        class = "TextTier"
        name = "bell"
        xmin = 0
        xmax = 2.5
        points: size = 1
        points [1]:
            number = 1
            mark = "ding"
    item [3]:
        class = "IntervalTier"
        name = "Mary - words"
        xmin = 0
        xmax = 2.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 2.5
            text = "look"
"""
SHORT = """File type = "ooTextFile"
"TextGrid"

0
2.5
<exists>
3
"IntervalTier"
"Mary ""M"" intervals [1] [x"
0
2.5
2
0
1.25
"look at item [3] and 4 = 5"
1.25
2.5
""
"TextTier"
"bell"
0 2.5 1
1 "ding"
"IntervalTier" "Mary - words" 0 2.5 1 0 2.5 "look"
"""
