"""Frames are the right ones, and broken videos are named."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from coded_video import BOX, RIGHT, read_code, write_coded

from benchmarks.broken_files import write_av
from emotion.core.errors import MediaError
from emotion.media.picture import part_of
from emotion.media.video import Video, frame_numbers


def code(picture, side):
    left, top, length = BOX
    return read_code(picture.grey(side)[top : top + length, left : left + length])


@pytest.mark.parametrize("codec", ["XVID", "MJPG"])
def test_frames_are_the_wanted_ones(tmp_path, codec):
    write_coded(tmp_path / "a.avi", frames=60, codec=codec)
    wanted = [0, 1, 2, 7, 8, 30, 31, 59]
    with Video(tmp_path / "a.avi") as video:
        assert video.fps == 15 and video.length == 4
        got = list(video.frames(wanted))
    assert [number for number, _ in got] == wanted
    for number, picture in got:
        assert picture.grey().shape == (240, 360) and picture.grey("left").dtype == np.uint8
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


def test_part_of():
    picture = np.arange(2 * 6).reshape(2, 6)
    assert part_of(picture, "left").tolist() == [[0, 1, 2], [6, 7, 8]]
    assert part_of(picture, "right").tolist() == [[3, 4, 5], [9, 10, 11]]
    assert part_of(picture, "full") is picture
    assert part_of(picture, "box 0.5 0 1 0.5").tolist() == [[3, 4, 5]]
    assert part_of(picture, "box 0.2 0 0.4 1").tolist() == [[1, 2], [7, 8]]  # pixels that it touches
    assert part_of(picture, "box 0 0 0.0001 0.0001").tolist() == [[0]]


def test_colours_are_those_of_the_grey_picture(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 128, 64, "yuv420p", 4_000_000
        picture = np.zeros((64, 128, 3), np.uint8)
        picture[:, :64], picture[:, 64:] = (200, 40, 40), (40, 40, 200)
        picture[:16] = 128
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    with Video(tmp_path / "a.mp4", turns=1) as video:  # what was on the right is on top now
        shown = video.at(0)
        assert shown.rgb().shape == (128, 64, 3) and shown.rgb("left").shape == (128, 32, 3)
        for place, colour in (((100, 50), (200, 40, 40)), ((20, 50), (40, 40, 200)), ((60, 5), (128, 128, 128))):
            np.testing.assert_allclose(shown.rgb()[place], colour, atol=12)
        grey = cv2.cvtColor(shown.rgb("box 0 0 0.5 1"), cv2.COLOR_RGB2GRAY)
        assert np.abs(grey.astype(int) - shown.grey("box 0 0 0.5 1")).mean() < 3


@pytest.mark.parametrize("turns", range(4))
def test_a_box_is_of_the_picture_before_it_is_turned(turns):
    picture = np.arange(8 * 12).reshape(8, 12)
    expected = np.rot90(picture[2:4, 6:12], turns)
    assert part_of(np.rot90(picture, turns), "box 0.5 0.25 1 0.5", turns=turns).tolist() == expected.tolist()


def write_stamped(path, stamps, *, size=(64, 48), rate=10, **options):
    """A video whose picture k is shown from stamps[k] ms on, with a brightness of 10 k."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate, **options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = *size, "yuv420p", 4_000_000
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0]), 10 * number, np.uint8), format="gray")
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def shown(path, times):
    """Number of the picture that is shown at each time, as the pipeline sees it."""
    with Video(path) as video:
        slots = [int(time * video.fps + 1e-6) for time in times]
        return [round(float(picture.grey().mean()) / 10) for _, picture in video.frames(slots)], video


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_varying_rate_is_followed_by_its_time_stamps(tmp_path, name):
    rng = np.random.default_rng(0)
    stamps = np.cumsum([0, *rng.choice([50, 100, 400], size=19)]).tolist()  # ms; on a grid of 20 per second
    write_stamped(tmp_path / name, stamps, rate=20)
    with Video(tmp_path / name) as video:
        fps = video.fps
        seen = {slot: round(float(picture.grey().mean()) / 10) for slot, picture in video.frames(range(1000))}
    for slot, picture in seen.items():
        time = 1000 * slot / fps  # ms
        expected = max(k for k, stamp in enumerate(stamps) if stamp <= time + 500 / fps)
        assert picture <= expected and stamps[expected] - stamps[picture] < 1000 / fps, (slot, time)
    assert max(seen) == pytest.approx(stamps[-1] * fps / 1000, abs=1) and sorted(seen) == list(range(max(seen) + 1))


