"""Segments are the right samples in all formats, and broken files are named."""

import pickle
from fractions import Fraction

import av
import numpy as np
import pytest
import soundfile

from emotion.core.errors import EmotionError, MediaError
from emotion.corpus.utterance import Index, Utterance
from emotion.media.audio import CHANNELS, files, read_segment, reader

RATE = 16000


def tone(seconds, rate=RATE, hertz=440.0):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize(
    ("name", "subtype", "error"),
    [
        ("a.wav", "PCM_16", 4e-5),
        ("a.wav", "PCM_24", 1e-6),
        ("a.wav", "FLOAT", 1e-7),
        ("a.flac", "PCM_16", 4e-5),
        ("a.flac", "PCM_24", 1e-6),
    ],
)
def test_segment_of_every_format(tmp_path, name, subtype, error):
    wave = np.random.default_rng(0).uniform(-0.9, 0.9, 3 * RATE)
    soundfile.write(tmp_path / name, wave, RATE, subtype=subtype)
    got = read_segment(tmp_path / name, start=0.5, end=1.75, rate=RATE)
    assert got.dtype == np.float32 and got.shape == (20000,)
    np.testing.assert_allclose(got, wave[8000:28000], atol=error)


def test_stereo_is_mixed(tmp_path):
    left, right = tone(1), tone(1, hertz=300)
    soundfile.write(tmp_path / "a.wav", np.column_stack([left, right]), RATE, subtype="FLOAT")
    got = read_segment(tmp_path / "a.wav", start=0, end=1, rate=RATE)
    np.testing.assert_allclose(got, (left + right) / 2, atol=1e-6)


def test_other_rates_are_resampled(tmp_path):
    for rate in (8000, 22050, 44100, 48000):
        soundfile.write(tmp_path / "a.wav", tone(1, rate), rate, subtype="FLOAT")
        got = read_segment(tmp_path / "a.wav", start=0.2, end=0.7, rate=RATE)
        assert got.dtype == np.float32 and abs(len(got) - 8000) <= 1
        expected = tone(1)[3200:11200]
        np.testing.assert_allclose(got[200:7800], expected[200:7800], atol=0.01)


def test_a_segment_is_cut_to_what_exists(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1), RATE)
    assert len(read_segment(tmp_path / "a.wav", start=0.75, end=1.2, rate=RATE)) == 4000


def test_truncated_file_gives_what_it_has(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(2), RATE)
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[: len(content) // 2])
    assert len(read_segment(tmp_path / "a.wav", start=0.5, end=1.4, rate=RATE)) == pytest.approx(8000, abs=50)
    with pytest.raises(MediaError, match="beyond the audio's end"):
        read_segment(tmp_path / "a.wav", start=1.5, end=2, rate=RATE)


def test_bad_audio_is_named(tmp_path):
    holes = tone(1)
    holes[5000] = np.nan
    soundfile.write(tmp_path / "nan.wav", holes, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "inf.wav", np.full(RATE, np.inf), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "one.wav", np.zeros(1), RATE)
    soundfile.write(tmp_path / "none.wav", np.zeros(0), RATE)
    soundfile.write(tmp_path / "good.wav", tone(1), RATE)
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("not a sound\n" * 100)
    (tmp_path / "header.wav").write_bytes((tmp_path / "good.wav").read_bytes()[:20])
    cases = [
        ("missing.wav", 0, 1, "no audio file"),
        ("empty.wav", 0, 1, "empty audio file"),
        ("text.wav", 0, 1, "undecodable audio"),
        ("header.wav", 0, 1, "undecodable audio"),
        ("nan.wav", 0, 1, "audio is not finite"),
        ("inf.wav", 0, 1, "audio is not finite"),
        ("one.wav", 0, 1, "audio ends early"),
        ("one.wav", 0, 1 / RATE, "audio too short"),
        ("none.wav", 0, 1, "segment beyond the audio's end"),
        ("good.wav", 2, 3, "segment beyond the audio's end"),
        ("good.wav", 0.5, 0.5, "empty segment"),
        ("good.wav", 0.5, 0.2, "empty segment"),
    ]
    for name, start, end, kind in cases:
        with pytest.raises(MediaError, match=rf"^{kind}: .*{name}"):
            read_segment(tmp_path / name, start=start, end=end, rate=RATE)
    with pytest.raises(MediaError, match="no audio file"):
        read_segment(tmp_path, start=0, end=1, rate=RATE)
    before_the_hole = read_segment(tmp_path / "nan.wav", start=0, end=0.25, rate=RATE)
    assert len(before_the_hole) == 4000


def test_reader(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1), RATE)
    row = Utterance("u", "d", 0, "s", 0.5, 1.0, "", "train", "", "a.wav", "", "left")
    silent = Utterance("v", "d", 1, "s", 0.5, 1.0, "", "train", "", "", "", "left")
    read = reader(tmp_path, rate=8000)
    assert len(read(row)) == 4000
    with pytest.raises(MediaError, match="no audio: "):
        read(silent)
    assert files(Index((row, silent, row), ("happy",), "c", ""), root=tmp_path) == [tmp_path / "a.wav"]


