"""Damaged transcripts are read or refused in one line, whatever the damage."""

import random

import pytest
from timeline.planted_timeline import planted
from timeline.planted_transcripts import EAF, LONG, RTTM, SHORT, SRT, VTT, whisperx, words

from emotion.core.errors import EmotionError
from emotion.core.text import is_printable
from emotion.timeline.json_file import read_timeline
from emotion.timeline.reading import read_transcript
from emotion.timeline.writing import WRITERS, file_name

ROUNDS = 150
WHISPERX = whisperx({"start": 0, "end": 4, "text": "a b", "words": words(("a", 1), ("b", 2.0, 3.0, 0.5))})
SEEDS = {file_name(form, stem="ours"): WRITERS[form](planted()) for form in WRITERS}
SEEDS |= {"a.srt": SRT, "a.vtt": VTT, "a.json": WHISPERX, "a.rttm": RTTM, "a.csv": "start,end,text\n1,2,a\n2,3,b\n"}
SEEDS |= {"a.eaf": EAF.format(encoding="UTF-8"), "a.TextGrid": LONG, "b.TextGrid": SHORT}
GRAFTS = [b"\x00", b"\xff", b"\n", b'"', b"-", b"nan", b"-->", b"<", b"{", b"9" * 400, b"\xed\xa0\x80", b"\xe2\x80\xae"]


def damaged(content, rng):
    """A few bytes dropped, doubled, moved or replaced."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        piece = data[at : at + rng.choice([1, 2, 8, 40])]
        match rng.randrange(4):
            case 0:
                del data[at : at + len(piece)]
            case 1:
                data[at:at] = rng.choice(GRAFTS)
            case 2:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case _:
                other = rng.randrange(len(data) + 1)
                data[other:other] = piece
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_damage_is_one_line(name, tmp_path):
    rng = random.Random(name)
    path = tmp_path / name
    refused = 0
    for _ in range(ROUNDS):
        path.write_bytes(damaged(SEEDS[name].encode(), rng))
        for read in (read_transcript, read_timeline)[: 2 if name == "ours.json" else 1]:
            try:
                read(path)
            except EmotionError as error:
                refused += 1
                assert str(error).startswith(str(path)) and is_printable(str(error)) and len(str(error)) < 900
    assert refused > ROUNDS / 20
