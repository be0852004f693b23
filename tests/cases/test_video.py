"""Videos that were once read wrongly, each with its right value: shots, pixels, turned pictures, clocks, limits."""

import json
import struct
import tracemalloc
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from cases.films import face, film, person, voice, wall

from emotion.corpus.utterance import Index, Utterance
from emotion.extraction.executors import run_local
from emotion.extraction.faces import extract_faces
from emotion.media.detectors import make_detector
from emotion.media.settings import Clips
from emotion.media.video import Video
from emotion.store.cache import Cache

CASCADE = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data/haarcascade_frontalface_alt2.xml"))


def clips(folder, rows, **options):
    """Clips, notes and report of rows (video, start, end)."""
    extract_faces(
        Index(
            tuple(
                Utterance(f"u{i}", "d", i, "s", start, end, "glad", "train", "", "", video, "full")
                for i, (video, start, end) in enumerate(rows)
            ),
            ("glad",),
            "planted",
            "digest",
        ),
        root=folder,
        out=folder / "out/faces.h5",
        report=folder / "out/faces.json",
        details=folder / "out/faces.csv",
        scratch=folder / "scratch",
        clips=Clips(size=options.get("size", 48)),
        max_seconds=options.get("max_seconds", 600.0),
        max_missing=1.0,
        on_error="skip",
        execute=partial(run_local, workers=1),
    )
    with Cache(folder / "out/faces.h5") as cache:
        return [cache[i] for i in range(len(rows))], cache.notes, json.loads((folder / "out/faces.json").read_text())


def with_a_face(clip):
    """Frames that show a whole face, as the cascade sees it."""
    large = [cv2.copyMakeBorder(cv2.resize(frame, (144, 144)), *[40] * 4, cv2.BORDER_REPLICATE) for frame in clip]
    return sum(len(CASCADE.detectMultiScale(frame, 1.1, 3, minSize=(70, 70))) > 0 for frame in large)


def oval(clip):
    """Width / height of the bright face in a clip."""
    bright = np.median(clip, axis=0) > 110
    return np.ptp(np.flatnonzero(bright.any(axis=0))) / np.ptp(np.flatnonzero(bright.any(axis=1)))


@pytest.mark.slow
def test_no_box_crosses_a_cut(tmp_path):
    film(tmp_path / "v.mp4", person(30, 150, 170, 50, 200) + person(30, 480, 180, 50, 120))
    (clip,), (note,), report = clips(tmp_path, [("v.mp4", 0, 4)])
    assert len(clip) == 60 and with_a_face(clip) >= 58 and note["shots"] == 2 and report["several_shots"] == 1
    assert report["coverage"] == report["delivered"] == 1


@pytest.mark.slow
def test_frames_without_the_face_are_not_delivered(tmp_path):
    film(tmp_path / "v.mp4", person(30) + [wall()] * 30)
    (clip,), (note,), report = clips(tmp_path, [("v.mp4", 0, 4)])
    assert len(clip) == 30 == with_a_face(clip) and note["dropped"] == 30
    assert (report["coverage"], report["delivered"]) == (1, 0.5)


@pytest.mark.slow
@pytest.mark.parametrize(("sar", "width"), [(2, 320), ((1, 2), 1280), ((10, 11), 704)])
def test_pixels_are_made_square(tmp_path, sar, width):
    ratio = sar if isinstance(sar, int) else sar[0] / sar[1]
    film(tmp_path / "square.mp4", person(12))
    pictures = [cv2.resize(p, (width, 360), interpolation=cv2.INTER_AREA) for p in person(12)]
    film(tmp_path / "v.mp4", pictures, sar=sar if isinstance(sar, int) else "/".join(map(str, sar)))
    (square, clip), notes, _ = clips(tmp_path, [("square.mp4", 0, 1), ("v.mp4", 0, 1)])
    assert oval(clip) == pytest.approx(oval(square), rel=0.04) and ratio * width == pytest.approx(640, abs=1)
    assert notes[1]["box"][2] == pytest.approx(notes[0]["box"][2], rel=0.05)


def test_absurd_pixels_are_taken_for_square(tmp_path):
    film(tmp_path / "v.mp4", person(3), sar=200)
    with Video(tmp_path / "v.mp4") as video:
        assert video.at(0).grey().shape == (360, 640)


@pytest.mark.slow
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_pictures_are_turned_back(tmp_path, turns):
    film(tmp_path / "v.mp4", [np.ascontiguousarray(np.rot90(p, turns)) for p in person(15, r=50, skin=200)])
    film(tmp_path / "w.mp4", person(15, r=50, skin=200))
    found, notes, report = clips(tmp_path, [("v.mp4", 0, 1), ("w.mp4", 0, 1)])
    assert with_a_face(found[0]) == 15 and notes[0]["turned"] == 360 - 90 * turns
    assert "turned" not in notes[1] and report["turned"] == 1
    assert np.abs(found[0].astype(int) - found[1]).mean() < 8


