import numpy as np
import pytest
import soundfile
from conversation.planted import write

from emotion.core.errors import MediaError
from emotion.media.audio import read_segment
from emotion.media.stream import SoundStream, mono


def noise(seconds, rate, channels=1):
    return np.random.default_rng(0).normal(0, 0.1, (round(seconds * rate) + 17, channels)).astype(np.float32)


def whole(path, rate=16_000):
    stream = SoundStream(path, rate=rate)
    blocks = list(stream)
    assert stream.seconds == sum(block.shape[1] for block in blocks) / rate
    assert all(block.shape[1] <= 11 * rate for block in blocks)
    return np.concatenate(blocks, axis=1), stream


@pytest.mark.parametrize("rate", [8_000, 11_025, 12_345, 16_000, 44_100, 48_000])
def test_blocks_are_the_whole_file_resampled(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", noise(25, rate, 2), rate, subtype="FLOAT")
    made, stream = whole(tmp_path / "a.wav")
    for channel in (0, 1):
        expected = read_segment(tmp_path / "a.wav", start=0, end=26, rate=16_000, channel=channel)
        assert made.shape[1] == len(expected)
        assert np.abs(made[channel] - expected).max() < 1e-6
    assert not stream.cut_short() and stream.promised == pytest.approx(25, abs=0.01)


@pytest.mark.slow
def test_the_sound_of_a_video_is_as_it_is_read_by_segments(tmp_path):
    pictures = [np.full((64, 64), 90, np.uint8)] * 25 * 12
    path = write(tmp_path / "a.mp4", pictures=pictures, sound=noise(12, 16_000, 2).T)
    made, _ = whole(path)
    expected = read_segment(path, start=0, end=12.5, rate=16_000)
    count = min(len(expected), made.shape[1])
    assert made.shape[0] == 2 and count > 11.9 * 16_000
    assert np.abs(mono(made)[:count] - expected[:count]).max() < 1e-6


def test_more_channels_are_mixed_and_short_files_are_read(tmp_path):
    wave = noise(0.1, 16_000, 6)
    soundfile.write(tmp_path / "a.wav", wave, 16_000, subtype="FLOAT")
    made, _ = whole(tmp_path / "a.wav")
    assert made.shape[0] == 1 and np.allclose(made[0], wave.mean(axis=1), atol=1e-6)


def test_channels_that_cancel_each_other_out():
    wave = noise(0.1, 16_000).T
    assert np.array_equal(mono(np.concatenate([wave, -wave])), wave[0])
    assert np.allclose(mono(np.concatenate([wave, wave])), wave[0])
    assert np.array_equal(mono(wave), wave[0])


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    path = write(tmp_path / "a.mkv", sound=noise(20, 16_000).T)
    (tmp_path / "b.mkv").write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    _, stream = whole(tmp_path / "b.mkv")
    assert 2 < stream.seconds < 18 and stream.cut_short()


def test_what_cannot_be_heard_is_named(tmp_path):
    write(tmp_path / "silent.mp4", pictures=[np.full((64, 64), 90, np.uint8)] * 5)
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    soundfile.write(tmp_path / "nan.wav", np.full(16_000, np.nan), 16_000, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "zero.mp3").write_bytes(b"")
    reasons = {
        "silent.mp4": "no sound track",
        "empty.wav": "audio",
        "nan.wav": "audio is not finite",
        "text.wav": "undecodable audio",
        "zero.mp3": "empty audio file",
        "none.wav": "no audio file",
    }
    for name, reason in reasons.items():
        with pytest.raises(MediaError, match=reason) as caught:
            whole(tmp_path / name)
        assert name in str(caught.value) and "\n" not in str(caught.value)


def test_a_track_that_begins_late_is_led_by_silence(tmp_path):
    pictures = [np.full((64, 64), 90, np.uint8)] * 50
    path = write(tmp_path / "a.mkv", pictures=pictures, sound=noise(1, 16_000).T, late=12_000)
    made, _ = whole(path)
    assert np.abs(made[0, :9_000]).max() == 0 and np.abs(made[0, 13_000:]).max() > 0.1
