"""Every utterance gets its own frames, whatever overlaps, breaks or is killed."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from coded_video import BOX, RIGHT, read_code, write_coded
from drawn_face import draw_face, needs_haar
from extraction.planted_faces import codes, extract, listed, planted_detector, row

from emotion.core.errors import EmotionError
from emotion.extraction import executors, faces, one_video
from emotion.extraction.faces import shards
from emotion.media.settings import Clips
from emotion.store.cache import Cache


@pytest.mark.slow
@pytest.mark.parametrize("fps", [15.0, 7.5, 30.0])
def test_each_utterance_gets_its_frames(tmp_path, monkeypatch, fps):
    monkeypatch.setattr(one_video, "make_detector", planted_detector)
    opened = []
    monkeypatch.setattr(one_video, "Video", lambda path, **how: opened.append(faces_video(path, **how)) or opened[-1])
    faces_video = sys.modules["emotion.media.video"].Video
    write_coded(tmp_path / "a.avi", frames=90)
    write_coded(tmp_path / "b.avi", frames=40)
    rows = [
        row("late", 4.0, 5.0),
        row("early", 0.0, 1.5),
        row("over", 1.0, 3.0, side="right"),  # overlaps with the one before and the one after
        row("both", 1.0, 2.5),
        row("inner", 1.2, 1.6),
        row("b", 0.5, 1.0, video="b.avi"),
        row("tiny", 2.0, 2.01),
        row("cut", 5.0, 9.0),
    ]
    extract(tmp_path, rows, fps=fps)
    assert len(opened) == 2 and [video.decoded for video in opened] == [90, 15 if fps >= 15 else 14]
    step = 15 / min(fps, 15)
    for name, got in codes(tmp_path).items():
        wanted = next(r for r in rows if r.utterance == name)
        end = min(wanted.end, 6.0)
        expected = np.arange(wanted.start * 15 + 1e-6, end * 15 - 1e-6, step).astype(int).tolist()
        assert got == [n + RIGHT * (wanted.side == "right") for n in expected], name
    report = json.loads((tmp_path / "metrics/faces.json").read_text())
    assert report["coverage"] == 1 and report["utterances"] == 8 and report["cut_short"] == 1
    table = listed(tmp_path)
    assert [line["utterance"] for line in table] == [r.utterance for r in rows] and table[2]["speaker"] == "S_right"
    assert [line["remark"] for line in table] == [""] * 7 + ["cut"]
    assert [int(line["frames"]) for line in table] == [len(got) for got in codes(tmp_path).values()]


def broken_corpus(folder):
    """Rows and the kinds of reasons they must get, '' = present."""
    write_coded(folder / "a.avi", frames=60)
    content = (folder / "a.avi").read_bytes()
    (folder / "half.avi").write_bytes(content[: len(content) // 2])
    (folder / "text.avi").write_text("no video")
    (folder / "empty.avi").write_bytes(b"")
    cases = [
        (row("good", 0, 1), ""),
        (row("none", 0, 1, video=""), "no video"),
        (row("gone", 0, 1, video="gone.avi"), "no video file"),
        (row("text", 0, 1, video="text.avi"), "undecodable video"),
        (row("empty", 0, 1, video="empty.avi"), "empty video file"),
        (row("head", 0, 0.5, video="half.avi"), ""),
        (row("tail", 3.5, 4, video="half.avi"), "truncated video"),
        (row("beyond", 7, 8), "utterance beyond the video's end"),
        (row("faceless", 2, 3), "no face found"),
        (row("last", 3.5, 5), ""),
    ]
    return [case[0] for case in cases], [case[1] for case in cases]


def sees_nothing_from_2_to_3(_, **more):
    planted = planted_detector("")

    def detect(picture):
        left, top, side = BOX
        whole = cv2.resize(picture, (180, 240))
        return [] if 30 <= read_code(whole[top : top + side, left : left + side]) < 45 else planted(picture)

    return detect


def test_what_is_missing_is_named_and_counted(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(one_video, "make_detector", sees_nothing_from_2_to_3)
    rows, kinds = broken_corpus(tmp_path)
    extract(tmp_path, rows, max_missing=0.7)
    with Cache(tmp_path / "faces.h5") as cache:
        assert [reason.split(":")[0] for reason in cache.reason] == kinds
        assert cache.ids == [r.utterance for r in rows]
        assert json.loads(cache.attributes["versions"]).keys() == {"av", "numpy", "opencv-python"}
        assert cache.present.tolist() == [not kind for kind in kinds]
        assert cache.notes[0] == {
            "box": [40, 40, 96],
            "examined": 3,
            "found": 3,
            "gap": 0,
            "score": 30,
        }
        assert cache.notes[8]["found"] == 0 and cache.notes[8]["gap"] == 1 and cache.notes[9]["cut"] is True
    report = json.loads((tmp_path / "metrics/faces.json").read_text())
    assert report["missing"] == 7 and report["reasons"]["no face found"] == 1 and report["cut_short"] == 1
    named = {line["utterance"]: line["remark"].split(":")[0] for line in listed(tmp_path)}
    assert named == {r.utterance: kind for r, kind in zip(rows, kinds, strict=True)} | {"last": "cut"}
    assert not any(name in (tmp_path / "metrics/faces.json").read_text() for name in ("S_left", "faceless", ".avi"))
    assert report["coverage"] == 1 and report["delivered"] == round(31 / 46, 4)  # what is delivered shows the face
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1].startswith("face clips: 3 of 10 utterances, 7 missing (1 empty video file; 1 no face found; ")
    assert lines[-1].endswith(f"-> {tmp_path / 'faces.h5'}")
    assert [line.split(":")[0].strip() for line in lines if line.startswith("  ")] == [
        r.utterance for r, kind in zip(rows, kinds, strict=True) if kind
    ]


def test_pictures_that_cannot_be_converted_are_named(tmp_path, monkeypatch):
    def refuses(*_):
        raise av.error.InvalidDataError(1, "planted")

    write_coded(tmp_path / "a.avi", frames=5)
    monkeypatch.setattr(one_video, "make_detector", planted_detector)
    monkeypatch.setattr(one_video, "_cut", refuses)
    ((_, item),) = one_video.video_clips(tmp_path / "a.avi", [(0.0, 1.0, "full")], Clips(size=32), max_seconds=600.0)
    assert item.values is None and item.reason.startswith("undecodable video: ")
    assert "a.avi (no sound or pictures in it can be read" in item.reason


def test_too_much_missing_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(one_video, "make_detector", sees_nothing_from_2_to_3)
    rows, _ = broken_corpus(tmp_path)
    with pytest.raises(EmotionError, match=r"7 of 10 utterances are missing, more than max_missing = 0\.69 allows"):
        extract(tmp_path, rows, max_missing=0.69)
    assert not (tmp_path / "faces.h5").exists() and not (tmp_path / "metrics").exists()


def test_unknown_detector_fails_before_any_work(tmp_path):
    with pytest.raises(EmotionError, match="mtcnn"):
        extract(tmp_path, [row("a", 0, 1)], detector="mtcnn")
    assert list(tmp_path.iterdir()) == []


def drawn_corpus(folder, videos=4, per_video=10):
    """Videos of a drawn face that moves a little in the left half; the right half is empty."""
    for number in range(videos):
        writer = cv2.VideoWriter(
            str(folder / f"{number}.avi"), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"XVID"), 15, (320, 160)
        )
        for frame in range(30):
            picture = np.full((160, 320), 90, dtype=np.uint8)
            picture[:, :160] = draw_face(160, at=(0.5, 0.48 + 0.02 * np.sin(frame + number)))[0]
            writer.write(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
        writer.release()
    starts = np.linspace(0, 1.2, per_video)
    return [
        row(f"{video}_{turn}", round(start, 2), round(start + 0.5, 2), video=f"{video}.avi")
        for video in range(videos)
        for turn, start in enumerate(starts)
    ]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    sys.path[:0] = ["tests", "tests/extraction"]
    from emotion.extraction import engine
    import test_faces
    def stop(items, **_):
        for count, item in enumerate(items):
            if count == 15:
                sys.stdout.write(" ".join(str(child.pid) for child in __import__("multiprocessing").active_children()))
                sys.stdout.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            yield item
    if __name__ == "__main__":
        engine.track = stop
        folder = Path(sys.argv[1])
        test_faces.extract(folder, test_faces.drawn_corpus(folder.parent / "copy"), size=32, workers=2)
"""


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