@pytest.mark.slow
def test_a_score_far_below_the_others_is_a_finding(tmp_path, monkeypatch):
    monkeypatch.setattr("emotion.extraction.one_video.better_turn", lambda *_, **__: 0)
    for i in range(4):
        film(tmp_path / f"{i}.mp4", person(12, r=44 + i, skin=200, upright=i > 0))
    _, notes, report = clips(tmp_path, [(f"{i}.mp4", 0, 0.8) for i in range(4)])
    assert report["doubtful"] == 1 or notes[0]["found"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("clock", [0.0, 9.6, 0.8])
@pytest.mark.parametrize("name", ["v.mkv", "v.ts"])
def test_time_begins_with_the_container(tmp_path, clock, name):
    pictures = [face(wall(), 200 + 5 * i, 170, 50) for i in range(30)]
    film(tmp_path / name, pictures, sounds=[voice(2.0, 48000)], sound="mp2", clock=clock)
    with Video(tmp_path / name) as video:
        got = [picture.grey().copy() for _, picture in video.frames(range(100))]
    assert len(got) == 30
    for number in (0, 7, 29):
        assert np.abs(got[number].astype(int) - pictures[number]).mean() < 4


@pytest.mark.slow
def test_before_the_first_picture_nothing_is_shown(tmp_path):
    film(tmp_path / "v.mkv", person(30), sounds=[voice(4.0, 48000)], sound="mp2", clock=0.0, late=-2.0)
    (early, late, both), _, report = clips(tmp_path, [("v.mkv", 0, 1), ("v.mkv", 2, 3), ("v.mkv", 1.5, 2.5)])
    assert len(early) == 0 and report["reasons"] == {"no picture yet": 1}
    assert len(late) == 15 and 7 <= len(both) <= 8


@pytest.mark.slow
def test_a_recording_without_a_length(tmp_path):
    how = {"codec": "libvpx", "sound": "libopus", "form": "webm", "seekable": False}
    film(tmp_path / "v.webm", [p[60:300, 200:440] for p in person(18)], sounds=[voice(1.2, 48000)], **how)
    (clip,), _, report = clips(tmp_path, [("v.webm", 0, 1)])
    assert len(clip) == 15 and report["cut_short"] == 0


@pytest.mark.parametrize("name", ["v.jpg", "v.png", "v.bmp", "photo%d.jpg"])
def test_a_still_picture_is_one_frame(tmp_path, name):
    cv2.imwrite(str(tmp_path / name), person(1, r=46)[0])
    (clip, later), _, report = clips(tmp_path, [(name, 0, 2), (name, 5, 6)])
    assert len(clip) == len(later) == 1 == with_a_face(clip) and report["missing"] == 0


@pytest.mark.slow
def test_an_end_far_beyond_the_video(tmp_path):
    film(tmp_path / "v.mp4", person())
    rows = [("v.mp4", 0, 2e9 if i == 3 else 2) for i in range(5)]
    rows += [("v.mp4", 1e12, 1e13), ("v.mp4", -5, 1e18), ("v.mp4", 0, 2.43)]
    tracemalloc.start()
    found, _, report = clips(tmp_path, rows)
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()
    assert [len(clip) for clip in found] == [30, 30, 30, 36, 30, 0, 36, 36]
    assert report["cut_short"] == 2 and report["reasons"] == {"utterance beyond the video's end": 1}


@pytest.mark.slow
def test_long_utterances_are_cut_and_counted(tmp_path):
    film(tmp_path / "v.mp4", person(75))
    found, notes, report = clips(tmp_path, [("v.mp4", 1, 4.8), ("v.mp4", 0, 2)], max_seconds=2.0)
    assert [len(clip) for clip in found] == [30, 30] and report["over_max_seconds"] == 1
    assert [note.get("limited") for note in notes] == [True, None]


def test_pictures_without_bounds_are_refused(tmp_path):
    head = b"GIF89a" + struct.pack("<HH", 8000, 8000) + b"\xf0\0\0" + b"\0\0\0\xff\xff\xff"
    frame = b"\x21\xf9\x04\0\x07\0\0\0\x2c" + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0\x02\x02\x44\x01\0"
    (tmp_path / "v.gif").write_bytes(head + frame * 400 + b";")
    clips(tmp_path, [("v.gif", 0, 2)])
    assert "has 8000x8000 px, expected 35 million px or fewer" in (tmp_path / "out/faces.csv").read_text()


@pytest.mark.slow
def test_large_pictures_are_kept_small(tmp_path):
    with av.open(str(tmp_path / "v.mp4"), "w") as box:
        stream = box.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 3840, 2160, "yuv420p", 8_000_000
        large = av.VideoFrame.from_ndarray(cv2.resize(person(1)[0], (3840, 2160)), format="gray")
        box.mux([*stream.encode(large), *stream.encode(None)])
    for crop, shape in ((0, (2160, 3840)), (48, (540, 960)), (224, (1080, 1920))):
        with Video(tmp_path / "v.mp4", crop=crop) as video:
            assert video.at(0).grey().shape == shape and video.shape == (2160, 3840)
    (clip,), _, _ = clips(tmp_path, [("v.mp4", 0, 0.1)])
    assert with_a_face(clip) == 1 and len(make_detector("haar")(clip[0])) in (0, 1)
