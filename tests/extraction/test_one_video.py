"""One video: its clips are let go while it is read, what a fault costs, what is turned."""

from functools import partial

import numpy as np
import pytest
from coded_video import write_coded
from extraction.planted_faces import planted_detector

from emotion.core.errors import MediaError
from emotion.extraction import one_video
from emotion.media.settings import Clips
from emotion.media.video import Video


def test_clips_of_a_long_video_are_let_go_while_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(one_video, "make_detector", planted_detector)
    videos = []
    monkeypatch.setattr(one_video, "Video", lambda path, **how: videos.append(Video(path, **how)) or videos[-1])
    write_coded(tmp_path / "a.avi", frames=90)
    spans = [(1.0, 2.0, "full"), (0.0, 1.0, "left"), (1.0, 2.0, "full"), (3.0, 4.0, "full"), (5.0, 6.0, "right")]
    cut = partial(one_video.video_clips, tmp_path / "a.avi", spans, Clips(size=32), max_seconds=600.0)
    whole = [(place, item, videos[-1].decoded) for place, item in cut()]
    assert [(place, decoded) for place, _, decoded in whole] == [(place, 90) for place in (1, 0, 2, 3, 4)]
    monkeypatch.setattr(one_video, "_HELD", 20 * 32 * 32)  # of 15 frames a second
    early = [(place, item, videos[-1].decoded) for place, item in cut()]
    assert [(place, decoded) for place, _, decoded in early] == [(1, 30), (0, 30), (2, 30), (3, 60), (4, 90)]
    for (_, item, _), (_, same, _) in zip(whole, early, strict=True):
        assert np.array_equal(item.values, same.values) and item.note == same.note


@pytest.mark.parametrize("held", [1, one_video._HELD])
def test_a_fault_late_in_a_video_costs_what_comes_after_it(tmp_path, monkeypatch, held):
    class Breaks(Video):
        def at(self, number):
            if number > 50:
                raise MediaError("planted: from here on")
            return super().at(number)

    write_coded(tmp_path / "a.avi", frames=90)
    monkeypatch.setattr(one_video, "make_detector", planted_detector)
    monkeypatch.setattr(one_video, "Video", Breaks)
    monkeypatch.setattr(one_video, "_HELD", held)
    spans = [(0.0, 1.0, "full"), (2.0, 3.0, "full"), (3.0, 4.0, "full"), (4.0, 5.0, "full")]
    items = dict(one_video.video_clips(tmp_path / "a.avi", spans, Clips(size=32), max_seconds=600.0))
    assert [item.reason for _, item in sorted(items.items())] == ["", "", *["planted: from here on"] * 2]


@pytest.mark.parametrize("held", [1, one_video._HELD])
def test_a_video_that_is_turned_is_read_again_from_its_beginning(tmp_path, monkeypatch, held):
    monkeypatch.setattr(one_video, "make_detector", planted_detector)
    monkeypatch.setattr(one_video, "_HELD", held)
    monkeypatch.setattr(one_video, "_evidence", lambda items: len(items) / 1e6)
    monkeypatch.setattr(one_video, "better_turn", lambda pictures, *_, **__: 2)
    write_coded(tmp_path / "a.avi", frames=60)
    spans = [(0.0, 1.0, "full"), (1.0, 2.0, "full"), (2.5, 4.0, "full"), (5.0, 6.0, "full")]
    items = dict(one_video.video_clips(tmp_path / "a.avi", spans, Clips(size=32), max_seconds=600.0))
    assert [items[place].note["turned"] for place in range(3)] == [180] * 3
    assert sorted(items) == [0, 1, 2, 3] and items[3].reason.startswith("utterance beyond the video's end")