@needs_haar
@pytest.mark.slow
def test_killed_run_goes_on_with_the_same_bytes(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    (tmp_path / "copy").mkdir()
    rows = drawn_corpus(folder)
    script = tmp_path / "killed.py"  # a file, because spawned processes import the main module
    script.write_text(textwrap.dedent(KILLED))
    run = subprocess.run(
        [sys.executable, str(script), str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert not (folder / "faces.h5").exists() and not (folder / "metrics").exists()
    workers = [int(pid) for pid in run.stdout.split()]
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(workers) == 2 and not any(alive(pid) for pid in workers)
    opened = []
    video = one_video.Video
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_video, "Video", lambda path, **how: opened.append(path.name) or video(path, **how))
        extract(folder, rows, size=32)
    assert len(opened) == 3  # one of the four videos was finished and on disk
    resumed = (folder / "faces.h5").read_bytes(), (folder / "metrics/faces.json").read_bytes()
    (folder / "faces.h5").unlink()
    extract(folder, rows, size=32)
    assert ((folder / "faces.h5").read_bytes(), (folder / "metrics/faces.json").read_bytes()) == resumed
    assert json.loads(resumed[1])["coverage"] > 0.95


def die(_):
    os._exit(9)


@pytest.mark.slow
@needs_haar
def test_dead_worker_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "_start_worker", die)
    monkeypatch.setattr(faces, "_SHARD", 1)
    rows = [row("a", 0, 1, video="a.avi"), row("b", 0, 1, video="b.avi")]
    with pytest.raises(EmotionError, match="worker processes died while they started"):
        extract(tmp_path, rows, workers=2)
    assert not (tmp_path / "faces.h5").exists()


def test_shards_are_whole_videos():
    names = ["a"] * 20 + ["b"] * 3 + ["c"] * 9 + ["a"] * 2 + ["d"] * 6
    rows = [row(f"u{i}", i, i + 1, video=name) for i, name in enumerate(names)]
    cut = shards(rows)
    assert sorted(i for shard in cut for i in shard) == list(range(40))
    assert [sorted({names[i] for i in shard}) for shard in cut] == [["a"], ["b", "c"], ["d"]]
