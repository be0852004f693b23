"""Frames are the right ones, and broken videos are named."""

import cv2
import numpy as np
import pytest
from coded_video import BOX, RIGHT, read_code, write_coded

from emotion.errors import MediaError
from emotion.media.video import Video, frame_numbers, half


def code(picture, side):
    left, top, length = BOX
    grey = cv2.cvtColor(half(picture, side), cv2.COLOR_BGR2GRAY)
    return read_code(grey[top : top + length, left : left + length])


@pytest.mark.parametrize("codec", ["XVID", "MJPG"])
def test_frames_are_the_wanted_ones(tmp_path, codec):
    write_coded(tmp_path / "a.avi", frames=60, codec=codec)
    wanted = [0, 1, 2, 7, 8, 30, 31, 59]
    with Video(tmp_path / "a.avi") as video:
        assert video.fps == 15 and video.length == 4
        got = list(video.frames(wanted))
    assert [number for number, _ in got] == wanted
    for number, picture in got:
        assert picture.shape == (240, 360, 3)
        assert (code(picture, "left"), code(picture, "right")) == (number, number + RIGHT)


def test_a_pass_stops_after_the_last_wanted_frame_and_at_the_end(tmp_path):
    write_coded(tmp_path / "a.avi", frames=30)
    with Video(tmp_path / "a.avi") as video:
        assert len(list(video.frames([3, 5]))) == 2 and video.decoded == 6
        assert [number for number, _ in video.frames([7, 29, 30, 31])] == [7, 29]
        assert video.end() == f"utterance beyond the video's end: {tmp_path / 'a.avi'} is 2.00 s long"


@pytest.mark.parametrize("video_fps", [15.0, 25.0, 29.97, 10.0])
@pytest.mark.parametrize("fps", [15.0, 7.5, 30.0])
def test_frame_numbers_are_what_is_shown(video_fps, fps):
    rng = np.random.default_rng(0)
    for start, length in zip(rng.uniform(0, 100, 40), rng.uniform(0.01, 9, 40), strict=True):
        numbers = frame_numbers(start, start + length, video_fps=video_fps, fps=fps)
        rate = min(fps, video_fps)
        times = start + np.arange(len(numbers)) / rate
        assert ((numbers <= times * video_fps + 1e-3) & (times * video_fps < numbers + 1 + 1e-3)).all()
        assert times[-1] < start + length <= times[-1] + 1 / rate + 1e-3
        assert (np.diff(numbers) >= 1).all()


def test_frame_numbers_of_rounded_times():
    for frame in range(2000):  # times with 4 decimals, as indexes have them
        assert frame_numbers(round(frame / 15, 9), 500, video_fps=15, fps=15)[0] == frame
    assert frame_numbers(2.0, 2.001, video_fps=15, fps=15).tolist() == [30]


def test_broken_videos_are_named(tmp_path):
    write_coded(tmp_path / "good.avi", frames=60)
    good = (tmp_path / "good.avi").read_bytes()
    cases = {
        "missing.avi": (None, "no video file"),
        "empty.avi": (b"", "empty video file"),
        "text.avi": (b"this is no video, it only has its name\n" * 50, "undecodable video"),
        "noise.avi": (np.random.default_rng(0).bytes(5000), "undecodable video"),
        "header.avi": (good[:40], "undecodable video"),
    }
    for name, (content, kind) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(MediaError, match=rf"^{kind}: .*{name}"):
            Video(tmp_path / name)
    with pytest.raises(MediaError, match="no video file"):
        Video(tmp_path)


def test_truncated_video_gives_what_it_has(tmp_path, capfd):
    write_coded(tmp_path / "a.avi", frames=60)
    content = (tmp_path / "a.avi").read_bytes()
    (tmp_path / "a.avi").write_bytes(content[: len(content) // 2])
    with Video(tmp_path / "a.avi") as video:
        got = list(video.frames(range(60)))
        assert 10 < len(got) < 50
        assert all(code(picture, "left") == number for number, picture in got[:-1])
        assert video.end().startswith("truncated video: ") and "its header says 4.00 s" in video.end()
    assert capfd.readouterr().err == ""


def test_half():
    picture = np.arange(2 * 6).reshape(2, 6)
    assert half(picture, "left").tolist() == [[0, 1, 2], [6, 7, 8]]
    assert half(picture, "right").tolist() == [[3, 4, 5], [9, 10, 11]]
    assert half(picture, "full") is picture
