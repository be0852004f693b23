"""What is told of the clips: by session, and in a picture of the worst."""

import cv2
import numpy as np
from coded_video import write_coded
from extraction.planted_faces import extract, planted_detector, row

from emotion.corpus.utterance import Utterance
from emotion.extraction import one_video
from emotion.extraction.contact_sheet import write_sheet
from emotion.extraction.coverage import by_session
from emotion.store.cache import Cache
from emotion.store.writer import CacheWriter

NOTES = [
    {"found": 4, "score": 0.9, "unseen": 2},
    {"found": 1, "score": 0.5, "shots": 3, "sides": 1},
    {},
    {"found": 0, "score": 0.0, "fallback": True, "unseen": 6},
]
FRAMES = [10, 5, 0, 6]


def rows(*dialogues):
    return [
        Utterance(f"u{n}", name, 0, "s", 0, 1, "happy", "train", "", "", "a.avi", "left")
        for n, name in enumerate(dialogues)
    ]


def cells(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_a_line_for_each_session():
    head, _, *lines = cells(
        by_session(rows("Ses02F_impro01", "Ses01F_a", "Ses02M_b", "Ses02M_b"), NOTES, frames=FRAMES)
    )
    assert head[0] == "session" and head[-1] == "frames of the fixed window"
    assert lines == [
        ["Ses01", "1", "0", "5", "100.0 %", "0.5", "3", "1", "0"],
        ["Ses02", "3", "1", "16", "50.0 %", "0.9", "2", "0", "6"],
    ]


def test_one_line_without_sessions():
    _, _, line = cells(by_session(rows("a", "b", "c", "d"), NOTES, frames=FRAMES))
    assert line == ["-", "4", "1", "21", "61.9 %", "0.82", "5", "1", "6"]
    _, _, line = cells(by_session(rows("a"), [{}], frames=[0]))
    assert line == ["-", "1", "1", "0", "", "", "0", "0", "0"]


def cache_of(path, clips, notes):
    names = [f"u{number}é" for number in range(len(clips))]
    how = {"attributes": {}, "scratch": path.parent / "scratch"}
    with CacheWriter(path, ids=names, shape=(16, 16), dtype="uint8", **how) as writer:
        for clip, note in zip(clips, notes, strict=True):
            writer.append(clip, "" if clip is not None else "no face found", note=note)
    return Cache(path)


def test_the_worst_clips_come_first(tmp_path):
    counts = [20] * 14
    counts[3] = None
    clips = [count and np.full((count, 16, 16), 10 * number, np.uint8) for number, count in enumerate(counts)]
    notes = [{"score": 0.5, "unseen": 0} for _ in clips]
    notes[7]["unseen"], notes[2]["dropped"], notes[11]["score"] = 15, 20, 0.2
    with cache_of(tmp_path / "faces.h5", clips, notes) as cache:
        write_sheet(tmp_path / "a.png", cache, notes)
        write_sheet(tmp_path / "b.png", cache, notes)
    sheet = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_GRAYSCALE)
    strips = sheet.reshape(10, -1, sheet.shape[1])
    assert [round(int(strip[60, 40]) / 10) for strip in strips] == [7, 2, 11, 0, 1, 4, 5, 6, 8, 9]
    assert all(strip[:18].min() < 100 for strip in strips)  # something is written above each
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_corpus_without_clips_has_a_picture_all_the_same(tmp_path):
    with cache_of(tmp_path / "faces.h5", [None], [{}]) as cache:
        write_sheet(tmp_path / "a.png", cache, [{}])
    assert cv2.imread(str(tmp_path / "a.png")).shape == (18, 768, 3)


def test_the_stage_writes_both(tmp_path, monkeypatch):
    monkeypatch.setattr(one_video, "make_detector", planted_detector)
    write_coded(tmp_path / "a.avi", frames=30)
    extract(tmp_path, [row("a", 0, 1), row("b", 1, 2)])
    card = (tmp_path / "faces.md").read_text()
    assert "## What the clips show" in card and "| - | 2 | 0 | 30 | 100.0 % |" in card
    assert cv2.imread(str(tmp_path / "faces.png")).shape == (2 * (18 + 96), 8 * 96, 3)
