"""Which files are played for which utterances, and what a browser gets of them."""

import os
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile

from benchmarks.planted_run import plant
from emotion.core.errors import MediaError
from emotion.page import media
from emotion.page.media import Medium, find
from emotion.page.transcode import transcode
from emotion.store.prune import prune


def _film(path, *, seconds=3.0, rate=10, size=(720, 480), first=0.0):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for i in range(int(seconds * rate)):
            picture = np.full((size[1], size[0], 3), int(250 * i / seconds / rate), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _sound(path, seconds=3.0):
    soundfile.write(path, np.random.default_rng(0).normal(size=int(16000 * seconds)).clip(-3, 3) / 10, 16000)


@pytest.fixture
def rows(tmp_path):
    return plant(tmp_path / "run", lengths=(3, 1, 2, 2), faces=False, evaluated=False)[:3]


def _numbered(rows):
    return [list(enumerate(rows))]


@pytest.mark.slow
def test_one_film_for_a_dialogue_with_its_wav(tmp_path, rows):
    _film(tmp_path / "a.avi")
    _sound(tmp_path / "a.wav")
    found = find(tmp_path, _numbered([replace(row, video="a.avi", audio="a.wav") for row in rows]))
    assert found.dialogues == [Medium(tmp_path / "a.avi", tmp_path / "a.wav")]
    assert not found.clips


@pytest.mark.slow
def test_sentence_wavs_beside_one_film_leave_it_without_sound(tmp_path, rows):
    _film(tmp_path / "a.avi")
    named = [replace(row, video="a.avi", audio=f"{i}.wav") for i, row in enumerate(rows)]
    assert find(tmp_path, _numbered(named)).dialogues == [Medium(tmp_path / "a.avi", None)]


@pytest.mark.slow
def test_a_clip_for_each_utterance(tmp_path, rows):
    for i in range(2):
        _film(tmp_path / f"{i}.avi", seconds=0.5)
    named = [replace(row, video=f"{i}.avi", audio="", start=0.0, end=2.0) for i, row in enumerate(rows)]
    found = find(tmp_path, _numbered(named))
    assert found.dialogues == [None]
    assert found.clips == {i: Medium(tmp_path / f"{i}.avi", None) for i in range(2)}  # the third is missing


@pytest.mark.slow
def test_sound_alone_and_nothing(tmp_path, rows):
    _sound(tmp_path / "a.wav")
    named = [replace(row, video="", audio="a.wav") for row in rows]
    assert find(tmp_path, _numbered(named)).dialogues == [Medium(None, tmp_path / "a.wav")]
    assert not find(tmp_path / "elsewhere", _numbered(named))


def test_made_once_told_where_not_and_pruned(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    _sound(tmp_path / "a.wav", 1.0)
    (tmp_path / "b.wav").write_bytes(b"RIFF nothing")
    path = media.make_one(Medium(None, tmp_path / "a.wav"))
    assert path is not None
    assert path.parent == tmp_path / ".cache" / "emotion" / "media"
    monkeypatch.setattr(media.transcode, "work", lambda job: pytest.fail("made again"))
    assert media.make_one(Medium(None, tmp_path / "a.wav")) == path
    monkeypatch.undo()
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert media.make_one(Medium(None, tmp_path / "b.wav")) is None
    found = prune(tmp_path / ".cache" / "emotion", days=0)
    assert [leftover.path for leftover in found] == [path]
    assert not path.exists()


def test_the_folder_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr(media, "_LARGEST", 250)
    folder = media.folder()
    folder.mkdir(parents=True)
    for i in range(4):
        (folder / f"{i}.mp4").write_bytes(bytes(100))
        os.utime(folder / f"{i}.mp4", (i, i))
    media._bound({folder / "0.mp4"})
    assert sorted(path.name for path in folder.iterdir()) == ["0.mp4", "2.mp4", "3.mp4"]


@pytest.mark.slow
def test_what_a_browser_gets(tmp_path):
    _film(tmp_path / "a.avi", seconds=2.0)
    _sound(tmp_path / "a.wav", 2.0)
    for name in ("1.mp4", "2.mp4"):
        transcode(tmp_path / "a.avi", tmp_path / "a.wav", tmp_path / name)
    assert (tmp_path / "1.mp4").read_bytes() == (tmp_path / "2.mp4").read_bytes()
    content = (tmp_path / "1.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # plays before all of it is there
    with av.open(str(tmp_path / "1.mp4")) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, sound.codec_context.name) == ("h264", "aac")
        assert (video.codec_context.width, video.codec_context.height) == (540, 360)
        assert video.codec_context.pix_fmt == "yuv420p"
        keys = [float(p.pts * p.time_base) for p in container.demux(video) if p.is_keyframe and p.pts is not None]
        assert max(np.diff([*keys, 2.0])) <= 1.0
        container.seek(0)
        for frame in container.decode(video):
            grey = frame.to_ndarray(format="gray").mean()
            assert abs(grey - 250 * frame.time / 2.0) < 12  # the picture of that time


def test_what_cannot_be_read(tmp_path):
    (tmp_path / "a.avi").write_bytes(b"RIFF no film at all")
    for video, sound in ((tmp_path / "a.avi", None), (tmp_path / "none.avi", None), (None, tmp_path / "a.avi")):
        with pytest.raises(MediaError):
            transcode(video, sound, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