def test_start_that_is_not_zero_is_left_out(tmp_path):
    write_stamped(tmp_path / "a.ts", [100 * number for number in range(20)])  # this format begins at 1.4 s
    got, video = shown(tmp_path / "a.ts", [0.0, 0.5, 1.0])
    assert video.fps == pytest.approx(10) and got == [0, 5, 10]


def test_one_damaged_packet_costs_its_own_frames(tmp_path):
    write_coded(tmp_path / "a.avi", frames=60, codec="MJPG")
    content = bytearray((tmp_path / "a.avi").read_bytes())
    frames = [place for place in range(len(content) - 4) if content[place : place + 4] == b"00dc"][1:61]
    content[frames[10] + 8 : frames[11]] = bytes(frames[11] - frames[10] - 8)
    (tmp_path / "a.avi").write_bytes(content)
    with Video(tmp_path / "a.avi") as video:
        got = {number: code(picture, "left") for number, picture in video.frames(range(60))}
    assert len(got) == 60 and [number for number in got if got[number] != number] == [10] and got[10] == 9


def test_brightness_spans_black_to_white(tmp_path):
    grey = np.linspace(0, 255, 64).astype(np.uint8)
    picture = np.repeat(np.repeat(grey[None, :], 48, axis=0)[..., None], 3, axis=2)
    for codec in ("XVID", "MJPG"):  # 16..235 and 0..255
        writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), 15, (64, 48))
        writer.write(picture)
        writer.release()
        with Video(tmp_path / "a.avi") as video:
            ((_, got),) = video.frames([0])
        np.testing.assert_allclose(got.grey().mean(axis=0), grey, atol=6)
        assert got.grey("left").shape == (48, 32) and got.grey("left") is got.grey("left")


def test_other_pixel_formats_and_turned_videos(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.set_display_rotation(90)
        grey = np.zeros((48, 64), np.uint8)
        grey[:, :16] = 255  # white at the left
        container.mux([*stream.encode(av.VideoFrame.from_ndarray(grey, format="gray")), *stream.encode(None)])
    with Video(tmp_path / "a.mp4") as video:
        ((_, turned),) = video.frames([0])
    expected = cv2.VideoCapture(str(tmp_path / "a.mp4")).read()[1][..., 0]
    assert turned.grey().shape == expected.shape == (64, 48) == video.shape
    np.testing.assert_allclose(turned.grey(), expected, atol=8)
    with av.open(str(tmp_path / "b.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        container.mux([*stream.encode(av.VideoFrame.from_ndarray(grey, format="gray")), *stream.encode(None)])
    with Video(tmp_path / "b.mkv") as video:
        ((_, picture),) = video.frames([0])
    np.testing.assert_array_equal(picture.grey(), grey)


def test_pictures_of_other_sizes_are_brought_to_the_first(tmp_path):
    write_av(tmp_path / "a.avi", sizes=((360, 240), (120, 80)))
    with Video(tmp_path / "a.avi") as video:
        assert {picture.grey().shape for _, picture in video.frames(range(30))} == {(240, 360)}


def test_unreadable_file_is_named(tmp_path, monkeypatch):
    write_coded(tmp_path / "a.avi", frames=2)

    def forbidden(self, *_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(MediaError, match=r"^unreadable video file: .*a.avi \(Permission denied\)"):
        Video(tmp_path / "a.avi")


def test_empty_segments_have_no_frames():
    for start, end in ((1.0, 1.0), (1.0, 0.5), (-2.0, -1.0), (-1.0, 0.0)):
        assert len(frame_numbers(start, end, video_fps=15, fps=15)) == 0
    assert frame_numbers(-1.0, 0.2, video_fps=15, fps=15).tolist() == [0, 1, 2]