def test_less_than_half_of_a_segment_is_missing(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(1.0), RATE)
    assert len(read_segment(path, start=0.5, end=1.4, rate=RATE)) == RATE // 2
    with pytest.raises(MediaError, match="audio ends early"):
        read_segment(path, start=0.9, end=1.9, rate=RATE)


@pytest.mark.parametrize(("name", "subtype", "error"), [("a.wav", "PCM_U8", 9e-3), ("a.wav", "PCM_32", 1e-7)])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_other_depths_and_channels(tmp_path, name, subtype, error, channels):
    waves = np.random.default_rng(0).uniform(-0.9, 0.9, (RATE, channels))
    soundfile.write(tmp_path / name, waves, RATE, subtype=subtype)
    got = read_segment(tmp_path / name, start=0.25, end=0.5, rate=RATE)
    np.testing.assert_allclose(got, waves[4000:8000].mean(axis=1), atol=error)


def test_own_channel_of_a_stereo_dialogue(tmp_path):
    left, right = tone(1), tone(1, hertz=300)
    soundfile.write(tmp_path / "two.wav", np.column_stack([left, right]), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "one.wav", left, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "six.wav", np.column_stack([left, right] * 3), RATE, subtype="FLOAT")
    by_side, mix = (pickle.loads(pickle.dumps(reader(tmp_path, rate=RATE, channel=name))) for name in CHANNELS[::-1])

    def row(side, audio):
        return Utterance("u", "d", 0, "s", 0.0, 1.0, "", "train", "", audio, "", side)

    both = (left + right) / 2
    for side, own in (("left", left), ("right", right), ("full", both)):
        np.testing.assert_allclose(by_side(row(side, "two.wav")), own, atol=1e-6)
        np.testing.assert_allclose(mix(row(side, "two.wav")), both, atol=1e-6)
        np.testing.assert_allclose(by_side(row(side, "one.wav")), left, atol=1e-6)
        np.testing.assert_allclose(by_side(row(side, "six.wav")), both, atol=1e-6)
    with pytest.raises(EmotionError, match=r"audio.channel is 'left', expected one of mix, side"):
        reader(tmp_path, rate=RATE, channel="left")


def test_sound_track_of_a_video(tmp_path):
    left, right = tone(3), tone(3, hertz=300)
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="stereo")
        both = (32767 * np.column_stack([left, right])).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(both.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    for channel, wave in ((None, (left + right) / 2), (0, left), (1, right)):
        got = read_segment(tmp_path / "a.mkv", start=1.5, end=2.25, rate=RATE, channel=channel)
        assert got.shape == (12000,)
        np.testing.assert_allclose(got, wave[24000:36000], atol=1e-4)
    with pytest.raises(MediaError, match="segment beyond the audio's end"):
        read_segment(tmp_path / "a.mkv", start=5, end=6, rate=RATE)
    with pytest.raises(MediaError, match="audio ends early"):
        read_segment(tmp_path / "a.mkv", start=2.75, end=4, rate=RATE)


def test_rates_without_a_simple_ratio_cost_no_memory(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1, 44101), 44101, subtype="FLOAT")
    got = read_segment(tmp_path / "a.wav", start=0.2, end=0.7, rate=RATE)
    assert abs(len(got) - 8000) <= 1
    np.testing.assert_allclose(got[200:7800], tone(1)[3200:11200][200:7800], atol=0.01)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[24:28] = (1).to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(MediaError, match=r"undecodable audio: .* has 1 Hz, expected 1000 to 768000"):
        read_segment(tmp_path / "a.wav", start=0, end=1, rate=RATE)


def write_late(path, *, rate=RATE, first=2, seconds=2):
    """A film with pictures from 0 s on, whose sound begins at `first` s."""
    with av.open(str(path), "w") as container:
        video, sound = container.add_stream("mpeg4", rate=25), container.add_stream("pcm_s16le", rate=rate)
        video.width, video.height, video.pix_fmt, sound.layout = 64, 64, "yuv420p", "mono"
        for number in range(25 * (first + seconds)):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(video.encode(picture))
        for start in range(first * rate, (first + seconds) * rate, 1000):
            frame = av.AudioFrame.from_ndarray(np.full((1, 1000), 99, np.int16), format="s16", layout="mono")
            frame.rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            container.mux(sound.encode(frame))
        for stream in (video, sound):
            container.mux(stream.encode())


@pytest.mark.parametrize("name", ["late.mkv", "late.mov"])
def test_a_segment_before_the_sound_track_begins_is_named(tmp_path, name):
    write_late(tmp_path / name)
    assert len(read_segment(tmp_path / name, start=2.5, end=3.5, rate=RATE)) == pytest.approx(RATE, abs=16)
    with pytest.raises(MediaError, match=rf"^no sound in the segment: .*{name} has none in 0-1 s"):
        read_segment(tmp_path / name, start=0.0, end=1.0, rate=RATE)
