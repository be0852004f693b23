"""Speakers whose part of the picture is a box; clips in colour."""

import cv2
import numpy as np
import pytest
from coded_video import RIGHT, read_code, write_coded
from extraction.planted_faces import SIZE, codes, extract, planted_detector, row

from emotion.extraction import one_video
from emotion.media.clips import read_clip
from emotion.media.detectors import Box
from emotion.store.cache import Cache


def test_a_box_is_searched_and_nothing_else(tmp_path, monkeypatch):
    shapes = set()

    def detector(_, **more):
        def detect(picture):
            shapes.add(picture.shape)
            return [Box(picture.shape[1] / 2, picture.shape[0] / 2, SIZE / 1.15, 30.0)]

        return detect

    monkeypatch.setattr(one_video, "make_detector", detector)
    write_coded(tmp_path / "a.avi", frames=60)  # codes in the columns 40..136 and 220..316, rows 40..136
    boxes = {"a": "box 0.0833 0.125 0.4056 0.6083", "b": "box 0.5833 0.125 0.9056 0.6083", "far": "box 0.4 0.6 0.5 1"}
    rows = [row(name, 0, 2, side=side) for name, side in boxes.items()]
    extract(tmp_path, rows, fallback="iemocap", fps=15.0)
    found = codes(tmp_path)
    assert found["a"] == list(range(30)) and found["b"] == [n + RIGHT for n in range(30)]
    with Cache(tmp_path / "faces.h5") as cache:
        assert set(np.unique(cache[2])) <= set(range(110, 146))  # grey: neither code is in that box
    assert shapes == {(116, 118), (96, 36)}


def test_boxes_of_large_pictures_keep_their_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(one_video, "make_detector", planted_detector)
    kept = []
    video = one_video.Video
    monkeypatch.setattr(one_video, "Video", lambda path, **how: kept.append(how["crop"]) or video(path, **how))
    write_coded(tmp_path / "a.avi", frames=30)
    extract(tmp_path, [row("a", 0, 1), row("b", 0, 1, side="box 0 0 0.25 1")])
    extract(tmp_path, [row("a", 0, 1)])
    assert kept == [4 * SIZE, SIZE]


@pytest.mark.slow
def test_clips_in_colour(tmp_path, monkeypatch):
    monkeypatch.setattr(one_video, "make_detector", planted_detector)
    write_coded(tmp_path / "a.avi", frames=30)
    rows = [row("a", 0, 1), row("b", 0.5, 1.5, side="right"), row("none", 0, 1, video="")]
    extract(tmp_path, rows, colour="rgb", max_missing=0.5)
    with Cache(tmp_path / "faces.h5") as cache:
        assert cache.shape == (SIZE, SIZE, 3) and '"colour": "rgb"' in cache.attributes["settings"]
        assert [read_code(picture.mean(axis=2)) for picture in cache[0]] == list(range(15))
        assert [read_code(picture.mean(axis=2)) - RIGHT for picture in cache[1]] == list(range(7, 22))
        assert read_clip(cache, "a", frames=4).shape == (4, SIZE, SIZE, 3)
    assert cv2.imread(str(tmp_path / "faces.png")).shape[1] == 8 * 96
    extract(tmp_path, rows, max_missing=0.5)
    with Cache(tmp_path / "faces.h5") as cache:
        assert cache.shape == (SIZE, SIZE) and "colour" not in cache.attributes["settings"]
